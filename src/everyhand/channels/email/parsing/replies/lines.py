"""A text as lines, and what a line can be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

# What programs write above a quotation is short. Longer lines are not compared with the tables, which bounds the work.
LONGEST = 600
# So many lines are looked at one by one.
MOST_LINES = 20_000

_QUOTE = re.compile(r"[ \t\u00a0]{0,8}[>＞]")
_INVISIBLE = dict.fromkeys(
    [0xFEFF, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


class Kind(StrEnum):
    """What a line is. The values are letters so that a whole mail can be read as one word, such as "tebqqq"."""

    EMPTY = "e"
    TEXT = "t"
    QUOTE = "q"  # "> ..." or inside a quoting element of the HTML
    ATTRIBUTION = "b"  # "On ... wrote:", clearly
    DOUBTFUL = "?"  # could be such a line: it is one only if a quotation follows
    HEADER = "h"  # "From: ...", "Sent: ..." above an older message
    MARKER = "m"  # "-----Original Message-----" and the like
    SIGNATURE = "s"  # signature, disclaimer, "Sent from my iPhone", a list's footer


class Line(NamedTuple):
    """A line as written (`raw`) and ready for comparison (`low`, see `plain`); whether it is blank or quoted."""

    raw: str
    low: str
    blank: bool
    quoted: bool


def read(texts: Iterable[str]) -> list[Line]:
    """`texts`, one a line, as lines."""
    return [
        Line(text, "", True, False) if is_blank(text) else Line(text, plain(text), False, is_quoted(text))
        for text in texts
    ]


def split_lines(text: str) -> list[str]:
    """The lines of `text`, whichever line ends it uses. Only line ends part lines, no other control character.

    What is left after `MOST_LINES` stays together as one last line: such a mail is a log or an attack, and is shown.
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n", MOST_LINES)


def plain(line: str) -> str:
    """`line` ready to be compared with the tables: one form of each letter, no invisible signs, lower case, no margins.

    Empty for a line longer than `LONGEST`: such a line is somebody's paragraph.
    """
    if len(line) > LONGEST:
        return ""
    if not line.isascii():
        line = unicodedata.normalize("NFKC", line).translate(_INVISIBLE)
    # The Turkish capital "İ" folds into two signs, of which the second is of no use here.
    return line.strip().casefold().replace("i\u0307", "i")


def is_blank(line: str) -> bool:
    return not line or line.isspace() or (len(line) < 4 and not line.translate(_INVISIBLE).strip())


def is_quoted(line: str) -> bool:
    """Does the line begin with the quotation sign ">"?"""
    return _QUOTE.match(line) is not None


def unquoted(line: str) -> str:
    """`line` without one level of its quotation sign."""
    found = _QUOTE.match(line)
    if not found:
        return line
    rest = line[found.end() :]
    return rest[1:] if rest.startswith((" ", "\u00a0")) else rest


def flat(table: dict[str, tuple[str, ...]]) -> frozenset[str]:
    """All phrases of a table of `languages`, ready for comparison with `plain` lines."""
    return frozenset(plain(phrase) for phrases in table.values() for phrase in phrases)
