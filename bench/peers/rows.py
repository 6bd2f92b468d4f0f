"""Filling tables that another program laid out, as quickly as SQLite takes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

AT_ONCE: Final = 10_000


class Rows:
    """Rows of one table, written some thousands at a time. A column that is not named gets its default."""

    def __init__(self, database: sqlite3.Connection, table: str, *columns: str) -> None:
        self._database, self._rows = database, list[tuple[object, ...]]()
        named = ", ".join(f'"{column}"' for column in columns)
        holes = ", ".join("?" * len(columns))
        self._insert = f'INSERT INTO "{table}" ({named}) VALUES ({holes})'  # noqa: S608 (names of tables we know)

    def add(self, *values: object) -> None:
        self._rows.append(values)
        if len(self._rows) >= AT_ONCE:
            self.write()

    def write(self) -> None:
        self._database.executemany(self._insert, self._rows)
        self._rows.clear()


@contextmanager
def filling(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction, whose indexes are built when all rows are there, and which is not synced: whoever is interrupted
    throws the file away.
    """
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.execute("PRAGMA synchronous=OFF")
        database.execute("PRAGMA cache_size=-500000")
        database.execute("BEGIN")
        indexes = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        kept = dict(indexes.fetchall())
        for name in kept:
            database.execute(f'DROP INDEX "{name}"')
        yield database
        for statement in kept.values():
            database.execute(statement)
        database.execute("COMMIT")
    finally:
        database.close()
