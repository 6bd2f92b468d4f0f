"""Outlook's rich text: decompressed (MS-OXRTFCP) and read for its words."""

from __future__ import annotations

import re
import struct

from everyhand.channels.email.parsing import charsets

_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    + b"\r\n"
    + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
# More than this many bytes of rich text is no letter.
_LONGEST = 10 * 1024 * 1024
_TOKEN = re.compile(rb"\\([a-z]{1,32})(-?\d{1,9})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)")
_HIDDEN_GROUPS = frozenset(
    (b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"themedata", b"generator")
)
_BREAKS = {b"par": "\n", b"line": "\n", b"tab": "\t", b"row": "\n", b"cell": " ", b"sect": "\n"}
_SIGNS = {b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”"}


def decompressed(data: bytes) -> bytes:
    """LZFu-compressed RTF made plain. What is cut off is read as far as it goes."""
    if len(data) < 16:
        return data
    _size, raw_size, kind, _checksum = struct.unpack_from("<IIII", data)
    if kind == _PLAIN:
        return data[16 : 16 + raw_size]
    if kind != _COMPRESSED:
        return data
    out = bytearray(_DICTIONARY)
    position, limit = 16, min(raw_size, _LONGEST) + len(_DICTIONARY)
    while position < len(data) and len(out) < limit:
        flags = data[position]
        position += 1
        for bit in range(8):
            if position + 1 >= len(data) + (not flags >> bit & 1) or len(out) >= limit:
                break
            if not flags >> bit & 1:
                out.append(data[position])
                position += 1
                continue
            reference = data[position] << 8 | data[position + 1]
            position += 2
            offset, length = reference >> 4, (reference & 0xF) + 2
            write = len(out) % 4096
            if offset == write:
                return bytes(out[len(_DICTIONARY) :])
            start = len(out) - ((write - offset) % 4096)
            for step in range(length):
                out.append(out[start + step] if start + step >= 0 else 0x20)
    return bytes(out[len(_DICTIONARY) : limit])


def text(rtf: bytes) -> str:
    """The words in `rtf`, paragraphs as lines. Linear in its length."""
    reader = _Words()
    for token in _TOKEN.finditer(rtf[:_LONGEST]):
        reader.take(token)
    return re.sub(r"\n{3,}", "\n\n", reader.text()).strip()


class _Words:
    def __init__(self) -> None:
        self.out: list[str] = []
        self.bytes = bytearray()  # in the document's code page, until it is certain no character is cut in two
        self.code_page = "cp1252"
        self.depth, self.hidden_from = 0, 0  # groups open; the one that began something not to be shown
        self.skip = 0  # replacement characters after \u that say the same again
        self.may_hide = False

    def take(self, token: re.Match[bytes]) -> None:
        word, number, byte, symbol, brace, plain = token.groups()
        if brace:
            self.depth += 1 if brace == b"{" else -1
            if self.hidden_from and self.depth < self.hidden_from:
                self.hidden_from = 0
        elif symbol == b"*" or word in _HIDDEN_GROUPS:
            self.hidden_from = self.hidden_from or self.depth
        elif self.hidden_from:
            pass
        elif word is not None:
            self.command(word, int(number) if number else 0)
        elif byte is not None or plain is not None or symbol in (b"\\", b"{", b"}"):
            self.say(bytes.fromhex(byte.decode()) if byte else plain or symbol)
        elif symbol == b"~":
            self.say(b" ")

    def command(self, word: bytes, number: int) -> None:
        if word == b"ansicpg":
            self.code_page = charsets.known(f"cp{number}") or self.code_page
        elif word == b"u":
            self.put(chr(number % 65_536))
            self.skip = 1
        elif word in _BREAKS or word in _SIGNS:
            self.put(_BREAKS.get(word) or _SIGNS[word])

    def say(self, data: bytes) -> None:
        if self.skip:
            data, self.skip = data[self.skip :], 0
        self.bytes += data

    def put(self, words: str) -> None:
        self.out.append(charsets.decode(bytes(self.bytes), self.code_page))
        self.bytes.clear()
        self.out.append(words)

    def text(self) -> str:
        self.put("")
        joined = "".join(self.out).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return charsets.storable(joined)
