"""The index on PostgreSQL: a `tsvector` with a GIN index, made from our words and not by PostgreSQL's parser."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db import connection, models
from django.db.models.expressions import RawSQL

from everyhand.core.prepared import Given
from everyhand.core.search.documents import Document
from everyhand.core.search.language import Phrase, Query
from everyhand.core.search.words import BARRIER

CREATE = "CREATE INDEX core_document_index ON core_document USING gin (words)"
DROP = "DROP INDEX core_document_index"


def put(documents: Iterable[tuple[int, int, int, list[str]]]) -> None:
    """Each (key, number, group, words)."""
    with connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO core_document (id, number, "group", words) VALUES (%s, %s, %s, %s::tsvector)',
            [(key, number, group, _vector(words)) for key, number, group, words in documents],
        )


def before_forgetting(documents: models.QuerySet[Document]) -> None:
    """Nothing: the words are in the row."""


def words_in(documents: models.QuerySet[Document], beginning: str) -> Iterator[list[str]]:
    """The words of each that begin so."""
    every = documents.annotate(every=RawSQL("tsvector_to_array(core_document.words)", ()))
    for words in every.values_list("every", flat=True):
        yield [word for word in words if word.startswith(beginning)]


def matching(words: str | Given, since: int | None, before: int | None) -> models.QuerySet[Document]:
    limits = {"number__gte": since, "number__lt": before}
    found = Document.objects.extra(where=["core_document.words @@ %s::tsquery"], params=[words])
    return found.filter(**{name: number for name, number in limits.items() if number is not None}).order_by("-number")


def expression(query: Query) -> str:
    """The query as PostgreSQL reads it (its manual, section 8.11.2). Words are letters and digits: quotes are safe."""
    wanted = [_phrase(phrase) for phrase in query.wanted]
    return " & ".join([*wanted, *(f"!{_phrase(phrase)}" for phrase in query.unwanted)])


def _phrase(phrase: Phrase) -> str:
    words = [f"'{word}'" for word in phrase.words]
    return "(" + " <-> ".join(words) + (":*" if phrase.goes_on else "") + ")"


def _vector(words: list[str]) -> str:
    places: dict[str, list[str]] = defaultdict(list)
    for place, word in enumerate(words, 1):
        if word != BARRIER:
            places[word].append(str(place))
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())
