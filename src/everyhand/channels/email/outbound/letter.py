"""Writing a mail as bytes: header fields and MIME parts in which nothing can be injected and nothing gets lost.

It is put together here and not by `email.message`, because every try must give the same bytes on every Python, and
because of two things that class does to long header values: it folds a Message-ID of more than 78 characters into an
encoded word (RFC 2047 forbids that, and the thread breaks), and it leaves a file name of any length on one line.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email import quoprimime
from email.header import Header
from typing import Final
from urllib.parse import quote

LINE: Final = 76  # characters, RFC 2047 section 2 and RFC 2045 section 6.7
LONGEST_LINE: Final = 998  # RFC 5322 section 2.1.1

_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ADDRESS = re.compile(r"(?:\"[^\"\\\s]+\"|[^\s<>()\[\]\\,;:\"@]+)@(?:\[[0-9a-fA-F.:]+\]|[^\s<>()\[\]\\,;:\"@]+)")
_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,900}")
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")

Field = tuple[str, str]


class NoAddress(ValueError):
    """This can't be written as a mail address."""


@dataclass(frozen=True)
class Enclosure:
    """A file that goes with the letter."""

    name: str
    type: str
    content: bytes
    content_id: str = ""  # by which `html` shows it, as `cid:…`; without one it is a file of its own


def write(fields: Sequence[Field], *, text: str, html: str = "", files: Sequence[Enclosure] = ()) -> bytes:
    """The whole letter, with CRLF line ends. `fields` are (name, value made by the functions below); `html` is an
    alternative to `text`, together with its pictures (RFC 2387). The same arguments give the same bytes.
    """
    part = _text_part("plain", text)
    pictures = [file for file in files if html and file.content_id]
    files = [file for file in files if file not in pictures]
    if html:
        shown = _text_part("html", html)
        if pictures:
            shown = _multipart("related", [shown, *(_file_part(file) for file in pictures)], start="text/html")
        part = _multipart("alternative", [part, shown])
    if files:
        part = _multipart("mixed", [part, *(_file_part(file) for file in files)])
    head = [*fields, ("MIME-Version", "1.0")]
    return "".join(f"{name}: {value}\r\n" for name, value in head).encode() + part


def words(text: str, *, field: str) -> str:
    """Free text as the value of `field`, such as a subject; RFC 2047 where it has to be."""
    clean = one_line(text)
    pieces = clean.split(" ")
    if clean.isascii() and "=?" not in clean and all(len(piece) <= LINE - 2 for piece in pieces):
        return _folded(pieces, field)
    return _encoded(clean, field)


def people(everybody: Iterable[tuple[str, str]], *, field: str) -> str:
    """(name, address) of each, as the value of an address field, one a line. Raises `NoAddress`."""
    return ",\r\n ".join(_person(name, address, field) for name, address in everybody)


def ids(message_ids: Iterable[str]) -> str:
    """Message-IDs, without their angle brackets, one a line. Leaves out what no Message-ID can be."""
    return "\r\n ".join(f"<{one}>" for one in message_ids if _ID.fullmatch(one))


def one_line(text: str) -> str:
    """The text without line breaks, control characters and lone surrogates."""
    return " ".join(_NOT_TEXT.sub(" ", text).split())


def address(text: str) -> str:
    """The address, with its domain in ASCII. Raises `NoAddress`."""
    if _NOT_TEXT.search(text) or not _ADDRESS.fullmatch(text):
        raise NoAddress(f"“{one_line(text)}” is no mail address.")
    local, _, domain = text.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}" if not domain.isascii() else text
    except UnicodeError:
        raise NoAddress(f"“{text}” is no mail address: there can be no such domain.") from None


def is_address(text: str) -> bool:
    """Whether `address` can write it."""
    try:
        address(text)
    except NoAddress:
        return False
    return True


def _person(name: str, mail_address: str, field: str) -> str:
    where = f"<{address(mail_address)}>"
    shown = one_line(name)
    if not shown:
        return where
    # A name that can't stand on one line is encoded, too: a quoted one must not be broken inside a word.
    if not shown.isascii() or "=?" in shown or len(shown) > LONGEST_LINE // 2:
        return f"{_encoded(shown, field)}\r\n {where}"
    if not _ATOMS.fullmatch(shown):
        shown = '"' + re.sub(r'(["\\])', r"\\\1", shown) + '"'
    return f"{shown}\r\n {where}" if len(field) + len(shown) + len(where) > LINE else f"{shown} {where}"


def _encoded(text: str, field: str) -> str:
    """Encoded words of RFC 2047, in which no sign means anything."""
    return Header(text, "utf-8", maxlinelen=LINE - 1, header_name=field).encode(linesep="\r\n")


def _folded(pieces: Sequence[str], field: str) -> str:
    lines, room = [""], LINE - len(field) - 2
    for piece in pieces:
        if lines[-1] and len(lines[-1]) + 1 + len(piece) > room:
            lines.append(piece)
            room = LINE - 1
        else:
            lines[-1] = f"{lines[-1]} {piece}".lstrip(" ")
    return "\r\n ".join(lines)


def _text_part(subtype: str, text: str) -> bytes:
    clean = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").replace(b"\x00", b"").decode()
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return (head + _quoted_printable(clean)).encode()


def _quoted_printable(text: str) -> str:
    body = quoprimime.body_encode(text.encode().decode("latin-1"), maxlinelen=LINE - 2, eol="\n")
    # Old relays change "From " at the start of a line, and take a lone dot for the end (RFC 2049 section 3).
    body = re.sub(r"(?m)^(From |\.)", lambda found: f"={ord(found[0][0]):02X}{found[0][1:]}", body)
    return (body if body.endswith("\n") else body + "\n").replace("\n", "\r\n")


def _file_part(file: Enclosure) -> bytes:
    kind = file.type.lower()
    if not _TYPE.fullmatch(kind) or len(kind) > 120 or kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"  # a message or multipart may not be encoded (RFC 2046 section 5.2.1)
    shown = ids([file.content_id]) if file.content_id else ""
    head = (
        f"Content-Type: {kind}{parameter('name', file.name)}\r\n"
        f"Content-Disposition: {'inline' if shown else 'attachment'}{parameter('filename', file.name)}\r\n"
        + (f"Content-ID: {shown}\r\n" if shown else "")
        + "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(file.content).replace(b"\n", b"\r\n")


def parameter(name: str, value: str) -> str:
    """`; name="value"` on a line of its own; RFC 2231 where it has to be."""
    clean = one_line(value) or "file"
    if clean.isascii() and len(clean) <= LINE - 20 and not re.search(r'["\\%]|=\?', clean):
        return f';\r\n {name}="{clean}"'
    encoded = quote(clean, safe="")
    pieces = re.findall(r"(?:%[0-9A-F]{2}|[^%]){1,18}", "utf-8''" + encoded)
    if len(pieces) == 1:
        return f";\r\n {name}*={pieces[0]}"
    return "".join(f";\r\n {name}*{number}*={piece}" for number, piece in enumerate(pieces))


def _multipart(subtype: str, parts: Sequence[bytes], *, start: str = "") -> bytes:
    # From the content, so that every try gives the same; "=_" occurs in neither encoding of the parts.
    boundary = "=_" + hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
    kind = f'; type="{start}"' if start else ""
    head = f'Content-Type: multipart/{subtype}{kind};\r\n boundary="{boundary}"\r\n\r\n'
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts)
    return head.encode() + body + b"--%s--\r\n" % boundary.encode()
