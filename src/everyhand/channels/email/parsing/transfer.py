"""Content-Transfer-Encoding undone: base64, quoted-printable and uuencode as they are really sent (RFC 2045)."""

from __future__ import annotations

import binascii
import re

_BLANK = re.compile(rb"[\r\n\t ]+")
_NOT_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/,.;:!?][ \t]+[A-Za-z0-9+/]|[^A-Za-z0-9+/=\s]")
_PADDING_THEN_MORE = re.compile(rb"=+[\r\n\t ]*(?=[^=\r\n\t ])")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? +[0-7]{3,4} +([^\r\n]+?)[ \t]*\r?$", re.MULTILINE)
_UU_END = re.compile(rb"^end[ \t]*\r?$", re.MULTILINE)


def decode(body: bytes, encoding: str) -> bytes:
    """The bytes that were meant. Never raises: what cannot be decoded is returned as it came."""
    name = re.sub(r"[^a-z0-9-]", "", encoding.lower().partition(";")[0])
    if name in ("base64", "b64", "base-64"):
        return _base64(body)
    if name in ("quoted-printable", "quotedprintable", "quoted", "qp"):
        return binascii.a2b_qp(body)
    if name in ("x-uuencode", "uuencode", "x-uue", "uue"):
        files, _rest = uuencoded(body)
        return files[0][1] if files else body
    return body


def _base64(body: bytes) -> bytes:
    # Some senders label plain text base64. Real base64 has no blanks or punctuation inside its first lines.
    if _NOT_BASE64_LINE.search(body, 0, 400) and not _mostly_base64(body[:4_000]):
        return body
    pieces, position = [], 0
    for padding in [*_PADDING_THEN_MORE.finditer(body), None]:
        # Pieces encoded one by one are glued together, each with its own padding; Python stops at the first.
        pieces.append(_base64_piece(body[position : padding.end() if padding else len(body)]))
        if padding:
            position = padding.end()
            if _NOT_BASE64_LINE.search(body, position, position + 200):
                # A mailing list's footer in plain text after the encoded words.
                pieces.append(b"\n" + body[position:])
                break
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _mostly_base64(sample: bytes) -> bool:
    lines = [line for line in sample.split() if line]
    return bool(lines) and max(map(len, lines)) >= 40


def _base64_piece(piece: bytes) -> bytes:
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
        end = _UU_END.search(body, begin.end())
        inside = body[begin.end() : end.start() if end else len(body)].strip(b"\r\n")
        content = _uu_content(inside, base64=begin.group().startswith(b"begin-base64"))
        if content is None:
            rest.append(body[position : begin.end()])  # a sentence that happens to start with "begin"
            position = begin.end()
            continue
        rest.append(body[position : begin.start()])
        files.append((begin.group(1), content))
        position = end.end() if end else len(body)
    return files, b"".join([*rest, body[position:]])


def _uu_content(inside: bytes, *, base64: bool) -> bytes | None:
    if base64:
        return _base64_piece(inside)
    out = []
    for line in inside.splitlines():
        if not line.strip() or line == b"`":
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Encoders that pad the line too much: the first letter tells how many bytes it holds.
            letters = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:letters]))
            except binascii.Error:
                return None
    return b"".join(out)
