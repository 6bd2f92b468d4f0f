"""Full-text search inside the database: no second system to run, and what was found is what is committed.

A document is a number, the number of the group it belongs to, and some texts. It is put and forgotten in the caller's
transaction. `words` cuts texts into words, the same way for both databases; `language` reads what people type;
`sqlite` and `postgresql` keep the index. Documents are found newest first, a higher number being newer: the same
results in the same order on both, and no need to rank every match of a common word.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from types import ModuleType
from typing import Any

from django.db import connection, models

from everyhand.core.prepared import Given
from everyhand.core.search import postgresql, similar, sqlite
from everyhand.core.search.documents import Document, place
from everyhand.core.search.excerpts import Excerpt, excerpt, marked
from everyhand.core.search.language import Phrase, Query, read
from everyhand.core.search.words import words_of

__all__ = [
    "Document",
    "Excerpt",
    "New",
    "Phrase",
    "Prepared",
    "Query",
    "add",
    "add_prepared",
    "excerpt",
    "expression",
    "forget",
    "gathering",
    "instead_of",
    "marked",
    "matching",
    "matching_given",
    "move",
    "of_groups",
    "prepared",
    "put",
    "read",
    "words_beginning",
]


New = tuple[int, int, Iterable[str]]  # number, group, texts
Prepared = tuple[int, int, int, list[str]]  # key, number, group, words


_gathered: ContextVar[list[New] | None] = ContextVar("gathered", default=None)


def add(documents: Iterable[New]) -> None:
    """Make documents findable that were never put before."""
    gathered = _gathered.get()
    if gathered is not None:
        gathered.extend(documents)
        return
    add_prepared(prepared(documents))


def prepared(documents: Iterable[New]) -> list[Prepared]:
    """The same documents, their texts cut into words: all of the work that needs no database."""
    return [(place(number), number, group, words_of(texts)) for number, group, texts in documents]


def add_prepared(documents: Iterable[Prepared]) -> None:
    """`add` what is `prepared`."""
    _back_end().put(documents)


@contextmanager
def gathering() -> Iterator[None]:
    """What is added within the block is written at its end, together."""
    documents: list[New] = []
    token = _gathered.set(documents)
    try:
        yield
    finally:
        _gathered.reset(token)
    add(documents)


def put(number: int, *, group: int, texts: Iterable[str]) -> None:
    """Make a document findable by the words of its texts, instead of what it said before."""
    before = Document.objects.filter(number=number).first()
    if before is not None:
        _forget(Document.objects.filter(pk=before.pk))
    _back_end().put([(place(number, after=before.pk if before else None), number, group, words_of(texts))])


def move(numbers: Collection[int], *, group: int) -> None:
    """These documents belong to another group now."""
    Document.objects.filter(number__in=numbers).update(group=group)


def forget(*, groups: Collection[int], numbers: Collection[int] = ()) -> None:
    """Remove every document of these groups, and these, words and all. Don't put one again in the same transaction."""
    _forget(Document.objects.filter(models.Q(group__in=groups) | models.Q(number__in=numbers)))


def matching(query: Query, *, since: int | None = None, before: int | None = None) -> models.QuerySet[Document]:
    """The documents that have every word of the query and none that it excludes, newest first.

    Only those with a number from `since` on, and only those with one below `before`.
    """
    if not query.wanted:
        return Document.objects.none()
    return _matching(expression(query), since, before)


def matching_given(name: str, *, before: Given | None = None) -> models.QuerySet[Document]:
    """The same for a question that is `prepared`, which is told the `expression` of a query that wants something."""
    return _matching(Given(name), None, before)


def of_groups(groups: Sequence[models.QuerySet[Any, Any]]) -> models.Q:
    """That a document belongs to a group among these keys, of which there are few beside all documents."""
    condition: models.Q = _back_end().of_groups(groups)
    return condition


def expression(query: Query) -> str:
    """The query as the database reads it."""
    written: str = _back_end().expression(query)
    return written


def _matching(words: str | Given, since: int | None, before: int | Given | None) -> models.QuerySet[Document]:
    found: models.QuerySet[Document] = _back_end().matching(words, since, before)
    return found


def words_beginning(allowed: models.Q) -> Callable[..., Iterable[list[str]]]:
    """A question that is `prepared` for `instead_of`, about documents that `allowed` lets pass: which words begin with
    some letters, in each of the newest documents that have any? Told the letters and the value of each `Given`.
    """
    ask = _back_end().words_in(matching_given("words").filter(allowed)[: similar.LOOKED_INTO])

    def words(beginning: str, **values: Any) -> Iterable[list[str]]:
        alike = Query((Phrase((beginning,), goes_on=True),), ())
        found: Iterable[list[str]] = ask(beginning=beginning, words=expression(alike), **values)
        return found

    return words


def instead_of(
    query: Query, *, is_there: Callable[[Query], bool], words: Callable[[str], Iterable[list[str]]]
) -> Query | None:
    """The same query with each word that no document has (as `is_there` tells) replaced by the one most like it among
    `words`, which tells those that begin with some letters (see `words_beginning`); None when nothing is like it.
    """
    meant = [_meant(phrase, is_there, words) for phrase in query.wanted]
    return replace(query, wanted=tuple(meant)) if meant != list(query.wanted) else None


def _meant(phrase: Phrase, is_there: Callable[[Query], bool], words: Callable[[str], Iterable[list[str]]]) -> Phrase:
    (word, *more) = phrase.words
    if more or len(word) < similar.SHORTEST or is_there(Query((phrase,), ())):
        return phrase
    for letters in similar.BEGINNINGS:
        found = similar.closest(word, words(word[:letters]))
        if found:
            return Phrase((found,))
    return phrase


def _forget(documents: models.QuerySet[Document]) -> None:
    _back_end().before_forgetting(documents)
    documents.delete()


def _back_end() -> ModuleType:
    return postgresql if connection.vendor == "postgresql" else sqlite
