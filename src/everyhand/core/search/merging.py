"""The pieces of the index of words on SQLite are merged by the worker, so that nobody who commits does it for others.

Each commit leaves a piece, and pieces are merged into larger ones of the next level, else a search would look into all
of them. By itself FTS5 has whoever commits do that for everybody once 64 pages were written: every sixty-fourth reply
took 50 ms longer. It is told not to (`MERGE_LATER`), and the worker merges a little at a time. Where no worker runs
whoever commits does it still, once sixteen pieces of a level have gathered (https://sqlite.org/fts5.html, 6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction

TELL: Final = "INSERT INTO core_document_index (core_document_index, rank) VALUES (%s, %s)"  # the way FTS5 is told
MERGE_LATER: Final = ("automerge", 0)
MERGE_AT_ONCE: Final = ("automerge", 4)  # as it does by itself

_STRUCTURE: Final = "SELECT block FROM core_document_index_data WHERE id = 10"

ENOUGH: Final = 4  # pieces of one level that are merged, as FTS5 does by itself
# So many small ones (of the first levels) are urgent: with sixteen whoever commits would have to merge them.
CROWDED: Final = 12
SMALL: Final = 2
# Pages merged with one commit, during which nobody else writes: some 5 ms, and some 25 when so much is written that
# less would never be done with it.
LITTLE: Final = 48
MUCH: Final = 256


@dataclass(frozen=True, slots=True)
class Level:
    """The pieces of a level, how many pages they have, and whether they are being merged."""

    pieces: int
    pages: int
    going_on: bool


def merge_some() -> int:
    """Go on with merging, if there is anything to merge; how many pieces there were of a crowded level, of which
    more is to be merged at once. To merge large pieces takes long and is in no hurry: a search looks into some more.
    """
    levels = list(_levels())
    crowded = [one for one in levels[:SMALL] if one.pieces >= CROWDED]
    if crowded or any(one.going_on or one.pieces >= ENOUGH for one in levels):
        # No more than those have, else FTS5 would hurry on with large ones.
        pages = min(MUCH, sum(one.pages for one in crowded)) if crowded else LITTLE
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TELL, ["merge", pages])
    return max((one.pieces for one in crowded), default=0)


def _levels() -> Iterator[Level]:
    """As the structure record tells (SQLite's source, ext/fts5/fts5_index.c, the format of tables like ours), which
    begins with a cookie of four bytes.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STRUCTURE)
        numbers = _numbers(cursor.fetchone()[0][4:])
    levels, _pieces, _written = next(numbers), next(numbers), next(numbers)
    for _ in range(levels):
        merging, pieces, pages = next(numbers), next(numbers), 0
        for _ in range(pieces):
            _name, first, last = next(numbers), next(numbers), next(numbers)
            pages += last - first + 1
        yield Level(pieces, pages, going_on=merging > 0)


def _numbers(record: bytes) -> Iterator[int]:
    """Seven bits to a byte, the highest first; all but the last byte of a number have the eighth bit (a varint)."""
    number = 0
    for byte in record:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            yield number
            number = 0
