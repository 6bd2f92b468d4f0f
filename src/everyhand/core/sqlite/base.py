"""The database back end `everyhand.core.sqlite`."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from django.db import OperationalError
from django.db.backends.sqlite3 import base

from everyhand.core.sqlite.gate import Gate, gate_of
from everyhand.core.sqlite.schema import SchemaEditor

_NOTICEABLE: Final = 0.5  # seconds
_READS = ("SELECT", "PRAGMA", "EXPLAIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "ATTACH", "DETACH")


class GatedCursor(base.SQLiteCursorWrapper):
    """A cursor that queues for a single write outside a transaction just as a transaction does."""

    def __init__(self, wrapper: DatabaseWrapper) -> None:
        super().__init__(wrapper.connection)
        self._wrapper = wrapper

    def execute(self, query: str, params: Any = None) -> Any:
        with self._wrapper.writing_alone(query):
            return super().execute(query, params)

    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> Any:
        if param_names is not None:
            return super().convert_query(query, param_names=param_names)  # type: ignore[misc] # it is there
        return as_sqlite_reads_it(query)

    def executemany(self, query: str, param_list: Any) -> Any:
        with self._wrapper.writing_alone(query):
            return super().executemany(query, param_list)


# What is asked again and again is the same text: to look through it each time takes as long as to answer it.
@lru_cache(500)
def as_sqlite_reads_it(query: str) -> str:
    """With the places of its values marked as SQLite wants them."""
    return str(base.FORMAT_QMARK_REGEX.sub("?", query)).replace("%%", "%")


def _moment(kept: bytes) -> datetime:
    """As Django writes moments, read at once with their zone: Django's own way reads them first and adds that later."""
    return datetime.fromisoformat(kept.decode()).replace(tzinfo=UTC)


sqlite3.register_converter("datetime", _moment)


class DatabaseWrapper(base.DatabaseWrapper):
    """SQLite in which every write waits its turn at the gate, at most as long as the connection's `timeout`."""

    SchemaEditorClass = SchemaEditor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._inside = False
        self._hurried = False  # the connection waits for the file for less time than its `timeout`
        self._known_gate: tuple[int, str, Gate] | None = None

    def create_cursor(self, name: str | None = None) -> GatedCursor:  # noqa: ARG002 (Django's signature)
        return GatedCursor(self)

    def _start_transaction_under_autocommit(self) -> None:
        try:
            self._enter()
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._leave()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._leave()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._leave()

    def _close(self) -> None:
        self._hurried = False  # the next connection is a new one
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._leave()

    def settled(self, sql: str, params: Iterable[Any]) -> tuple[str, tuple[Any, ...]]:
        """The question and its values as they are: SQLite keeps a statement by its text, and plans it without them."""
        return sql, tuple(params)

    def answered(self, sql: str, values: Iterable[Any], *, planned_anew: bool = False) -> list[Any]:  # noqa: ARG002
        """All rows of a question, which must not write. SQLite's plans never depend on the values."""
        self.ensure_connection()
        with self.wrap_database_errors:
            rows: list[Any] = self.connection.execute(as_sqlite_reads_it(sql), tuple(values)).fetchall()
        return rows

    @contextmanager
    def writing_alone(self, query: str) -> Iterator[None]:
        """Hold the gate for one statement that writes outside a transaction; elsewhere do nothing."""
        if self._inside or self.in_atomic_block or query.lstrip()[:9].upper().startswith(_READS):
            yield
            return
        with self.alone():
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the gate, so that nobody else writes in the block."""
        try:
            self._enter()
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        gate = self._gate()
        if gate is None or self._inside:
            return
        patience = self.settings_dict["OPTIONS"].get("timeout", 5.0)
        began = time.monotonic()
        if not gate.enter(patience):
            raise OperationalError("database is locked: another writer held the gate for too long")
        self._inside = True
        waited = time.monotonic() - began
        if waited > _NOTICEABLE:
            # Somebody outside, who knows no gate, may hold the file: what is left of the patience is for them.
            self._wait_for_file(max(patience - waited, _NOTICEABLE))
            self._hurried = True

    def _wait_for_file(self, seconds: float) -> None:
        self.connection.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")

    def _leave(self) -> None:
        gate = self._gate()
        if gate is not None and self._inside:
            self._inside = False
            gate.leave()
            if self._hurried:
                self._hurried = False
                self._wait_for_file(self.settings_dict["OPTIONS"].get("timeout", 5.0))

    def _gate(self) -> Gate | None:
        if self.is_in_memory_db():
            return None
        # Asked for at every write, so it is looked up once a process and file (tests change the file's name).
        here = os.getpid(), str(self.settings_dict["NAME"])
        if self._known_gate is None or self._known_gate[:2] != here:
            self._known_gate = (*here, gate_of(here[1]))
        return self._known_gate[2]
