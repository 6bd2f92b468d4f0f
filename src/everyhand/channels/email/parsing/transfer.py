"""Content-Transfer-Encoding undone: base64, quoted-printable and uuencode as they are really sent (RFC 2045)."""

from __future__ import annotations

import binascii
import re

_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=\s]")
_BLANK_INSIDE = re.compile(rb"[A-Za-z0-9+/=][ \t]+[A-Za-z0-9+/=]")
# How far from the end a footer in plain words is looked for, in bytes.
_FOOTER = 4_000
_PADDING_THEN_MORE = re.compile(rb"=+[\r\n\t ]*(?=[^=\r\n\t ])")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? +[0-7]{3,4} +([^\r\n]+?)[ \t]*\r?$", re.MULTILINE)


def decode(body: memoryview, encoding: str, *, is_text: bool) -> bytes:
    """The bytes that were meant; a view is taken so that a big file is not copied first.

    `is_text` keeps the plain words a list server added after base64, which only spoil a file. Never raises: what
    cannot be decoded is returned as it came.
    """
    name = re.sub(r"[^a-z0-9-]", "", encoding.lower().partition(";")[0])
    if name in ("base64", "b64", "base-64"):
        return _base64(body, is_text=is_text)
    if name in ("quoted-printable", "quotedprintable", "quoted", "qp"):
        return binascii.a2b_qp(body)
    if name in ("x-uuencode", "uuencode", "x-uue", "uue"):
        files, _rest = uuencoded(bytes(body))
        return files[0][1] if files else bytes(body)
    return bytes(body)


def _base64(body: memoryview, *, is_text: bool) -> bytes:
    if is_text and _is_plain(bytes(body[:_FOOTER])):
        return bytes(body)
    end = _footer(body)
    pieces, position = [], 0
    while (padding := _PADDING_THEN_MORE.search(body, position, end)) is not None:
        # Pieces encoded one by one are glued together, each with its own padding; Python stops at the first.
        pieces.append(_base64_piece(body[position : padding.end()]))
        position = padding.end()
    last = _base64_piece(body[position:end])
    if not pieces and end == len(body):
        return last
    footer = b"\n" + bytes(body[end:]) if is_text and end < len(body) else b""
    return b"".join([*pieces, last, footer])


def _is_plain(sample: bytes) -> bool:
    """Some senders label plain words base64: those have blanks between short words, or punctuation."""
    longest = max(map(len, sample.split()), default=0)
    return (longest < 40 and _BLANK_INSIDE.search(sample) is not None) or len(_FOREIGN.findall(sample)) * 10 > len(
        sample
    )


def _footer(body: memoryview) -> int:
    """Where plain words begin after the base64: the first line near the end that is none."""
    tail = bytes(body[-_FOOTER:])
    position = len(body) - len(tail)
    for number, line in enumerate(tail.splitlines(keepends=True)):
        if number and (_BLANK_INSIDE.search(line.strip()) or len(_FOREIGN.findall(line)) > 2):
            return position
        position += len(line)
    return len(body)


def _base64_piece(piece: bytes | memoryview) -> bytes:
    try:
        return binascii.a2b_base64(piece)
    except binascii.Error:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", piece)
        whole = letters[: len(letters) // 4 * 4]
        tail = letters[len(whole) :]
        return binascii.a2b_base64(whole + (tail + b"=" * (4 - len(tail)) if len(tail) > 1 else b""))


def uuencoded(body: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Files inside a text (name, content), and the text without them. A file cut short is kept as far as it goes."""
    files: list[tuple[bytes, bytes]] = []
    rest, position = [], 0
    while (begin := _UU_BEGIN.search(body, position)) is not None:
        read = _base64_lines if begin.group().startswith(b"begin-base64") else _uu_lines
        content, end = read(body, begin.end() + 1)
        if content:
            rest.append(body[position : begin.start()])
            files.append((begin.group(1), content))
        else:
            rest.append(body[position:end])  # a sentence that happens to start with "begin"
        position = end
    return files, b"".join([*rest, body[position:]])


def _uu_lines(body: bytes, position: int) -> tuple[bytes, int]:
    """Decode lines from `position` on, up to "end" or the first that is none; what they held, and where they stop."""
    content: list[bytes] = []
    while position < len(body):
        newline = body.find(b"\n", position)
        following = newline + 1 if newline >= 0 else len(body)
        line = body[position:following].rstrip(b"\r\n")
        if line.rstrip() == b"end":
            return b"".join(content), following
        decoded = _uu_line(line)
        if decoded is None:
            break
        content.append(decoded)
        position = following
    return b"".join(content), position


def _uu_line(line: bytes) -> bytes | None:
    """What one line holds; None if it is not uuencoded. Its first letter tells how many bytes it holds."""
    if not line.strip() or len(line) > 100:
        return None if line.strip() else b""
    letters = (((line[0] - 32) & 63) * 4 + 5) // 3
    if not letters - 4 <= len(line) <= letters + 4:
        return None
    try:
        return binascii.a2b_uu(line[:letters])  # some encoders pad the line too much
    except binascii.Error:
        return None


def _base64_lines(body: bytes, position: int) -> tuple[bytes, int]:
    end = body.find(b"\n====", position)
    if end < 0:
        return b"", position
    newline = body.find(b"\n", end + 1)
    return _base64_piece(body[position:end]), newline + 1 if newline >= 0 else len(body)
