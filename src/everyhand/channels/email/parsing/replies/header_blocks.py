"""Finding the header of an older message inside a text: "From: ... Sent: ... To: ... Subject: ..." in any language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from everyhand.channels.email.parsing.replies.languages import headers as words
from everyhand.channels.email.parsing.replies.lines import Line, flat, is_blank, plain, unquoted

# A block has at most this many lines; lists of recipients are wrapped over many.
MOST_LINES = 60
LONGEST_NAME = 40
# A header with so many fields lacks nothing: a line "Note: ..." below it belongs to the message.
COMPLETE = 4

_FIELDS: dict[str, frozenset[str]] = {}
for _field, _table in (
    ("from", words.FROM),
    ("date", words.DATE),
    ("to", words.TO),
    ("cc", words.CC),
    ("subject", words.SUBJECT),
    ("other", words.OTHER),
):
    for _name in flat(_table):
        _FIELDS[_name] = _FIELDS.get(_name, frozenset()) | {_field}

_TIME = re.compile(r"\d{1,2}[:.h]\d{2}")
_ANY_NAME = re.compile(r"\*?[^\s:*@\d]{1,24}(?: [^\s:*@\d]{1,24}){0,2}\*?\s?[:：]\*?(?=\s|$)")
_COLON = re.compile(r"\s*[:：]")


@dataclass(slots=True)
class Block:
    """A header found in a text: `start` and `end` are the indices of its lines (end exclusive)."""

    start: int
    end: int
    values: dict[str, str] = field(default_factory=dict)

    def is_enough(self, *, announced: bool = False) -> bool:
        """Is this the header of a message?

        It needs a sender, two more fields, and an address or a time of day: "From: Berlin / To: Paris / Date: 3 May" is
        a wish. `announced`: a marker line or a rule stands above, so that a sender's address and one more field do.
        """
        kinds = self.values.keys() - {"other"}
        if announced and len(kinds) >= 2 and "@" in self.values.get("from", ""):
            return True
        if "from" not in kinds or len(kinds) < 3:
            return False
        who = self.values["from"] + self.values.get("to", "")
        return "@" in who or (_TIME.search(self.values.get("date", "")) is not None and "subject" in kinds)


def name_of(line: str) -> tuple[frozenset[str], str] | None:
    """The fields a line "Name: value" may be, and the value; None for any other line."""
    head = line[: LONGEST_NAME + 24]
    colon = _COLON.search(head)
    if not colon or len(line) > 4000:
        return None
    fields = _FIELDS.get(plain(head[: colon.start()]).strip("*_ \t"))
    if fields is None:
        return None
    return fields, line[colon.end() :].strip().strip("*").strip()


def at(lines: Sequence[Line], start: int, *, in_any_language: bool = False) -> Block | None:
    """The run of header lines that begins at `lines[start]`, or None where none begins. Ask it whether it `is_enough`;
    if it is not, a reader may go on behind it.

    `in_any_language`: something else says that a header stands here, so names we do not know are read by their values.
    """
    if name_of(unquoted(lines[start].raw)) is None and not in_any_language:
        return None
    block, last, index = Block(start, start), "", start
    while index < min(len(lines), start + MOST_LINES):
        line = unquoted(lines[index].raw)
        named = name_of(line)
        if named is None and in_any_language and len(block.values) < COMPLETE:
            named = _guessed(line, block.values)
        if named is not None:
            name = _choose(named[0], block.values)
            if name in block.values and name not in ("other", "cc", "to"):
                break
            block.values[name] = f"{block.values[name]}, {named[1]}" if name in block.values else named[1]
            last, index = name, index + 1
            block.end = index
            continue
        step = _continued(lines, index, last) if last else 0
        if not step:
            break
        if not is_blank(line):
            block.values[last] = f"{block.values[last]} {line.strip()}".strip()
        index += step
    return block if block.values else None


def _guessed(line: str, values: dict[str, str]) -> tuple[frozenset[str], str] | None:
    """What a header line of an unknown name must be, going by its value; None if it has no name at all."""
    found = _ANY_NAME.match(line)
    if found is None:
        return None
    value = line[found.end() :].strip()
    if "@" in value:
        field = "to" if "from" in values else "from"
    elif _TIME.search(value):
        field = "date"
    else:
        field = "subject" if "subject" not in values else "other"
    return frozenset({field if field not in values or field == "to" else "other"}), value


def _choose(fields: frozenset[str], taken: dict[str, str]) -> str:
    """A name can mean two fields ("A": to in Italian; "Data": date in four languages): take the one still missing."""
    order = ("from", "date", "subject", "to", "cc", "other")
    for name in order:
        if name in fields and name not in taken:
            return name
    return next(name for name in reversed(order) if name in fields)


def _continued(lines: Sequence[Line], index: int, last: str) -> int:
    """How many lines belong to the field above: a wrapped value, or an empty line between two fields; else 0."""
    ahead, here = index + 1, lines[index].raw
    if is_blank(unquoted(lines[index].raw)):
        return 1 if ahead < len(lines) and name_of(unquoted(lines[ahead].raw)) is not None else 0
    if last in ("to", "cc") and "@" in here and ("<" in here or ";" in here):
        return 1
    if last in ("to", "cc") and "@" in here and lines[index - 1].raw.rstrip().endswith((";", ",")):
        return 1
    for look in range(ahead, min(len(lines), ahead + 2)):
        if is_blank(unquoted(lines[look].raw)):
            return 0
        if name_of(unquoted(lines[look].raw)) is not None:
            return 1
    return 0


def collapsed(line: str) -> tuple[dict[str, str], str] | None:
    """A header whose line ends were lost ("From: Ann <a@x.org>To: ...Sent: ...Subject: ..."), and what stands before.

    Only the first 3,000 characters and 60 colons are read.
    """
    line = line[:3000]
    cuts: list[tuple[int, int, frozenset[str]]] = []
    for colon in islice(_COLON.finditer(line), 60):
        for length in range(min(LONGEST_NAME, colon.start()), 0, -1):
            begin = colon.start() - length
            fields = _FIELDS.get(plain(line[begin : colon.start()]))
            if fields and line[begin].strip() and (begin == 0 or _may_follow(line[begin - 1], line[begin])):
                cuts.append((begin, colon.end(), fields))
                break
    values: dict[str, str] = {}
    for number, (_, value_at, fields) in enumerate(cuts):
        name = _choose(fields, values)
        until = cuts[number + 1][0] if number + 1 < len(cuts) else len(line)
        if name == "subject":
            until = len(line)
        values.setdefault(name, line[value_at:until].strip())
        if name == "subject":
            break
    if "from" not in values or "@" not in values["from"] or len(values) < 3:
        return None
    return values, line[: cuts[0][0]]


def _may_follow(before: str, first: str) -> bool:
    """Can a field's name begin here? After a blank, a bracket or digit, or where "CET" runs into "Subject"."""
    return not before.isalpha() or (before.isupper() and first.isupper()) or not first.isascii()
