"""winmail.dat unpacked: the words and files Outlook sends in its own format (MS-OXTNEF)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from everyhand.channels.email.parsing import charsets, rich_text
from everyhand.desk.inbound import File

_SIGNATURE = 0x223E9F78
_BODY, _CODE_PAGE = 0x800C, 0x9007
_FILE_BEGINS, _FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES, _PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005, 0x9003
# MAPI property ids (MS-OXPROPS)
_TEXT, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_LONG_NAME, _NAME, _DATA, _MIME_TYPE, _CONTENT_ID = 0x3707, 0x3704, 0x3701, 0x370E, 0x3712
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_STRING, _UNICODE, _BINARY, _OBJECT = 0x1E, 0x1F, 0x102, 0xD


class NotReadable(ValueError):
    """These bytes are not TNEF, or cut off before anything could be read."""


@dataclass(slots=True)
class Unpacked:
    """What was inside."""

    text: str = ""
    html: str = ""
    files: list[File] = field(default_factory=list)


def read(data: bytes) -> Unpacked:
    """Unpack `data`. A file cut off gives what stands before the cut; raises `NotReadable` if that is nothing."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        raise NotReadable("it is not in Outlook's format")
    unpacked, files, charset = Unpacked(), _Files(), "cp1252"
    for attribute, content in _attributes(data):
        if attribute == _CODE_PAGE and len(content) >= 4:
            charset = charsets.known(f"cp{struct.unpack_from('<I', content)[0]}") or charset
        elif attribute == _BODY:
            unpacked.text = _string(content, charset)
        elif attribute == _PROPERTIES:
            _read_body(unpacked, dict(_properties(content)), charset)
        elif attribute == _FILE_BEGINS:
            files.begin()
        elif attribute == _FILE_TITLE:
            files.title = _string(content, charset)
        elif attribute == _FILE_DATA:
            files.data = content
        elif attribute == _FILE_PROPERTIES:
            files.properties(dict(_properties(content)), charset)
    files.begin()
    unpacked.files = files.done
    if not (unpacked.files or unpacked.text or unpacked.html):
        raise NotReadable("there is nothing in it")
    return unpacked


class _Files:
    """Collects what the attributes say about one attachment after the other."""

    def __init__(self) -> None:
        self.done: list[File] = []
        self._reset()

    def _reset(self) -> None:
        self.title, self.type, self.content_id = "", "application/octet-stream", ""
        self.data: bytes | None = None

    def begin(self) -> None:
        if self.data is not None:
            self.done.append(File(self.title, self.type, self.data, self.content_id, bool(self.content_id)))
        self._reset()

    def properties(self, found: dict[int, tuple[int, bytes]], charset: str) -> None:
        for name in (_NAME, _LONG_NAME):
            if name in found:
                self.title = _text(found[name], charset) or self.title
        self.type = _text(found.get(_MIME_TYPE, (0, b"")), charset).lower() or self.type
        self.content_id = _text(found.get(_CONTENT_ID, (0, b"")), charset)
        kind, data = found.get(_DATA, (0, b""))
        if data and self.data is None:
            self.data = data[16:] if kind == _OBJECT else data  # an object starts with the id of its interface


def _read_body(unpacked: Unpacked, found: dict[int, tuple[int, bytes]], charset: str) -> None:
    if _TEXT in found and not unpacked.text:
        unpacked.text = _text(found[_TEXT], charset)
    if _HTML in found:
        unpacked.html = _text(found[_HTML], charset)
    if _RTF in found and not (unpacked.text or unpacked.html):
        rtf = rich_text.decompressed(found[_RTF][1])
        unpacked.text = rich_text.text(rtf)
        unpacked.files.append(File("message.rtf", "text/rtf", rtf))


def _text(value: tuple[int, bytes], charset: str) -> str:
    kind, data = value
    return _string(data, "utf-16-le" if kind == _UNICODE else charset)


def _string(data: bytes, charset: str) -> str:
    return charsets.decode(data, charset).rstrip("\x00").replace("\r\n", "\n").strip()


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 6
    while position + 9 <= len(data):
        _level, attribute, _kind, size = struct.unpack_from("<BHHI", data, position)
        position += 9
        yield attribute, data[position : position + size]
        position += size + 2  # the checksum, which Outlook itself ignores


def _properties(data: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Id, and type with first value, of each MAPI property; stops where the list is cut off."""
    try:
        (count,) = struct.unpack_from("<I", data)
        position = 4
        for _ in range(count):
            kind, name = struct.unpack_from("<HH", data, position)
            position += 4
            if name >= 0x8000:
                position = _past_name(data, position)
            many, kind = kind & 0x1000, kind & 0xFFF
            values = 1
            if many or kind in (_STRING, _UNICODE, _BINARY, _OBJECT):
                (values,) = struct.unpack_from("<I", data, position)
                position += 4
            first = b""
            for number in range(values):
                size = _FIXED.get(kind)
                if size is None:
                    (size,) = struct.unpack_from("<I", data, position)
                    position += 4
                if position >= len(data):
                    return
                if number == 0:
                    first = data[position : position + size]
                position += (size + 3) // 4 * 4
            yield name, (kind, first)
    except struct.error:
        return


def _past_name(data: bytes, position: int) -> int:
    (by_text,) = struct.unpack_from("<I", data, position + 16)
    position += 20
    if not by_text:
        return position + 4
    (size,) = struct.unpack_from("<I", data, position)
    return position + 4 + int((size + 3) // 4 * 4)
