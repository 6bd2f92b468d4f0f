"""Questions that every page asks: the ORM writes each down once, and from then on the database only answers it.

To write the SQL of a query with some conditions takes Django a millisecond or two, ten times what the database needs to
answer it. A condition may hold a `Given`, whose value is told with each asking.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import copy
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection, models

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


def prepared(rows: models.QuerySet[Any, Row]) -> Callable[..., list[Row]]:
    """The rows of this query, whenever what is returned is called, with the value of each `Given` by its name.

    `rows` must not hold a moment, or anything else that will have changed when it is asked again.
    """
    compiler = rows.query.get_compiler(connection=connection)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:  # its conditions can't be true
        return lambda **_values: []

    # What turns the database's values into Python's depends on the columns alone, and is long to find out.
    converters = compiler.get_converters([column for column, _sql, _alias in compiler.select[: compiler.col_count]])

    def ask(**values: Any) -> list[Row]:
        again, asked = rows.all(), copy(compiler)
        asked.__dict__["as_sql"] = lambda *_args, **_more: (sql, told(params, values))
        asked.__dict__["get_converters"] = lambda _columns: converters
        again.query.__dict__["get_compiler"] = lambda *_args, **_more: asked
        return list(again)

    return ask


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
