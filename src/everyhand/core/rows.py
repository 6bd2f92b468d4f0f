"""Rows that many things in one transaction bring about, written together instead of one by one.

Writing a row through the ORM costs several times what the database needs for it. Within `gathering`, `create`, `save`
and `change` only remember what is to be written, with primary keys that are reserved beforehand; it is written with one
statement a table at the end of the block, or just before any other statement that names such a table, so that whoever
looks always finds it. Outside of such a block they write at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, models, transaction

from everyhand.core import instances, statements
from everyhand.core.statements import attribute, column, quoted

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
    if gathered:
        row = instances.written(model, DEFAULT_DB_ALIAS, pk=gathered.next_key(model), fields=fields)
        gathered.create(row)
    else:
        row = instances.written(model, DEFAULT_DB_ALIAS, pk=None, fields=fields)
        _insert_new(row)
    return row


def save(row: models.Model, names: Iterable[str]) -> None:
    """Write these fields of a row that exists, which within `gathering` must be one object for everybody.

    Raises DatabaseError when it does not exist any more.
    """
    gathered = _gathered.get()
    if gathered is None:
        gone = DatabaseError(f"{row._meta.model_name} {row.pk} does not exist any more")
        with transaction.mark_for_rollback_on_error(DEFAULT_DB_ALIAS):
            _change([_saved(row, names, otherwise=gone)])
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


def create_several(rows: Sequence[models.Model]) -> None:
    """Write these new rows of one model at once. None gets its primary key."""
    if rows:
        insertion = statements.insertion(type(rows[0]), keyed=False)
        with transaction.mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
            cursor.executemany(insertion.statement, [insertion.values(row) for row in rows])


def create_missing(rows: Sequence[models.Model]) -> None:
    """Write these new rows of one model, but for those that a constraint says are there already. None gets its primary
    key.
    """
    if rows:
        insertion = statements.insertion(type(rows[0]), keyed=False)
        with connection.cursor() as cursor:
            cursor.executemany(f"{insertion.statement} ON CONFLICT DO NOTHING", [insertion.values(row) for row in rows])


def remove(row: models.Model) -> None:
    """Delete a row that nothing else refers to; nothing happens when it is gone already."""
    where = f"{column(type(row), 'pk')} = %s"
    with transaction.mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {quoted(type(row))} WHERE {where}", [row.pk])  # noqa: S608 (names of our tables)


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
        changes = [_saved(row, names) for rows in self._saved.values() for row, names in rows.values()]
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


def _saved(row: models.Model, names: Iterable[str], *, otherwise: Exception | None = None) -> Change:
    values = {name: getattr(row, attribute(type(row), name)) for name in sorted(names)}
    return Change(type(row), {"pk": row.pk}, values, otherwise)


def _reserved(model: type[models.Model]) -> Iterator[int]:
    """Primary keys that nobody else gets: on SQLite, where one transaction writes at a time, those that come next."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [quoted(model), model._meta.pk.column, KEYS_AT_ONCE],
            )
            return iter([key for (key,) in cursor.fetchall()])
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = cursor.fetchone()
    return iter(range((last[0] if last else 0) + 1, 1 << 62))


def _insert(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    insertion = statements.insertion(model)
    with connection.cursor() as cursor:
        cursor.executemany(insertion.statement, [insertion.values(row) for row in rows])


def _insert_new(row: models.Model) -> None:
    """Write it at once; the database gives it its primary key."""
    insertion, key = statements.insertion(type(row), keyed=False), statements.column(type(row), "pk")
    with transaction.mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
        cursor.execute(f"{insertion.statement} RETURNING {key}", insertion.values(row))
        row.pk = cursor.fetchone()[0]


def _change(changes: list[Change]) -> None:
    """Make all of them, with one statement for those of the same shape."""
    alike: dict[tuple[object, ...], list[Change]] = {}
    for one in changes:
        alike.setdefault(one.shape, []).append(one)
    for together in alike.values():
        first = together[0]
        given = [name for name, held in first.where.items() if held is not None]
        wanted = [f"{column(first.model, name)} = %s" for name in given]
        wanted += [f"{column(first.model, name)} IS NULL" for name in first.where if name not in given]
        written = ", ".join(f"{column(first.model, name)} = %s" for name in first.values)
        statement = f"UPDATE {quoted(first.model)} SET {written} WHERE {' AND '.join(wanted)}"  # noqa: S608 (as above)
        with connection.cursor() as cursor:
            cursor.executemany(
                statement,
                [
                    [statements.value(one.model, name, held) for name, held in one.values.items()]
                    + [statements.value(one.model, name, one.where[name]) for name in given]
                    for one in together
                ],
            )
            if first.otherwise and cursor.rowcount != len(together):
                raise first.otherwise
