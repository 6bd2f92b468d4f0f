"""Header fields as a person reads them.

Python's own header objects (`policy.default`) raise, recurse and burn minutes on hostile fields, so fields are kept
raw (`compat32`) and decoded here: encoded words (RFC 2047) as they are really sent, raw 8-bit bytes, folded lines.
Every function takes time linear in the length of the field and never raises.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from email.message import Message

from everyhand.channels.email.parsing import charsets

_FOLD = re.compile(r"(?:\r\n|\r|\n)[ \t]*")
# Control characters would break a log line, a page title or the header we once answer with.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_SPACES = re.compile(r"[ \t]{2,}")
_WORD_START = re.compile(r"=\?([^?\s*=]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")


def text(message: Message, name: str) -> str:
    """The first field called `name`, decoded and on one line; "" where there is none."""
    for value in raw(message, name):
        return _decoded(message, value)
    return ""


def all_text(message: Message, name: str) -> list[str]:
    """Every field called `name`, decoded and each on one line, in the order they stand."""
    return [_decoded(message, value) for value in raw(message, name)]


def _decoded(message: Message, value: str) -> str:
    return decode(value, hint="" if value.isascii() else charset_hint(message))


def raw(message: Message, name: str) -> list[str]:
    """Every field called `name` as sent, 8-bit bytes as surrogate escapes (PEP 383)."""
    if (indexed := getattr(message, "fields", None)) is not None:  # a `structure.Part` knows its fields by name
        found: list[str] = indexed(name)
        return found
    wanted = name.lower()
    return [str(value) for key, value in message.raw_items() if key.lower() == wanted]


def present(message: Message, names: frozenset[str]) -> frozenset[str]:
    """Those of `names`, which are lower case, of which there is a field."""
    return names & {name.lower() for name in message.keys()}  # noqa: SIM118 (a message is no dict)


def charset_hint(message: Message) -> str:
    """The charset the message names for its body: often that of its undeclared 8-bit header fields too."""
    for value in raw(message, "content-type"):
        if found := _CHARSET.search(value[:2_000]):
            return found.group(1)
    return ""


def decode(value: str, *, hint: str = "") -> str:
    """`value`, a field as sent, unfolded and decoded on one line."""
    return one_line(words(unfold(value), hint=hint))


def unfold(value: str) -> str:
    """`value` with its folded lines joined by one space each (RFC 5322, section 2.2.3)."""
    return _FOLD.sub(" ", value) if "\n" in value or "\r" in value else value


def one_line(value: str) -> str:
    """`value` without control characters, line separators and runs of blanks."""
    return _SPACES.sub(" ", _CONTROL.sub(" ", value)).strip()


@dataclass(slots=True)
class _Run:
    """Encoded words in a row with one charset: a character may be cut in two between them, so bytes are joined."""

    charset: str
    data: bytearray
    open_base64: str = ""

    def take(self, encoding: str, payload: str) -> None:
        if encoding in "qQ":
            self.flush()
            self.data += _q_bytes(payload)
            return
        # Some senders cut the base64 text itself between two words, in the middle of a group of four.
        letters = self.open_base64 + _NOT_BASE64.sub("", payload)
        whole = len(letters) if payload.rstrip().endswith("=") else len(letters) // 4 * 4
        self.data += _base64_bytes(letters[:whole])
        self.open_base64 = letters[whole:]

    def flush(self) -> None:
        self.data += _base64_bytes(self.open_base64)
        self.open_base64 = ""

    def text(self) -> str:
        self.flush()
        return charsets.decode(bytes(self.data), self.charset)


def words(value: str, *, hint: str = "") -> str:
    """`value` with its encoded words decoded (RFC 2047) and its raw 8-bit bytes read; line structure untouched.

    More is accepted than the RFC allows: encoded words inside quotes or glued to text, blanks inside a word, a
    character split between two words. What is not an encoded word is left as it stands.
    """
    if "=?" not in value:
        return plain(value, hint)
    out: list[str] = []
    run: _Run | None = None
    position = 0
    search_from = 0
    while (start := _WORD_START.search(value, search_from)) is not None:
        end = value.find("?=", start.end())
        if end < 0:
            break
        between = value[position : start.start()]
        if run is not None and (between.strip(" \t\r\n") or run.charset != start.group(1).lower()):
            out.append(run.text())
            run = None
            if between.strip(" \t\r\n"):
                out.append(plain(between, hint))
        elif run is None:
            out.append(plain(between, hint))
        run = run or _Run(start.group(1).lower(), bytearray())
        run.take(start.group(2), value[start.end() : end])
        position = search_from = end + 2
    if run is not None:
        out.append(run.text())
    out.append(plain(value[position:], hint))
    return "".join(out)


def encoded_word(value: str, position: int) -> str:
    """The encoded word that starts at `position`, as sent; "" if none does."""
    start = _WORD_START.match(value, position)
    end = value.find("?=", start.end()) if start else -1
    return value[position : end + 2] if end >= 0 else ""


def plain(value: str, hint: str = "") -> str:
    """`value`, which has no encoded words, with its raw 8-bit bytes read."""
    if value.isascii():
        return charsets.storable(value)
    try:
        return charsets.decode(value.encode("ascii", "surrogateescape"), hint=hint)
    except UnicodeEncodeError:  # already text: a message built from str, or text decoded before
        return charsets.storable(value)


def _base64_bytes(letters: str) -> bytes:
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))


def _q_bytes(payload: str) -> bytes:
    data = payload.replace("_", " ").encode("utf-8", "surrogateescape")
    return _HEX.sub(lambda found: bytes((int(found.group(1), 16),)), data)
