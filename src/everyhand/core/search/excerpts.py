"""The piece of a text that shows why it was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from everyhand.core.search.language import Phrase
from everyhand.core.search.words import places

# Pieces of a text in order, and whether each is what was looked for.
Excerpt = list[tuple[str, bool]]
# A word as it is compared, with its start and end in the text.
Place = tuple[str, int, int]


def excerpt(text: str, phrases: Sequence[Phrase], *, width: int = 200) -> Excerpt:
    """About `width` characters from a little before the first of `phrases` on, or from the beginning if none is there.

    Line breaks and runs of blanks become one blank.
    """
    text = " ".join(text.split())
    there = list(places(text)) if phrases else []
    marks = sorted({mark for phrase in phrases for mark in _occurrences(there, phrase)})
    start = _start(there, marks[0][0] - width // 4) if marks else 0
    pieces: Excerpt = [("… ", False)] if start else []
    at, end = start, start + width
    for mark_start, mark_end in marks:
        if at <= mark_start < end:
            pieces += [(text[at:mark_start], False), (text[mark_start:mark_end], True)]
            at = mark_end
    end = max(at, end)
    pieces.append((text[at:end] + (" …" if end < len(text) else ""), False))
    return [piece for piece in pieces if piece[0]]


def _occurrences(there: list[Place], phrase: Phrase) -> Iterator[tuple[int, int]]:
    length = len(phrase.words)
    *whole, last = phrase.words
    if not whole:
        yield from (
            (start, end) for word, start, end in there if word == last or (phrase.goes_on and word.startswith(last))
        )
        return
    for at in range(len(there) - length + 1):
        *before, (word, _, end) = there[at : at + length]
        fits = word.startswith(last) if phrase.goes_on else word == last
        if fits and [one for one, _, _ in before] == whole:
            yield there[at][1], end


def _start(there: list[Place], wanted: int) -> int:
    """The first word at or after the place `wanted`, 0 when that is before all of them."""
    return next((start for _, start, _ in there if start >= wanted), 0) if wanted > 0 else 0
