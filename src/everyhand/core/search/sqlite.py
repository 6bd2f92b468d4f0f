"""The index on SQLite: an FTS5 table that keeps no text of its own.

Such a table takes a third of the space, but it forgets a document only when it is shown the very words that were put,
so the documents keep them, compressed. Words come folded, so all that FTS5 has to do is to cut at spaces: its tokenizer
"ascii" does that and takes every letter beyond ASCII for part of a word.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection, models

from everyhand.core.prepared import Given, prepared
from everyhand.core.search.documents import EDITIONS, Document
from everyhand.core.search.language import Phrase, Query

CREATE = """CREATE VIRTUAL TABLE core_document_index USING fts5(
    words, content='', columnsize=0, prefix='2 3', tokenize='ascii'
)"""
DROP = "DROP TABLE core_document_index"


def put(documents: Iterable[tuple[int, int, int, list[str]]]) -> None:
    """Each (key, number, group, words). Past the ORM: it is done for every message, and bench/ does it for millions."""
    rows = [(key, number, group, " ".join(words)) for key, number, group, words in documents]
    with connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO core_document (id, number, "group", words) VALUES (%s, %s, %s, %s)',
            [(key, number, group, zlib.compress(text.encode())) for key, number, group, text in rows],
        )
        cursor.executemany(
            "INSERT INTO core_document_index (rowid, words) VALUES (%s, %s)",
            [(key, text) for key, _number, _group, text in rows],
        )


def before_forgetting(documents: models.QuerySet[Document]) -> None:
    put_once = list(documents.values_list("pk", "words"))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO core_document_index (core_document_index, rowid, words) VALUES ('delete', %s, %s)",
            [(number, zlib.decompress(words).decode()) for number, words in put_once],
        )


def words_in(documents: models.QuerySet[Document]) -> Callable[..., Iterator[list[str]]]:
    """A question that is `prepared`: told a `beginning`, what are the words of each that begin so?"""
    ask = prepared(documents.values_list("words", flat=True))

    def words(beginning: str, **values: Any) -> Iterator[list[str]]:
        begins_so = f" {beginning}".encode()
        for packed in ask(**values):
            _, *found = (b" " + zlib.decompress(packed)).split(begins_so)
            yield [beginning + one.partition(b" ")[0].decode() for one in found]

    return words


def matching(words: str | Given, since: int | None, before: int | Given | None) -> models.QuerySet[Document]:
    # Joined, not "id IN (...)": FTS5 then walks from the newest match down and stops when the page is full.
    where = ["core_document_index MATCH %s", "core_document_index.rowid = core_document.id"]
    params: list[Any] = [words]
    for limit, number in (("rowid >= %s", since), ("rowid < %s", before)):
        if number is not None:
            where.append(f"core_document_index.{limit} * {EDITIONS}")  # see `place`
            params.append(number)
    return Document.objects.extra(  # noqa: S610 (what was typed is a parameter)
        tables=["core_document_index"], where=where, params=params, order_by=["-core_document_index.rowid"]
    )


def of_groups(groups: Sequence[models.QuerySet[Any, Any]]) -> models.Q:
    """Each is listed once a question, when the first match is tested."""
    return reduce(or_, (models.Q(group__in=one) for one in groups))


def expression(query: Query) -> str:
    """The query as FTS5 reads it (its documentation, section 3). Words are letters and digits, so quotes are safe."""
    wanted = " AND ".join(_phrase(phrase) for phrase in query.wanted)
    unwanted = " OR ".join(_phrase(phrase) for phrase in query.unwanted)
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def _phrase(phrase: Phrase) -> str:
    return f'"{" ".join(phrase.words)}"' + ("*" if phrase.goes_on else "")
