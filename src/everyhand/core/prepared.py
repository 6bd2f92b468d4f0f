"""Questions that every page asks: the ORM writes each down once, and from then on the database only answers it.

To write the SQL of a query with some conditions takes Django a millisecond or two, ten times what the database needs to
answer it. A condition may hold a `Given`, whose value is told with each asking.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models.query import ModelIterable, get_related_populators  # type: ignore[attr-defined]

from everyhand.core.converters import converted, converters_of

Row = TypeVar("Row")


class Given(models.Expression):
    """Stands in a condition for a value that is told by this name when the question is asked; behind `__in` for a
    sequence of so many values.
    """

    def __init__(self, name: str, *, several: int | None = None) -> None:
        super().__init__()
        self.name, self.several = name, several

    def as_sql(self, compiler: Any, connection: Any) -> Any:  # noqa: ARG002 (as the ORM calls it)
        return "%s" if self.several is None else f"({', '.join(['%s'] * self.several)})", [self]


def blanked(condition: models.Q, name: str) -> tuple[models.Q, dict[str, Any]] | None:
    """The condition with a `Given`, called by `name` and a number, for each value it compares with, and those values;
    None when it holds anything that is more than a value. Conditions that differ in values alone become equal.
    """
    values: dict[str, Any] = {}

    def blank(part: Any) -> Any:
        if isinstance(part, models.Q):
            every = [blank(child) for child in part.children]
            return models.Q(*every, _connector=part.connector, _negated=part.negated)
        field, value = part
        if value is None:
            return part
        _, nested, lookup = field.rpartition("__")
        if nested and lookup not in ("lt", "gte"):
            raise TypeError
        told = f"{name}{len(values)}"
        values[told] = _plain(value)
        return field, Given(told)

    try:
        return blank(condition), values
    except TypeError:  # a subquery, or several values
        return None


def _plain(value: Any) -> str | int | datetime:
    if isinstance(value, models.Model):
        return _plain(value.pk)
    if isinstance(value, str):
        return str(value)  # of a choice, what it stands for
    if isinstance(value, (int, datetime)) and not isinstance(value, bool):
        return value
    raise TypeError


def prepared(rows: models.QuerySet[Any, Row], *, planned_anew: bool = False) -> Callable[..., list[Row]]:
    """The rows of this query, whenever what is returned is called, with the value of each `Given` by its name.

    `rows` must not hold a moment, or anything else that will have changed when it is asked again. `planned_anew` is for
    questions whose values decide how they are best answered, as how rare a word is does: PostgreSQL plans each time.
    """
    compiler: Any = rows.query.get_compiler(connection=connection)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:  # its conditions can't be true
        return lambda **_values: []
    sql, params = settled(sql, params)

    columns = [column for column, _sql, _alias in compiler.select[: compiler.col_count]]
    # What turns the database's values into Python's depends on the columns alone, and is long to find out.
    converters = converters_of(compiler, columns)
    made = _instances(rows, compiler) if issubclass(_iterable(rows), ModelIterable) else _values(rows)

    def ask(**values: Any) -> list[Row]:
        found: Any = answered(sql, told(params, values), planned_anew=planned_anew)
        if compiler.has_extra_select:  # columns that only put the rows in order
            found = [row[: compiler.col_count] for row in found]
        return made(converted(found, converters) if converters else found)

    return ask


def _instances(rows: models.QuerySet[Any, Row], compiler: Any) -> Callable[[Iterable[Any]], list[Row]]:
    """As the ORM makes them (`ModelIterable`), but that where each thing stands in a row is found out once."""
    model, places = compiler.klass_info["model"], compiler.klass_info["select_fields"]
    first, end, database = places[0], places[-1] + 1, rows.db
    names = [column.target.attname for column, _sql, _alias in compiler.select[first:end]]
    related = get_related_populators(compiler.klass_info, compiler.select, database)
    annotations = list((compiler.annotation_col_map or {}).items())
    prefetched = rows._prefetch_related_lookups  # type: ignore[attr-defined] # noqa: SLF001 (the ORM's own)

    def made(found: Iterable[Any]) -> list[Row]:
        every = []
        for row in found:
            one = model.from_db(database, names, row[first:end])
            for other in related:
                other.populate(row, one)
            for name, place in annotations:
                setattr(one, name, row[place])
            every.append(one)
        if prefetched and every:
            models.prefetch_related_objects(every, *prefetched)
        return every

    return made


def _values(rows: models.QuerySet[Any, Row]) -> Callable[[Iterable[Any]], list[Row]]:
    iterable = _iterable(rows)
    return lambda found: list(iterable(_Answered(rows, found)))


class _Answered:
    """A queryset, its query and its compiler, as far as the ORM's iterables of values look at them: their rows are here
    already.
    """

    def __init__(self, rows: Any, found: Iterable[Any]) -> None:
        self.query, self.db, self._fields, self._found = self, rows.db, rows._fields, found

    def get_compiler(self, _database: str) -> _Answered:
        return self

    def results_iter(self, **_how: Any) -> Iterable[Any]:
        return map(tuple, self._found)


def _iterable(rows: Any) -> Any:
    return rows._iterable_class  # noqa: SLF001 (the ORM's own)


def prepared_for_several(rows: Callable[[Given], models.QuerySet[Any, Row]]) -> Callable[[Collection[Any]], list[Row]]:
    """The rows that `rows` asks for with a `Given` behind `__in`, whenever what is returned is called with the values.

    A question is written for 1, 2, 4, 8 … values, and asked with the last one as often as it takes.
    """

    @cache
    def question(several: int) -> Callable[..., list[Row]]:
        return prepared(rows(Given("values", several=several)))

    def ask(values: Collection[Any]) -> list[Row]:
        told = list(values)
        if not told:
            return []
        several = 1 << (len(told) - 1).bit_length()
        return question(several)(values=[*told, *[told[-1]] * (several - len(told))])

    return ask


def written(rows: models.QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    """The SQL of this query and its values, among which a `Given` may stand."""
    try:
        return rows.query.sql_with_params()
    except EmptyResultSet:  # its conditions can't be true
        return "SELECT 1 WHERE 1 = 0", ()


def settled(sql: str, params: Iterable[Any]) -> tuple[str, tuple[Any, ...]]:
    """A question and its values as the database keeps them for being asked again."""
    database: Any = connection
    ready: tuple[str, tuple[Any, ...]] = database.settled(sql, params)
    return ready


def answered(sql: str, values: tuple[Any, ...], *, planned_anew: bool = False) -> Any:
    """All rows of a question that is asked with the same words each time."""
    if not connection.queries_logged and not connection.execute_wrappers:
        # Where nobody listens, a fifth of the time that a question takes is Django's cursors handing it to each other.
        database: Any = connection
        return database.answered(sql, values, planned_anew=planned_anew)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def told(params: tuple[Any, ...], values: dict[str, Any]) -> tuple[Any, ...]:
    """The values with each `Given` replaced by what it stands for. Raises KeyError when one was not told."""
    every: list[Any] = []
    for one in params:
        if not isinstance(one, Given):
            every.append(one)
        elif one.several is None:
            value = values[one.name]
            every.append(connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value)
        else:
            every.extend(values[one.name])
    return tuple(every)
