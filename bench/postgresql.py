"""Databases that are made on a PostgreSQL server to be measured in, and taken away again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult

from django.db import connection


@contextmanager
def made(url: SplitResult) -> Iterator[None]:
    """The database of this address is made, and dropped when the block does not end well. When it is there already, or
    can't be made, the program ends and says so.
    """
    from psycopg import Error  # noqa: PLC0415 (SQLite has no need of it)
    from psycopg.errors import DuplicateDatabase  # noqa: PLC0415

    try:
        _say(url, "CREATE DATABASE {}")
    except DuplicateDatabase:
        sys.exit(f"The database {url.path[1:]} exists already. Give a new name; nothing is written over.")
    except Error as wrong:
        sys.exit(f"The database {url.path[1:]} could not be made: {wrong}")
    try:
        yield
    except BaseException:
        drop(url)
        raise


def drop(url: SplitResult) -> None:
    """The database of this address is there no more, whoever was using it."""
    _say(url, "DROP DATABASE IF EXISTS {} WITH (FORCE)")


def _say(url: SplitResult, command: str) -> None:
    import psycopg  # noqa: PLC0415 (SQLite has no need of it)

    connection.close()
    name = connection.ops.quote_name(url.path.removeprefix("/"))
    with psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(command.format(name).encode())
