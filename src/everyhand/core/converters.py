"""What the database answers, turned into Python's values column by column."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from django.db import connection, models
from django.db.models.expressions import Col

Convert = Callable[[Any], Any]


def converters_of(compiler: Any, columns: list[Any]) -> list[tuple[int, Convert]]:
    """By the place of the column, how its values become Python's; none for a column whose values are that already.

    Those of nearly every row are known here, and do without what Django asks again of each value.
    """
    known = (
        {
            connection.ops.convert_datetimefield_value: _moment,  # type: ignore[attr-defined] # of SQLite alone
            connection.ops.convert_booleanfield_value: _truth,  # type: ignore[attr-defined]
        }
        if connection.vendor == "sqlite"
        else {}
    )

    def convert(one_after_the_other: list[Any], column: Any) -> Convert:
        if len(one_after_the_other) == 1:
            [single] = one_after_the_other
            if single in known:
                return known[single]
            if _reads_json(single, column):
                return _json
        return lambda value: reduce(lambda told, one: one(told, column, connection), one_after_the_other, value)

    return [(place, convert(every, column)) for place, (every, column) in compiler.get_converters(columns).items()]


def _reads_json(converter: Any, column: Any) -> bool:
    """Whether a whole JSON field is read, with nobody's own decoder."""
    field = getattr(converter, "__self__", None)
    return isinstance(field, models.JSONField) and isinstance(column, Col) and field.decoder is None


def converted(found: Iterable[Any], converters: list[tuple[int, Convert]]) -> Iterable[list[Any]]:
    """The rows with these columns turned into Python's values."""
    rows = list(map(list, found))
    for place, convert in converters:
        for row in rows:
            row[place] = convert(row[place])
    return rows


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    # A column is read as a moment (core.sqlite), what is computed from it as text.
    return value if isinstance(value, datetime) else datetime.fromisoformat(value).replace(tzinfo=UTC)


def _truth(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _json(value: Any) -> Any:
    if value == "[]":
        return []
    if value == "{}":
        return {}
    return None if value is None else json.loads(value)
