"""What somebody may have meant who mistyped: words that are really there, in what they may see.

The words are taken from the newest documents that have one beginning as it does, so there is no list of words to keep
true, to keep small, or to clear of what was erased.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Final

# So many letters at the beginning are taken for right; the longer beginning is tried first.
BEGINNINGS: Final = (3, 2)
# So many documents are looked into. Reading the words of one takes some 30 microseconds.
LOOKED_INTO: Final = 400
# Of a shorter word too many others are like it.
SHORTEST: Final = 4


def closest(word: str, among: Iterable[Iterable[str]]) -> str | None:
    """The word most like `word` in these documents' words, None when none is like it; among equals the most frequent.

    Alike is one slip (a letter more, less, another, or two that changed places) in up to seven letters, two in more.
    """
    slips = 1 if len(word) < 8 else 2
    counted = Counter(chain.from_iterable(map(set, among)))
    letters = set(word)
    near = [
        (distance(word, one, most=slips), -times, one)
        for one, times in counted.items()
        if abs(len(one) - len(word)) <= slips
        and one[:2] == word[:2]
        and one != word
        # A slip puts at most one letter in the place of another: who has more that differ need not be compared.
        and len(letters.symmetric_difference(one)) <= 2 * slips
    ]
    best = min(near, default=None)
    return best[2] if best and best[0] <= slips else None


def distance(one: str, other: str, *, most: int) -> int:
    """How many slips make one word the other: the restricted Damerau-Levenshtein distance, optimal string alignment
    (Boytsov, "Indexing methods for approximate dictionary searching", 2011, section 2.2). From `most` on they are not
    counted to the end: some number above it is told.
    """
    # What both begin and end with is no slip, and of two words that are alike that is nearly all.
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, its in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most <= min(last):  # two letters that changed places are counted from the row before
            return most + 1
        before, last = last, row
    return last[-1]
