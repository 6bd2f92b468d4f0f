"""Rows that many things in one transaction bring about, written together instead of one by one.

Writing a row through the ORM costs several times what the database needs for it. Within `gathering`, `create`, `save`
and `change` only remember what is to be written, with primary keys that are reserved beforehand; it is written with one
statement a table at the end of the block, or just before any other statement that names such a table, so that whoever
looks always finds it. Outside of such a block they write at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar

from django.db import connection, models, transaction
from django.db.models import NOT_PROVIDED

Row = TypeVar("Row", bound=models.Model)

# So many keys are reserved at a time on PostgreSQL, where each is drawn from a sequence.
KEYS_AT_ONCE: Final = 32

_gathered: ContextVar[_Gathered | None] = ContextVar("rows_gathered", default=None)


@contextmanager
def gathering() -> Iterator[None]:
    """Remember what is written in the block, which must be in a transaction of its own, and write it together."""
    gathered = _Gathered()
    token = _gathered.set(gathered)
    try:
        with connection.execute_wrapper(gathered.written_before):
            yield
            gathered.write()
    finally:
        _gathered.reset(token)


@contextmanager
def together() -> Iterator[None]:
    """A transaction. Within `gathering` it is the one around that, without a savepoint: there nothing is undone but all
    of it.
    """
    with transaction.atomic(savepoint=not are_gathered()):
        yield


def are_gathered() -> bool:
    """Whether rows are written later, so that what the database would refuse is refused later, too."""
    return _gathered.get() is not None


def create(model: type[Row], **fields: Any) -> Row:
    """A new row, with its primary key. Until it is written, what changes about the object is written with it."""
    gathered = _gathered.get()
    if gathered is None:
        return model._default_manager.create(**fields)
    row = model(pk=gathered.next_key(model), **fields)
    row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001 (for Django it is in the database)
    gathered.create(row)
    return row


def save(row: models.Model, names: Iterable[str]) -> None:
    """Write these fields of a row that exists, which within `gathering` must be one object for everybody."""
    gathered = _gathered.get()
    if gathered is None:
        row.save(update_fields=list(names))
    else:
        gathered.save(row, names)


def change(model: type[models.Model], where: dict[str, Any], values: dict[str, Any], *, otherwise: Exception) -> None:
    """Write these values into the one row of which `where` is true. Raises `otherwise` when there is none, at the
    latest when it is written.
    """
    gathered = _gathered.get()
    if gathered is not None:
        gathered.change(Change(model, where, values, otherwise))
    elif not model._default_manager.filter(**where).update(**values):
        raise otherwise


@dataclass(frozen=True)
class Change:
    model: type[models.Model]
    where: dict[str, Any]
    values: dict[str, Any]
    otherwise: Exception | None = None

    @property
    def shape(self) -> tuple[object, ...]:
        """What those have in common that one statement can make."""
        nothing = tuple(name for name, value in self.where.items() if value is None)
        return self.model, tuple(self.where), nothing, tuple(self.values)


class _Gathered:
    """What is to be written."""

    def __init__(self) -> None:
        self._new: dict[type[models.Model], dict[int, models.Model]] = {}
        self._saved: dict[type[models.Model], dict[int, tuple[models.Model, set[str]]]] = {}
        self._changed: list[Change] = []
        self._keys: dict[type[models.Model], Iterator[int]] = {}
        self._waiting: set[str] = set()  # the tables of all these
        self._writing = False

    def next_key(self, model: type[models.Model]) -> int:
        key = next(self._keys.get(model, iter(())), None)
        while key is None:
            self._keys[model] = _reserved(model)
            key = next(self._keys[model], None)
        return key

    def create(self, row: models.Model) -> None:
        self._new.setdefault(type(row), {})[row.pk] = row
        self._waiting.add(row._meta.db_table)

    def save(self, row: models.Model, names: Iterable[str]) -> None:
        if row.pk not in self._new.get(type(row), {}):
            self._saved.setdefault(type(row), {}).setdefault(row.pk, (row, set()))[1].update(names)
            self._waiting.add(row._meta.db_table)

    def change(self, change: Change) -> None:
        self._changed.append(change)
        self._waiting.add(change.model._meta.db_table)

    def written_before(self, execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        """Around every statement: what it may ask for is there by then, and keys that it may give out are not ours."""
        if self._writing:
            return execute(sql, *more)
        if any(table in sql for table in self._waiting):
            self.write()
        if not sql.startswith("SELECT"):
            for model in [one for one in self._keys if one._meta.db_table in sql]:
                del self._keys[model]
        return execute(sql, *more)

    def write(self) -> None:
        new, self._new = self._new, {}
        changes = [
            Change(model, {"pk": pk}, {name: getattr(row, _field(model, name).attname) for name in sorted(names)})
            for model, rows in self._saved.items()
            for pk, (row, names) in rows.items()
        ]
        changes += self._changed
        self._saved, self._changed = {}, []
        self._waiting.clear()
        self._writing = True
        try:
            for model, rows in new.items():
                _insert(model, rows.values())
            _change(changes)
        finally:
            self._writing = False


def _reserved(model: type[models.Model]) -> Iterator[int]:
    """Primary keys that nobody else gets: on SQLite, where one transaction writes at a time, those that come next."""
    table, column = model._meta.db_table, _field(model, "pk").column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [connection.ops.quote_name(table), column, KEYS_AT_ONCE],
            )
            return iter([key for (key,) in cursor.fetchall()])
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = cursor.fetchone()
    return iter(range((last[0] if last else 0) + 1, 1 << 62))


def _insert(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    statement, fields = _insertion(model)
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [[one.get_db_prep_save(one.pre_save(row, add=True), connection) for one in fields] for row in rows],
        )


@lru_cache(maxsize=100)
def _insertion(model: type[models.Model]) -> tuple[str, list[Any]]:
    fields = [one for one in model._meta.concrete_fields if one.db_default is NOT_PROVIDED]
    names = ", ".join(connection.ops.quote_name(one.column) for one in fields)
    places = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {_quoted(model)} ({names}) VALUES ({places})", fields  # noqa: S608 (names of our own tables)


def _change(changes: list[Change]) -> None:
    """Make all of them, with one statement for those of the same shape."""
    alike: dict[tuple[object, ...], list[Change]] = {}
    for one in changes:
        alike.setdefault(one.shape, []).append(one)
    for together in alike.values():
        first = together[0]
        given = [name for name, value in first.where.items() if value is not None]
        wanted = [f"{_column(first.model, name)} = %s" for name in given]
        wanted += [f"{_column(first.model, name)} IS NULL" for name in first.where if name not in given]
        written = ", ".join(f"{_column(first.model, name)} = %s" for name in first.values)
        statement = f"UPDATE {_quoted(first.model)} SET {written} WHERE {' AND '.join(wanted)}"  # noqa: S608 (as above)
        with connection.cursor() as cursor:
            cursor.executemany(
                statement,
                [
                    [_value(one.model, name, value) for name, value in one.values.items()]
                    + [_value(one.model, name, one.where[name]) for name in given]
                    for one in together
                ],
            )
            if first.otherwise and cursor.rowcount != len(together):
                raise first.otherwise


def _value(model: type[models.Model], name: str, value: Any) -> Any:
    return _field(model, name).get_db_prep_save(value, connection)


def _column(model: type[models.Model], name: str) -> str:
    return connection.ops.quote_name(_field(model, name).column)


def _field(model: type[models.Model], name: str) -> Any:
    return _fields(model)[name]


@lru_cache(maxsize=100)
def _fields(model: type[models.Model]) -> dict[str, Any]:
    """By name, and by the name of the attribute that has the value; "pk" is the primary key."""
    fields = model._meta.concrete_fields
    by_attribute: dict[str, Any] = {one.attname: one for one in fields}
    return {**by_attribute, **{one.name: one for one in fields}, "pk": model._meta.pk}


def _quoted(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
