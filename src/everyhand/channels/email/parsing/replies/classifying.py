"""What each line of a mail is: the words of the sender, a quotation, the header of an older message, a signature."""

from __future__ import annotations

import re
from collections.abc import Sequence

from everyhand.channels.email.parsing.replies import attributions, header_blocks, markers, markup, signatures
from everyhand.channels.email.parsing.replies.lines import Kind, Line

# Quotations that are marked otherwise than by ">" count only below an attribution: "|" also draws tables, and
# "SQL> " is what a program says.
_SOFT_QUOTE = re.compile(r"\s{0,8}(?:\||[A-Z][A-Za-z]{0,9}>)")
_OPENING = re.compile(r">{3,}(?:\s[^<>]{1,80}\s>{3,})?\s*$")
_CLOSING = re.compile(r"<{3,}(?:\s[^<>]{1,80}\s<{3,})?\s*$")


def classify(lines: Sequence[Line], html: str = "") -> list[Kind]:
    """What each line is, seen alone and with its neighbours. (Where the answer begins and ends is decided later.)"""
    marks = markup.marks(lines, html) if html else []
    kinds = [_first_look(line) for line in lines]
    code = _code_lines(lines)
    _mark_enclosed(lines, kinds)
    index = 0
    while index < len(lines):
        if kinds[index] is Kind.EMPTY or index in code:
            kinds[index] = Kind.EMPTY if kinds[index] is Kind.EMPTY else Kind.TEXT
            index += 1
            continue
        index = _mark_boundary(lines, kinds, index)
    _apply(marks, kinds)
    _settle_doubts(lines, kinds)
    signatures.mark(lines, kinds)
    return kinds


def _apply(marks: Sequence[Kind | None], kinds: list[Kind]) -> None:
    """Let what the HTML says of the lines count where the text says nothing. Of the lines in the lower part of the mail
    (HEADER) only the first is needed."""
    divided = False
    for index, mark in enumerate(marks):
        if mark is Kind.HEADER:
            if not divided and kinds[index] in (Kind.TEXT, Kind.DOUBTFUL):
                kinds[index] = Kind.HEADER
            divided = True
        elif mark is not None and kinds[index] in (Kind.TEXT, Kind.DOUBTFUL):
            kinds[index] = mark


def _first_look(line: Line) -> Kind:
    if line.blank:
        return Kind.EMPTY
    return Kind.QUOTE if line.quoted else Kind.TEXT


def _code_lines(lines: Sequence[Line]) -> set[int]:
    """The lines between two fences (```), where ">" and "#" are the sender's own."""
    fences = [index for index, line in enumerate(lines) if line.raw.startswith("```")]
    return {at for opened, closed in zip(fences[::2], fences[1::2], strict=False) for at in range(opened, closed + 1)}


def _mark_enclosed(lines: Sequence[Line], kinds: list[Kind]) -> None:
    """Quotations between ">>> Ann >>>" and "<<< Ann <<<", as some programs enclose them."""
    opened: int | None = None
    for index, line in enumerate(lines):
        if opened is None and _OPENING.match(line.raw):
            opened = index
        elif opened is not None and _CLOSING.match(line.raw):
            for at in range(opened, index + 1):
                kinds[at] = Kind.EMPTY if lines[at].blank else Kind.QUOTE
            opened = None


def _mark_boundary(lines: Sequence[Line], kinds: list[Kind], index: int) -> int:
    """Mark the header block, marker or attribution that begins or ends at `index`; return where to go on."""
    attribution = attributions.find(lines, index)
    if attribution is not None:
        start, kind = attribution
        for at in range(start, index + 1):
            kinds[at] = kind
        return index + 1
    if kinds[index] is Kind.QUOTE:
        return index + 1
    if markers.announces(lines[index].raw) or markers.asks_to_reply_above(lines[index].raw):
        kinds[index] = Kind.MARKER
        return index + 1
    above = _last_filled(kinds, index)
    ruled = above is not None and (kinds[above] is Kind.MARKER or markers.is_rule(lines[above].raw))
    block = header_blocks.at(lines, index)
    if block is None or not block.is_enough(announced=ruled):
        return block.end if block else index + 1
    if above is not None and ruled:
        kinds[above] = Kind.MARKER
    for at in range(block.start, block.end):
        kinds[at] = Kind.HEADER
    return block.end


def _last_filled(kinds: Sequence[Kind], index: int) -> int | None:
    """The index of the last line above that is not empty, at most three lines up."""
    for at in range(index - 1, max(-1, index - 4), -1):
        if kinds[at] is not Kind.EMPTY:
            return at
    return None


def _settle_doubts(lines: Sequence[Line], kinds: list[Kind]) -> None:
    """A doubtful attribution is one if a quotation follows, else the sender's text."""
    following = Kind.EMPTY
    for index in range(len(lines) - 1, -1, -1):
        if kinds[index] is Kind.EMPTY:
            continue
        if kinds[index] in (Kind.DOUBTFUL, Kind.ATTRIBUTION):
            for at in _softly_quoted_below(lines, kinds, index):
                kinds[at] = following = Kind.QUOTE
        if kinds[index] is Kind.DOUBTFUL:
            wrapped = index + 1 < len(lines) and kinds[index + 1] is Kind.ATTRIBUTION
            kinds[index] = Kind.ATTRIBUTION if wrapped or following is Kind.QUOTE else Kind.TEXT
        following = kinds[index]


def _softly_quoted_below(lines: Sequence[Line], kinds: Sequence[Kind], index: int) -> list[int]:
    """The lines quoted by "|" or initials directly below an attribution."""
    found: list[int] = []
    for at in range(index + 1, len(lines)):
        if kinds[at] is Kind.TEXT and _SOFT_QUOTE.match(lines[at].raw):
            found.append(at)
        elif found or kinds[at] is not Kind.EMPTY:
            break
    return found
