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
_AT_DOMAIN = re.compile(r"@[^\s,;<>()\"]+")
_NEEDLESSLY_QUOTED = re.compile(r'"([\w!#$%&*+/=?^`{|}~.-]+)"@')
_SEPARATOR = re.compile("[,;]")
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
    email = _INVISIBLE.sub("", headers.one_line(headers.plain(email)))
    email = _NEEDLESSLY_QUOTED.sub(r"\1@", email) if email.startswith('"') else email
    if not email.startswith('"'):
        email = email.replace(" ", "")
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
    words_before: int = 0  # how many of the words stand before the brackets

    def address(self, hint: str) -> Address | None:
        phrase = "".join(self.words)
        email = self.angle
        if email is None:
            bare = [word for word in phrase.split() if "@" in word.strip("@") and not word.startswith("=?")]
            if bare:
                email = bare[0]
                phrase = " ".join(word for word in phrase.split() if word not in bare)
        email = normal(_local(email or ""))
        name = _name(phrase, hint) or _name(" ".join(self.comments), hint)
        return Address(name, email) if name or email else None


def _items(value: str) -> Iterator[_Item]:
    """Cut `value` at its commas and semicolons, minding quotes, comments, brackets and encoded words."""
    return _Scanner(value).items()


class _Scanner:
    """One pass over a field. What never closes is remembered, so that nobody looks for its end twice."""

    def __init__(self, value: str) -> None:
        self.value, self.position, self.item = value, 0, _Item()
        self.finished: list[_Item] = []
        self.last = {mark: value.rfind(mark) for mark in (">", "]", "?=", ";")}
        self.quotes_close = self.comments_close = True
        self.marks = {'"': self.quote, "(": self.comment, "<": self.angle, ":": self.group}
        self.marks |= {"[": self.literal, "=?": self.encoded_word}

    def items(self) -> Iterator[_Item]:
        while (special := _SPECIAL.search(self.value, self.position)) is not None:
            self.item.words.append(self.value[self.position : special.start()])
            self.position = special.end()
            mark = special.group()
            if mark in ",;":
                yield from (*self.finished, self.item)
                self.finished, self.item = [], _Item()
            elif not self.marks[mark](special.start()):
                self.item.words.append(mark)
        self.item.words.append(self.value[self.position :])
        yield from (*self.finished, self.item)

    def quoted(self, start: int) -> re.Match[str] | None:
        found = _QUOTED.match(self.value, start) if self.quotes_close else None
        if found is None and self.value.startswith('"', start):
            self.quotes_close = False
        return found

    def quote(self, start: int) -> bool:
        if (found := self.quoted(start)) is not None:
            self.position = found.end()
            domain = _AT_DOMAIN.match(self.value, found.end())
            if domain is not None and self.item.angle is None:  # `"ann meyer"@example.com` is an address, not a name
                self.item.angle = found.group() + domain.group()
                self.position = domain.end()
            else:
                self.item.words.append(_ESCAPE.sub(r"\1", found.group(1)))
        return True  # a quote that never closes is not part of a name

    def comment(self, start: int) -> bool:
        end = _comment_end(self.value, start) if self.comments_close else -1
        if end < 0:
            self.comments_close = False
            return False
        self.item.comments.append(self.value[start + 1 : end - 1])
        self.position = end
        return True

    def angle(self, start: int) -> bool:
        if start > self.last[">"]:  # never closed: it ends at the next separator
            separator = _SEPARATOR.search(self.value, start)
            end = self.position = separator.start() if separator else len(self.value)
        else:
            quoted = self.quoted(start + 1)
            end = self.value.find(">", quoted.end() if quoted else start)
            end = end if end >= 0 else self.last[">"]
            self.position = end + 1
            while self.value.startswith(">", self.position):
                self.position += 1
        inside = self.value[start + 1 : end].strip().lstrip("<")
        if "<" in inside:  # "<Ann <ann@example.com>": the inner one is the address
            before, _, inside = inside.rpartition("<")
            self.item.words.append(before)
        if self.item.angle is not None and self.item.angle != inside:  # a comma was forgotten
            before_it = self.item.words[: self.item.words_before]
            self.finished.append(_Item(before_it, self.item.comments, self.item.angle))
            self.item = _Item(self.item.words[self.item.words_before :])
        self.item.angle, self.item.words_before = inside, len(self.item.words)
        return True

    def group(self, start: int) -> bool:
        """The name of a group is no name of a person; its members are addresses like any other."""
        if "".join(self.item.words).strip().lower() in ("mailto", "smtp"):
            self.item.words.clear()
            return True
        if self.item.angle is None and (start < self.last[";"] or not self.value[self.position :].strip()):
            self.item = _Item()
            return True
        return False

    def literal(self, start: int) -> bool:
        """A domain in brackets, `ann@[IPv6:2001:db8::1]`: its colons mean nothing here."""
        if start > self.last["]"]:
            return False
        self.position = self.value.index("]", start) + 1
        self.item.words.append(self.value[start : self.position])
        return True

    def encoded_word(self, start: int) -> bool:
        """Kept whole: senders leave raw commas and brackets inside."""
        word = headers.encoded_word(self.value, start) if start < self.last["?="] else ""
        self.position = start + len(word) if word else self.position
        self.item.words += [word] if word else []
        return bool(word)


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


def _local(email: str) -> str:
    """An address as written between the brackets, without its route, scheme, quotes and blanks."""
    email = email.strip().strip("<>").strip()
    if email.startswith("@") and ":" in email:
        email = email.partition(":")[2]  # a source route (RFC 5322, section 4.4)
    if email[:7].lower() == "mailto:":
        email = email[7:]
    if "(" in email and not email.startswith('"'):
        email = _without_comments(email)
    return email.strip().strip("'").strip(",;")


def _without_comments(email: str) -> str:
    kept, position = [], 0
    while (start := email.find("(", position)) >= 0 and (end := _comment_end(email, start)) >= 0:
        kept.append(email[position:start])
        position = end
    return "".join([*kept, email[position:]])


def _name(phrase: str, hint: str) -> str:
    name = _INVISIBLE.sub("", headers.decode(phrase, hint=hint)).strip()
    while len(name) > 1 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1].strip()
    return name[:NAME_LENGTH]
