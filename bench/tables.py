"""Many rows into the database at once, past the ORM, which would take ten times as long to make an object of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from django.db import connection, models
from django.db.models import NOT_PROVIDED

ROWS_AT_ONCE: Final = 5_000


@dataclass(frozen=True)
class Rows:
    """Of one table, whose columns are quoted names."""

    table: str
    columns: str
    rows: list[tuple[Any, ...]]


class Table:
    """The table of `model`, filled from dicts of attribute names; what a row does not name gets the model's default.

    Primary keys are given out here, in order, so that rows can name each other before they are written.
    """

    def __init__(self, model: type[models.Model], *names: str) -> None:
        fields = {field.attname: field for field in model._meta.concrete_fields}
        self.model, self._names = model, ("id", *names)
        left = [fields[name] for name in fields.keys() - set(self._names) if fields[name].db_default is NOT_PROVIDED]
        left.sort(key=lambda field: field.column)
        self._rest = tuple(field.get_db_prep_save(field.get_default(), connection) for field in left)
        self._convert: list[Callable[[Any], Any] | None] = [_converter(fields[name]) for name in self._names]
        columns = [fields[name].column for name in self._names] + [field.column for field in left]
        self._table = connection.ops.quote_name(model._meta.db_table)
        self._columns = ", ".join(connection.ops.quote_name(column) for column in columns)
        self._rows: list[tuple[Any, ...]] = []
        self.next = 1

    def add(self, *values: Any) -> int:
        """A row with the named values in order; its primary key."""
        pk, self.next = self.next, self.next + 1
        row = [
            value if convert is None or value is None else convert(value)
            for convert, value in zip(self._convert, (pk, *values), strict=True)
        ]
        self._rows.append((*row, *self._rest))
        return pk

    def take(self) -> Rows:
        """What was added since the last time, for `write`."""
        rows, self._rows = self._rows, []
        return Rows(self._table, self._columns, rows)

    @property
    def is_full(self) -> bool:
        return len(self._rows) >= ROWS_AT_ONCE


def _converter(field: Any) -> Callable[[Any], Any] | None:
    match field:
        case models.DateTimeField():
            return _moment
        case models.JSONField():
            return json.dumps
        case _:
            return None


@lru_cache(maxsize=1_000)
def _moment(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def write(several: Sequence[Rows]) -> None:
    with connection.cursor() as cursor:
        for one in several:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {one.table} ({one.columns}) FROM STDIN") as copy:
                    for row in one.rows:
                        copy.write_row(row)
            elif one.rows:
                holes = ", ".join(["%s"] * len(one.rows[0]))
                cursor.executemany(f"INSERT INTO {one.table} ({one.columns}) VALUES ({holes})", one.rows)  # noqa: S608


@contextmanager
def indexes_built_afterwards(tables: Sequence[type[models.Model]]) -> Iterator[None]:
    """Take the indexes of these tables away and build them when the block has filled the tables: sorting all keys once
    is far cheaper than finding the place of each. Constraints stay.
    """
    with connection.cursor() as cursor:
        kept = {}
        for model in tables:
            if connection.vendor == "postgresql":
                cursor.execute(
                    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN"
                    " (SELECT conname FROM pg_constraint)",
                    [model._meta.db_table],
                )
            else:
                cursor.execute(
                    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s AND sql IS NOT NULL",
                    [model._meta.db_table],
                )
            kept.update(dict(cursor.fetchall()))
        for name in kept:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
    yield
    with connection.cursor() as cursor:
        for statement in kept.values():
            cursor.execute(statement)
