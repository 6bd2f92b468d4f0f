"""The index on PostgreSQL: a `tsvector` with a GIN index, made from our words and not by PostgreSQL's parser."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db import connection, models
from django.db.models.expressions import RawSQL

from everyhand.core.prepared import Given, prepared, written
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


def words_in(documents: models.QuerySet[Document]) -> Callable[..., Iterator[list[str]]]:
    """A question that is `prepared`: told a `beginning`, what are the words of each that begin so?

    They come as one text, 'this' 'way', and are taken out of it here: the database takes several times as long.
    """
    every = documents.annotate(every=RawSQL("strip(core_document.words)::text", ()))
    ask = prepared(every.values_list("every", flat=True), planned_anew=True)

    def words(beginning: str, **values: Any) -> Iterator[list[str]]:
        for text in ask(**values):
            _, *found = text.split(f"'{beginning}")  # words are letters and digits
            yield [beginning + one.partition("'")[0] for one in found]

    return words


def matching(words: str | Given, since: int | None, before: int | Given | None) -> models.QuerySet[Document]:
    limits = {"number__gte": since, "number__lt": before}
    found = Document.objects.extra(where=["core_document.words @@ %s::tsquery"], params=[words])
    return found.filter(**{name: number for name, number in limits.items() if number is not None}).order_by("-number")


def of_groups(groups: Sequence[models.QuerySet[Any, Any]]) -> models.Q:
    """Listed as an array, their documents are found by index. To test each that matches for being among them, from the
    newest down, the planner takes for cheap, since it does not know how few of them are.
    """
    every = [written(one.order_by()) for one in groups]
    listed = " UNION ALL ".join(sql for sql, _params in every)
    params = [one for _sql, params in every for one in params]
    condition = f'core_document."group" = ANY(ARRAY({listed}))'
    return models.Q(RawSQL(condition, params, output_field=models.BooleanField()))  # noqa: S611 (made by the ORM)


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
