"""Address lists as they are really sent (RFC 5322, section 3.4, and much that is not in it), in linear time.

The structure is found first and encoded words are decoded after: an address that hides inside an encoded word or a
comment is never taken for the sender's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

import idna

from everyhand.channels.email.parsing import headers
from everyhand.channels.email.parsing.limits import EMAIL_LENGTH, NAME_LENGTH, check_addresses
from everyhand.desk.inbound import Address

_SPECIAL = re.compile(r'["(<,;:\[]|=\?')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PARENTHESIS = re.compile(r"[()\\]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")


def of(message: Message, name: str) -> tuple[Address, ...]:
    """Everybody named in the fields called `name`, in order. Raises `TooHostile` for thousands of addresses."""
    found: list[Address] = []
    hint = headers.charset_hint(message)
    for value in headers.raw(message, name):
        found += parse(value, hint=hint)
        check_addresses(len(found))
    return tuple(found)


def parse(value: str, *, hint: str = "") -> list[Address]:
    """The addresses in `value`, a field as sent: groups are opened, comments read as names, stray quotes forgiven."""
    found = [address for item in _items(headers.unfold(value)) if (address := item.address(hint))]
    if not any(address.email for address in found) and "=?" in value:
        # Some senders encode the whole field, brackets and all.
        decoded = headers.words(headers.unfold(value), hint=hint)
        if "@" in decoded and "=?" not in decoded:
            return [address for item in _items(decoded) if (address := item.address(hint))] or found
    return found


def normal(email: str) -> str:
    """`email` with its domain in lower case and in ASCII (IDNA 2008); the local part is the sender's business."""
    email = _INVISIBLE.sub("", headers.one_line(email)).replace(" ", "")[: EMAIL_LENGTH + 1]
    if len(email) > EMAIL_LENGTH:
        return ""
    local, at, domain = email.rpartition("@")
    if not at:
        return email
    domain = domain.rstrip(".").lower()
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            domain = unicodedata.normalize("NFC", domain)
    return f"{local}@{domain}" if local and domain else ""


@dataclass(slots=True)
class _Item:
    """What stands between two commas."""

    words: list[str] = field(default_factory=list)  # as sent, encoded words still encoded
    comments: list[str] = field(default_factory=list)
    angle: str | None = None

    def address(self, hint: str) -> Address | None:
        phrase = "".join(self.words)
        email = self.angle
        if email is None:
            bare = [word for word in phrase.split() if "@" in word.strip("@") and not word.startswith("=?")]
            if bare:
                email = bare[-1]
                phrase = " ".join(word for word in phrase.split() if word != email)
        email = normal(_local(email or ""))
        name = _name(phrase, hint) or _name(" ".join(self.comments), hint)
        return Address(name, email) if name or email else None


def _items(value: str) -> Iterator[_Item]:
    """Cut `value` at its commas and semicolons, minding quotes, comments, brackets and encoded words."""
    item, position = _Item(), 0
    last_semicolon = value.rfind(";")
    last_close = {mark: value.rfind(mark) for mark in (">", "]", "?=")}
    comments_close = True
    while (special := _SPECIAL.search(value, position)) is not None:
        at, mark = special.start(), special.group()
        item.words.append(value[position:at])
        position = at + len(mark)
        if mark in ",;":
            yield item
            item = _Item()
        elif mark == ":" and (at < last_semicolon or not value[position:].strip()) and item.angle is None:
            if not _looks_like_scheme(item.words):
                item = _Item()  # the name of a group; its members are addresses like any other
            else:
                item.words.clear()
        elif mark == '"' and (quoted := _QUOTED.match(value, at)):
            position = quoted.end()
            glued = value[position : position + 1] in ("@", ".") or (at and value[at - 1] == ".")
            item.words.append(quoted.group() if glued else _quoted_text(quoted.group(1)))
        elif mark == "(" and comments_close:
            end = _comment_end(value, at)
            if end < 0:
                comments_close = False
                item.words.append(mark)
            else:
                item.comments.append(value[at + 1 : end - 1])
                position = end
        elif mark == "<":
            position = _angle(value, at, last_close[">"], item)
        elif mark == "[" and at < last_close["]"]:
            position = value.find("]", at) + 1
            item.words.append(value[at:position])
        elif mark == "=?" and at < last_close["?="] and (word := headers.encoded_word(value, at)):
            item.words.append(word)
            position = at + len(word)
        elif mark != '"':
            item.words.append(mark)
    item.words.append(value[position:])
    yield item


def _looks_like_scheme(words: list[str]) -> bool:
    return "".join(words).strip().lower() in ("mailto", "smtp")


def _quoted_text(inside: str) -> str:
    return _ESCAPE.sub(r"\1", inside)


def _comment_end(value: str, start: int) -> int:
    """Where the comment that opens at `start` ends; comments nest. -1 if it never does."""
    depth, position = 0, start
    while (found := _PARENTHESIS.search(value, position)) is not None:
        position = found.end()
        if found.group() == "\\":
            position += 1
            continue
        depth += 1 if found.group() == "(" else -1
        if depth == 0:
            return position
    return -1


def _angle(value: str, start: int, last_close: int, item: _Item) -> int:
    """Read `<...>` from `start` into `item`; returns where to go on."""
    if start > last_close:  # never closed: it ends at the next separator
        end = min((at for at in (value.find(",", start), value.find(";", start)) if at >= 0), default=len(value))
        following = end
    else:
        quoted = _QUOTED.match(value, start + 1)
        end = value.find(">", quoted.end() if quoted else start)
        if end < 0:
            end = last_close if last_close > start else len(value)
        following = end + 1
    inside = value[start + 1 : end].strip().lstrip("<")
    if "<" in inside:  # "<Ann <ann@example.com>": the inner one is the address
        before, _, inside = inside.rpartition("<")
        item.words.append(before)
    if inside or item.angle is None:
        if item.angle:
            item.words.append(" " + item.angle)
        item.angle = inside
    return following


def _local(email: str) -> str:
    """An address as written between the brackets, without its route, scheme, quotes and blanks."""
    email = email.strip().strip("<>").strip()
    if email.startswith("@") and ":" in email:
        email = email.partition(":")[2]  # a source route (RFC 5322, section 4.4)
    if email[:7].lower() == "mailto:":
        email = email[7:]
    if "(" in email and email.endswith(")"):
        email = email[: email.index("(")]
    return email.strip().strip("'").strip(",;")


def _name(phrase: str, hint: str) -> str:
    name = _INVISIBLE.sub("", headers.decode(phrase, hint=hint)).strip()
    while len(name) > 1 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1].strip()
    return name[:NAME_LENGTH]
