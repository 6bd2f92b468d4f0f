"""What people type into a search box: words that must all be there, "phrases", -without. The last word may go on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from everyhand.core.search.words import places

# Nobody means more, and a database should not be made to look for it.
LONGEST_QUERY: Final = 500
PHRASES: Final = 20
# With one letter almost every document would have a word that begins so.
SHORTEST_BEGINNING: Final = 2

_PART = re.compile(r'(?P<without>-)?(?:"(?P<quoted>[^"]*)(?P<closed>"?)|(?P<bare>[^\s"]+))')


@dataclass(frozen=True)
class Phrase:
    """Words that follow each other. When it `goes_on`, its last word may be the beginning of one."""

    words: tuple[str, ...]
    goes_on: bool = False


@dataclass(frozen=True)
class Query:
    """What a document must have, and what it must not."""

    wanted: tuple[Phrase, ...]
    unwanted: tuple[Phrase, ...]


def read(text: str) -> Query:
    """Understand what somebody typed. Every text is a query; one without words finds nothing."""
    wanted: list[Phrase] = []
    unwanted: list[Phrase] = []
    parts = list(_PART.finditer(text[:LONGEST_QUERY]))
    for part in parts:
        # What is typed in one piece, such as an address or a number with dashes, was written in one piece.
        quoted = part["quoted"] is not None
        found = tuple(word for word, _, _ in places(part["quoted"] if quoted else part["bare"]))
        if not found or len(wanted) + len(unwanted) >= PHRASES:
            continue
        typing = part is parts[-1] and not part["closed"] and not part["without"]
        phrase = Phrase(found, goes_on=typing and len(found[-1]) >= SHORTEST_BEGINNING)
        (unwanted if part["without"] else wanted).append(phrase)
    return Query(tuple(wanted), tuple(unwanted))
