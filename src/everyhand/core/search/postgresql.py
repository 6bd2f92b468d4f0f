"""The index on PostgreSQL: a `tsvector` with a GIN index, made from our words and not by PostgreSQL's parser."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from django.db import connection, models
from django.db.models.expressions import RawSQL

from everyhand.core.prepared import Given, prepared
from everyhand.core.search.documents import Document
from everyhand.core.search.language import Phrase, Query
from everyhand.core.search.words import BARRIER

CREATE = "CREATE INDEX core_document_index ON core_document USING gin (words)"
DROP = "DROP INDEX core_document_index"
# Of a word that the planner does not know it supposes half as many documents as have the rarest of these. Of
# the thousand that it knows by default that is one in 200 at worst: so many that it walked over all documents to come
# across one with a word that none has. Of five thousand the rarest is rare; to gather them takes hardly longer.
KNOW_MORE_WORDS = "ALTER TABLE core_document ALTER COLUMN words SET STATISTICS 500"
KNOW_AS_MANY_WORDS = "ALTER TABLE core_document ALTER COLUMN words SET STATISTICS -1"


def put(documents: Iterable[tuple[int, int, int, list[str]]]) -> None:
    """Each (key, number, group, words)."""
    with connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO core_document (id, number, "group", words) VALUES (%s, %s, %s, %s::tsvector)',
            [(key, number, group, _vector(words)) for key, number, group, words in documents],
        )


def before_forgetting(documents: models.QuerySet[Document]) -> None:
    """Nothing: the words are in the row."""


def words_in(documents: models.QuerySet[Document]) -> Callable[..., list[list[str]]]:
    """A question that is `prepared`: told a `beginning`, what are the words of each that begin so?"""
    these = "ARRAY(SELECT lexeme FROM unnest(core_document.words) WHERE starts_with(lexeme, %s))"
    every = documents.annotate(these=RawSQL(these, (Given("beginning"),)))  # noqa: S611 (what was typed is a parameter)
    return prepared(every.values_list("these", flat=True))


def matching(words: str | Given, since: int | None, before: int | Given | None) -> models.QuerySet[Document]:
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
