"""The pieces of the index of words on SQLite, on the levels where years of merging would have left them.

What is written at once ends in large pieces on the first levels, beside which the small ones of new mail would come to
stand, and be merged with them. Where a company grew, large pieces stand on high levels.
"""

from __future__ import annotations

from typing import Final

from django.db import connection

RAISED: Final = 3  # levels

# The structure of the index (SQLite's source, ext/fts5/fts5_index.c): a cookie of four bytes, then numbers of seven
# bits to a byte: how many levels, how many pieces, how often was written; and then each level, the lowest first.
_READ: Final = "SELECT block FROM core_document_index_data WHERE id = 10"
_WRITE: Final = "UPDATE core_document_index_data SET block = %s WHERE id = 10"
_COOKIE: Final = 4
_EMPTY: Final = b"\0\0"  # a level of which nothing is being merged, and which has no piece


def raise_levels() -> None:
    """Put as many empty levels below those of the index."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        structure = bytes(cursor.fetchone()[0])
        levels, place = structure[_COOKIE], _COOKIE + 1
        for _ in ("pieces", "written"):
            while structure[place] >= 0x80:
                place += 1
            place += 1
        head = structure[:_COOKIE] + bytes([levels + RAISED]) + structure[_COOKIE + 1 : place]
        cursor.execute(_WRITE, [head + RAISED * _EMPTY + structure[place:]])
