"""The decision: which lines the sender newly wrote."""

from __future__ import annotations

from collections.abc import Sequence

from everyhand.channels.email.parsing.replies import attributions, header_blocks, markers, markup, signatures
from everyhand.channels.email.parsing.replies.lines import Kind, Line, read, split_lines

# Boundaries are looked for in so many lines; a longer mail is a log or an attack, and is shown.
LINES_READ = 20_000
# "My answers are below in red" is said at the top.
LINES_OF_INTRODUCTION = 30

_BOUNDARIES = (Kind.ATTRIBUTION, Kind.HEADER, Kind.MARKER)
_RULE_SIGNS = frozenset("-_=*~#+ \t\u00a0\u1427—–─")


def split(text: str, html: str = "", *, subject: str = "") -> tuple[str, str]:
    """Divide a mail's text: (what the sender newly wrote, the rest).

    `text` is all of the mail's text: its plain part, or its HTML as text. `html` is its HTML, "" where it has none; it
    is read for the marks by which programs enclose quotations, and never adds words. `subject` is not needed; one that
    begins as a forward ("Fwd:") keeps the words of a mail that holds nothing else.

    Every line of `text` is in exactly one of the two, in order and unchanged. The first is empty only if `text` is
    blank. Never raises, and takes time in proportion to the length of its arguments.
    """
    lines = read(split_lines(text))
    kinds = classify(lines, html)
    keep = _newly_written(lines, kinds)
    if not any(kept and not line.blank for kept, line in zip(keep, lines, strict=True)):
        keep = [True] * len(lines)
    return _join(lines, keep, True), _join(lines, keep, False)


def own_words(lines: Sequence[Line]) -> str:
    """The words of an older message, given alone: with its signature (it says who they are), without what it quotes."""
    kinds: list[Kind] = [Kind.TEXT if kind is Kind.SIGNATURE else kind for kind in classify(lines)]
    keep = _newly_written(lines, kinds)
    return _join(lines, keep, True) or "\n".join(line.raw for line in lines)


def classify(lines: Sequence[Line], html: str = "") -> list[Kind]:
    """What each line is, seen alone and with its neighbours. (Where the answer begins and ends is decided later.)"""
    marks = markup.marks(lines, html) if html else []
    kinds = [_first_look(line) for line in lines]
    code = _code_lines(lines)
    index = 0
    while index < min(len(lines), LINES_READ):
        if kinds[index] is Kind.EMPTY or index in code:
            kinds[index] = Kind.EMPTY if kinds[index] is Kind.EMPTY else Kind.TEXT
            index += 1
            continue
        index = _mark_boundary(lines, kinds, index)
    _apply(marks, kinds)
    _settle_doubts(lines, kinds)
    signatures.mark(lines[:LINES_READ], kinds)
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
    """A doubtful attribution is one if a quotation follows, else the sender's text. Quotations by "|" likewise."""
    following: Kind | None = None
    for index in range(len(lines) - 1, -1, -1):
        if kinds[index] is Kind.EMPTY:
            continue
        if kinds[index] is Kind.DOUBTFUL:
            bars = _bars_below(lines, kinds, index)
            if bars:
                for at in bars:
                    kinds[at] = Kind.QUOTE
                following = Kind.QUOTE
            if index + 1 < len(lines) and kinds[index + 1] is Kind.ATTRIBUTION:
                kinds[index] = Kind.ATTRIBUTION
            else:
                kinds[index] = Kind.ATTRIBUTION if following is Kind.QUOTE else Kind.TEXT
        elif kinds[index] is Kind.ATTRIBUTION:
            for at in _bars_below(lines, kinds, index):
                kinds[at] = Kind.QUOTE
        following = kinds[index]


def _bars_below(lines: Sequence[Line], kinds: Sequence[Kind], index: int) -> list[int]:
    """The lines quoted by "|" directly below an attribution (a table has a bar at both ends)."""
    found: list[int] = []
    for at in range(index + 1, len(lines)):
        bare = lines[at].raw.strip()
        if bare.startswith("|") and kinds[at] is Kind.TEXT:
            found.append(at)
        elif bare or found:
            break
    return found


def _newly_written(lines: Sequence[Line], kinds: list[Kind]) -> list[bool]:
    """For each line: is it part of the sender's new words?"""
    keep = [kind in (Kind.TEXT, Kind.QUOTE, Kind.EMPTY) for kind in kinds]
    end = _history_start(lines, kinds)
    for index in range(end, len(lines)):
        keep[index] = False
    texts = [index for index in range(end) if kinds[index] is Kind.TEXT and not _is_drawn(lines[index].raw)]
    if not texts:
        return keep
    for index in range(texts[-1] + 1, end):
        keep[index] = False
    first_quote = next((index for index in range(end) if kinds[index] is Kind.QUOTE), end)
    introduced = any(kinds[index] is Kind.ATTRIBUTION for index in range(first_quote))
    if introduced and first_quote < texts[0] and not any(kinds[at] is Kind.QUOTE for at in range(texts[0], texts[-1])):
        for index in range(first_quote, texts[0]):
            keep[index] = False
    return keep


def _history_start(lines: Sequence[Line], kinds: Sequence[Kind]) -> int:
    """Where the older messages begin for good: at the first boundary below words of the sender that no quotation signs
    follow. Below a boundary without any words above it stand the words this mail is about, so it is passed over."""
    written, inside, said = False, False, 0
    below = _next_kinds(kinds)
    for index, kind in enumerate(kinds):
        if kind is Kind.TEXT and not _is_drawn(lines[index].raw):
            written = True
            said += 1
            inside = inside or (said <= LINES_OF_INTRODUCTION and markers.says_answers_are_inside(lines[index].low))
        elif kind in _BOUNDARIES and written and not (kind is Kind.ATTRIBUTION and below[index] is Kind.QUOTE):
            return len(lines) if inside and _has_text(kinds, index) else index
    return len(lines)


def _next_kinds(kinds: Sequence[Kind]) -> list[Kind]:
    """For each line: the kind of the first line below that is neither empty nor an attribution."""
    result, following = list[Kind](), Kind.EMPTY
    for kind in reversed(kinds):
        result.append(following)
        following = following if kind in (Kind.EMPTY, Kind.ATTRIBUTION) else kind
    return result[::-1]


def _has_text(kinds: Sequence[Kind], index: int) -> bool:
    return any(kind is Kind.TEXT for kind in kinds[index:])


def _is_drawn(line: str) -> bool:
    """Nothing but a drawn line or a program's sign: no words."""
    return len(line) <= 200 and all(sign in _RULE_SIGNS for sign in line)


def _join(lines: Sequence[Line], keep: Sequence[bool], wanted: bool) -> str:
    return "\n".join(line.raw for line, kept in zip(lines, keep, strict=True) if kept is wanted).strip("\n")
