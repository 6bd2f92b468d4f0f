"""The decision: which lines the sender newly wrote."""

from __future__ import annotations

from collections.abc import Sequence

from everyhand.channels.email.parsing.replies import markers
from everyhand.channels.email.parsing.replies.classifying import classify
from everyhand.channels.email.parsing.replies.lines import Kind, Line, read, split_lines

# "Dear Ms Lee," alone above a boundary is not the whole answer: the rest must stand below.
WORDS_OF_GREETING = 5
# "My answers are below in red" is said at the top.
LINES_OF_INTRODUCTION = 30

_BOUNDARIES = (Kind.ATTRIBUTION, Kind.HEADER, Kind.MARKER)
_RULE_SIGNS = frozenset(">|-_=*~#+ \t\u00a0\u1427—–─")


def split(text: str, html: str = "") -> tuple[str, str]:
    """Divide a mail's text: (what the sender newly wrote, the rest).

    `text` is all of the mail's text: its plain part, or its HTML as text. `html` is its HTML, "" where it has none; it
    is read for the marks by which programs enclose quotations, and never adds words. (The subject would decide nothing:
    answers come without "Re:" and new questions with it too often.)

    Every line of `text` is in exactly one of the two, in order and unchanged. The first is empty only if `text` is
    blank. Never raises, and takes time in proportion to the length of its arguments.
    """
    lines = read(split_lines(text))
    kinds = classify(lines, html)
    keep = _newly_written(lines, kinds)
    if not any(kept and not line.blank and not _is_drawn(line.raw) for kept, line in zip(keep, lines, strict=True)):
        keep = [True] * len(lines)
    return _join(lines, keep, True), _join(lines, keep, False)


def own_words(lines: Sequence[Line]) -> str:
    """The words of an older message, given alone: with its signature (it says who they are), without what it quotes."""
    kinds: list[Kind] = [Kind.TEXT if kind is Kind.SIGNATURE else kind for kind in classify(lines)]
    keep = _newly_written(lines, kinds)
    return _join(lines, keep, True) or "\n".join(line.raw for line in lines)


def _newly_written(lines: Sequence[Line], kinds: list[Kind]) -> list[bool]:
    """For each line: is it part of the sender's new words?"""
    keep = [kind in (Kind.TEXT, Kind.QUOTE, Kind.EMPTY) for kind in kinds]
    inside = _says_answers_are_inside(lines, kinds)
    end = len(lines) if inside else _history_start(lines, kinds)
    for index in range(end, len(lines)):
        keep[index] = False
    texts = [index for index in range(end) if kinds[index] is Kind.TEXT and not _is_drawn(lines[index].raw)]
    if not texts:
        return keep
    for index in range(texts[-1] + 1, end):
        # Nobody types behind a ">", but in an element that is meant to enclose the quotation people do.
        keep[index] = inside and kinds[index] is Kind.QUOTE and not lines[index].quoted
    for index in _needless_quotation(kinds, texts):
        keep[index] = False
    return keep


def _needless_quotation(kinds: Sequence[Kind], texts: Sequence[int]) -> range:
    """The lines of the one introduced quotation above or between the sender's words: it is not needed to read them.

    Two or more quotations are answered piece by piece, and one nobody introduces was chosen by the sender: those stay.
    So does one in a mail that begins with a boundary and goes on with words: nobody knows whose they are.
    """
    quotes = [index for index in range(texts[-1]) if kinds[index] is Kind.QUOTE]
    if not quotes:
        return range(0)
    first, last = quotes[0], quotes[-1]
    if any(kinds[index] not in (Kind.QUOTE, Kind.EMPTY) for index in range(first, last)):
        return range(0)
    above = next((kinds[index] for index in range(first - 1, -1, -1) if kinds[index] is not Kind.EMPTY), Kind.EMPTY)
    begins = next(kind for kind in kinds if kind is not Kind.EMPTY)
    unclear = begins in _BOUNDARIES and texts[0] < first
    return range(first, last + 1) if above is Kind.ATTRIBUTION and not unclear else range(0)


def _history_start(lines: Sequence[Line], kinds: Sequence[Kind]) -> int:
    """Where the older messages begin for good: at the first boundary below words of the sender that no quotation signs
    follow. Below a boundary without any words above it stand the words this mail is about, so it is passed over."""
    written, above = False, 0
    below = _next_kinds(kinds)
    for index, kind in enumerate(kinds):
        if kind is Kind.TEXT and not _is_drawn(lines[index].raw):
            written = written or above > 0 or not _is_greeting(lines[index].low)
            above += 1
        elif kind in _BOUNDARIES and written and not (kind is Kind.ATTRIBUTION and below[index] is Kind.QUOTE):
            return index
    return len(lines)


def _says_answers_are_inside(lines: Sequence[Line], kinds: Sequence[Kind]) -> bool:
    """Does the sender say above the first quotation or boundary that their answers stand below, inside it?"""
    for index, kind in enumerate(kinds[:LINES_OF_INTRODUCTION]):
        if kind is Kind.QUOTE or kind in _BOUNDARIES:
            return False
        if kind is Kind.TEXT and markers.says_answers_are_inside(lines[index].low):
            return True
    return False


def _next_kinds(kinds: Sequence[Kind]) -> list[Kind]:
    """For each line: the kind of the first line below that is neither empty nor an attribution."""
    result, following = list[Kind](), Kind.EMPTY
    for kind in reversed(kinds):
        result.append(following)
        following = following if kind in (Kind.EMPTY, Kind.ATTRIBUTION) else kind
    return result[::-1]


def _is_greeting(low: str) -> bool:
    return low.endswith((",", "，", "、")) and len(low.split()) <= WORDS_OF_GREETING


def _is_drawn(line: str) -> bool:
    """Nothing but a drawn line or a program's sign: no words."""
    return len(line) <= 200 and all(sign in _RULE_SIGNS for sign in line)


def _join(lines: Sequence[Line], keep: Sequence[bool], wanted: bool) -> str:
    """The lines with that answer, without blank ones at either end."""
    chosen = [line for line, kept in zip(lines, keep, strict=True) if kept is wanted]
    filled = [index for index, line in enumerate(chosen) if not line.blank]
    return "\n".join(line.raw for line in chosen[filled[0] : filled[-1] + 1]) if filled else ""
