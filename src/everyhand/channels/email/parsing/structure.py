"""The tree of a mail's parts (RFC 2045, RFC 2046), found in one pass over the raw bytes.

Python's feed parser copies the mail several times over, recurses once a level and reads a part's parameters in
quadratic time. This reader keeps offsets, so that a mail of 40 MB needs little more memory than its own bytes, and its
work is linear in them. What it builds is still `email.message.Message`, so everything that knows those can read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from typing import Any

from everyhand.channels.email.parsing import parameters, transfer
from everyhand.channels.email.parsing.limits import HEADER_BYTES, Budget

_FIELD = re.compile(rb"([!-9;-~]{1,200}?)[ \t]*:")
_CARRIES_ON = re.compile(
    rb"(?:from|to|cc|subject|date|mime-version|message-id|received|content-[a-z-]+|return-path|reply-to)[ \t]*:",
    re.IGNORECASE,
)
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+\Z")
_BOUNDARY_AND_FIELD = re.compile(
    rb"(?:\A|\n)--([^\r\n]{4,200}?)[ \t]*\r?\n[ \t\r\n]*content-[a-z-]{2,40}[ \t]*:", re.IGNORECASE
)
MESSAGE_TYPES = ("message/rfc822", "message/global", "message/news")
# How many lines a stray line in a header is forgiven for, if fields follow it.
_LOOK_AHEAD = 20


class Part(Message):
    """A part of a mail, or the mail itself: its fields as sent, and where in the raw bytes its body lies."""

    def __init__(self, raw: bytes = b"", start: int = 0, depth: int = 0, budget: Budget | None = None) -> None:
        super().__init__()
        self.raw = raw
        self.start = self.end = start
        self.depth = depth
        self.budget = budget or Budget()
        self.children: list[Part] = []
        self.before = self.after = b""  # text outside any part: what stands before the first and after the last
        self.remarks: list[str] = []
        self._by_name: dict[str, list[str]] | None = None
        self._parameters: dict[str, tuple[str, dict[str, str]]] = {}
        self._inner: list[Message] | None = None

    def fields(self, name: str) -> list[str]:
        """Every field called `name`, as sent."""
        if self._by_name is None:
            self._by_name = {}
            for key, value in self.raw_items():
                self._by_name.setdefault(key.lower(), []).append(str(value))
        return self._by_name.get(name.lower(), [])

    def field(self, name: str) -> tuple[str, dict[str, str]]:
        """Main value and parameters of the first field called `name`; ("", {}) where there is none."""
        if name not in self._parameters:
            values = self.fields(name)
            self._parameters[name] = parameters.read(values[0]) if values else ("", {})
        return self._parameters[name]

    @property
    def body(self) -> bytes:
        """The body as sent, its transfer encoding still on."""
        return self.raw[self.start : self.end]

    @property
    def content(self) -> bytes:
        """The body with its transfer encoding undone."""
        encoding = "".join(self.fields("content-transfer-encoding")[:1])
        is_text = self.get_content_maintype() in ("text", "multipart")
        return transfer.decode(memoryview(self.raw)[self.start : self.end], encoding, is_text=is_text)

    def get_content_type(self) -> str:
        main = re.sub(r"\s+", "", self.field("content-type")[0])
        if not main:
            return self.get_default_type()
        return main if _TYPE.match(main) else "text/plain"

    def get_param(
        self,
        param: str,
        failobj: Any = None,
        header: str = "content-type",
        unquote: bool = True,  # noqa: ARG002 - the library's name for it; ours are never quoted
    ) -> Any:
        return self.field(header.lower())[1].get(param.lower(), failobj)

    def is_multipart(self) -> bool:
        return bool(self.children or self._inside())

    def get_payload(self, i: int | None = None, decode: bool = False) -> Any:
        inside: list[Any] = self.children or self._inside()
        if inside:
            return None if decode else (inside if i is None else inside[i])
        body = memoryview(self.raw)[self.start : self.end]
        return self.content if decode else str(body, "ascii", "surrogateescape")

    def _inside(self) -> list[Message]:
        """The messages within a message/* part, read only when somebody asks."""
        if self._inner is None:
            kind = self.get_content_type()
            self._inner = []
            if kind in MESSAGE_TYPES:
                self._inner = [read(self.content, depth=self.depth + 1, budget=self.budget)]
            elif kind in ("message/delivery-status", "message/global-delivery-status"):
                self._inner = list(_header_blocks(self.content, self.depth + 1, self.budget))
        return self._inner


def read(raw: bytes, *, depth: int = 0, budget: Budget | None = None) -> Part:
    """The tree of a whole mail. Raises `TooHostile` for more headers, parts or levels than any real mail has."""
    if b"\n" not in raw[:100_000] and b"\r" in raw[:100_000]:
        raw = raw.replace(b"\r", b"\n")  # an old Macintosh's line ends
    budget = budget or Budget()
    beginning = raw[:4_096]
    start = len(beginning) - len(beginning.lstrip(b"\r\n\xef\xbb\xbf"))
    top = _head(raw, start, len(raw), depth, budget)
    _divide(top, len(raw))
    return top


def _head(raw: bytes, position: int, end: int, depth: int, budget: Budget) -> Part:
    """Read the fields that start at `position`; the body starts after the first empty line."""
    budget.part(depth)
    part = Part(raw, position, depth, budget)
    begin, count = position, 0
    name, value = "", [b""]
    while position < end:
        newline = raw.find(b"\n", position, end)
        following = newline + 1 if newline >= 0 else end
        line = raw[position : newline if newline >= 0 else end].rstrip(b"\r")
        if not line:
            position = following
            break
        if line.startswith(b"--"):
            break  # a part without a body: its boundary stands where the empty line should
        if line[:1] in b" \t":
            value.append(line)
        elif found := _FIELD.match(line):
            if name:
                part.set_raw(name, _value(value))
            name, value = found.group(1).decode("ascii"), [line[found.end() :]]
            budget.fields(count := count + 1)
        elif not _fields_follow(raw, following, end):
            part.remarks.append("The header ends without an empty line; what follows is shown as text.")
            break
        elif not line.startswith((b"From ", b">From ")):  # those are an mbox's envelope lines
            value.append(line)
        position = following
        if position - begin > HEADER_BYTES:
            break
    budget.header_block(position - begin)
    if name:
        part.set_raw(name, _value(value))
    part.start = part.end = position
    return part


def _value(lines: list[bytes]) -> str:
    return b"\r\n ".join(line.strip(b" \t") for line in lines).decode("ascii", "surrogateescape")


def _fields_follow(raw: bytes, position: int, end: int) -> bool:
    """Is a line that is no field only a stray one, with the header going on after it?"""
    for _ in range(_LOOK_AHEAD):
        newline = raw.find(b"\n", position, end)
        line = raw[position : min(newline if newline >= 0 else end, position + 100)]
        if not line.strip():
            return False
        if _CARRIES_ON.match(line):
            return True
        if newline < 0:
            return False
        position = newline + 1
    return False


def _divide(top: Part, end: int, boundary: bytes = b"") -> None:
    """Cut the body of `top` at its boundaries and those of the multiparts inside it, in one pass."""
    raw, top.end = top.raw, end
    opened: list[_Multipart] = []
    if boundary or top.get_content_maintype() == "multipart":
        opened.append(_Multipart(top, boundary or _boundary(top)))
    multiparts = [top] if opened else []
    position = top.start
    current: Part | None = None  # the part whose body runs on; None between parts
    while opened and (dashes := _dashes(raw, position, end)) >= 0:
        newline = raw.find(b"\n", dashes, end)
        position = newline + 1 if newline >= 0 else end
        level, closing = _which(opened, raw[dashes + 2 : min(position, dashes + 400)].rstrip())
        if level < 0:
            continue
        _finish(opened, current, dashes - (2 if raw[dashes - 2 : dashes] == b"\r\n" else 1))
        del opened[level + 1 :]
        here = opened[level]
        here.closed, here.mark, current = closing, position, None
        if closing:
            continue
        current = _head(raw, position, end, here.part.depth + 1, top.budget)
        if here.part.get_content_type() == "multipart/digest":
            current.set_default_type("message/rfc822")
        here.part.children.append(current)
        position = current.start
        if current.get_content_maintype() == "multipart":
            multiparts.append(current)
            opened.append(_Multipart(current, _boundary(current)))
            current = None
    if opened:
        _finish(opened, current, end)
    for part in multiparts:
        if not part.children:
            _guess_boundary(part)


def _dashes(raw: bytes, position: int, end: int) -> int:
    """Where the next line starts that begins with two dashes; `position` is the start of a line. -1 for none."""
    if raw.startswith(b"--", position, end):
        return position
    found = raw.find(b"\n--", position, end)
    return found + 1 if found >= 0 else -1


class _Multipart:
    """A multipart being read. `mark` is where text outside any of its parts begins."""

    def __init__(self, part: Part, boundary: bytes) -> None:
        self.part, self.boundary, self.closed, self.mark = part, boundary, False, part.start


def _boundary(part: Part) -> bytes:
    value = part.field("content-type")[1].get("boundary", "")
    return value.strip().encode("utf-8", "surrogateescape")


def _which(opened: list[_Multipart], token: bytes) -> tuple[int, bool]:
    """The innermost multipart this boundary line belongs to, and whether it closes it; -1 for none.

    One still open comes before one that was closed: the same boundary is used twice by careless senders. A closed
    one is opened again rather than losing what follows.
    """
    for wants_open in (True, False):
        for level in range(len(opened) - 1, -1, -1):
            here = opened[level]
            if here.boundary and here.closed is not wants_open:
                if token == here.boundary:
                    return level, False
                if token == here.boundary + b"--":
                    return level, True
    return -1, False


def _finish(opened: list[_Multipart], current: Part | None, end: int) -> None:
    """The running part, or the text outside any part, ends here."""
    if current is not None:
        current.end = max(current.start, end)
    else:
        here = opened[-1]
        loose = here.part.raw[here.mark : max(here.mark, end)]
        if not here.part.children:
            here.part.before = loose
        else:
            here.part.after += loose
    for level in opened:
        level.part.end = max(level.part.start, end)


def _guess_boundary(part: Part) -> None:
    """A multipart whose declared boundary never comes, or that declares none: look for what is used instead."""
    found = _BOUNDARY_AND_FIELD.search(part.raw, max(0, part.start - 1), part.end)
    if found is not None and part.depth < 40:
        part.remarks.append("The boundary between its parts is not the one the mail declares; we went by what we saw.")
        part.before = b""
        _divide(part, part.end, found.group(1))


def _header_blocks(content: bytes, depth: int, budget: Budget) -> Iterator[Part]:
    """The groups of fields of a delivery report (RFC 3464, section 2.1)."""
    position = 0
    while position < len(content):
        block = _head(content, position, len(content), depth, budget)
        if block.start <= position:
            break
        position = block.start
        if block.keys():
            yield block
