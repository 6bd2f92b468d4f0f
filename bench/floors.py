"""What the same would cost if nothing of ours were in it: the least to hope for, on this machine and now."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection

from bench.measuring import median
from bench.server import HOST, end, free_port, start, wait_for_page

SOURCES: Final = Path(__file__).resolve().parents[1]
Insert = Callable[[Sequence[bytes]], object]


def durable_inserts(raws: Sequence[bytes], *, a_commit: int) -> float:
    """How many a second, so many of them with each commit."""
    with _table() as insert:
        began = time.perf_counter()
        for first in range(0, len(raws), a_commit):
            insert(raws[first : first + a_commit])
        return len(raws) / (time.perf_counter() - began)


def durable_insert_ms() -> float:
    """The median of one."""
    with _table() as insert:
        return median([_timed(lambda: insert([b"x" * 500])) for _ in range(100)]) * 1000


def parsed_and_inserted(raws: Sequence[bytes]) -> float:
    """How many a second are parsed by Python's own parser and kept with a commit each."""
    with _table() as insert:
        began = time.perf_counter()
        for raw in raws:
            message_from_bytes(raw, policy=policy.compat32).get_payload(decode=True)
            insert([raw])
        return len(raws) / (time.perf_counter() - began)


def bare_view(times: int) -> float:
    """The median in milliseconds of a Django view that says one word, behind the same kind of server."""
    port = free_port()
    server = start(
        [sys.executable, "-m", "uvicorn", "bench.bare:application", "--host", HOST, "--port", str(port)],
        {"PYTHONPATH": os.pathsep.join([str(SOURCES), str(SOURCES / "src")])},
    )
    try:
        wait_for_page(port, "/", [server])
        asked = HTTPConnection(HOST, port)

        def visit() -> None:
            asked.request("GET", "/")
            asked.getresponse().read()

        visit()
        return median([_timed(visit) for _ in range(times)]) * 1000
    finally:
        end(server)


def indexed_query() -> float:
    """The median in milliseconds of one row asked for by its key, in the data that is measured."""
    with connection.cursor() as cursor:

        def ask() -> None:
            cursor.execute("SELECT subject FROM conversations_conversation WHERE id = 1")
            cursor.fetchall()

        ask()
        return median([_timed(ask) for _ in range(100)]) * 1000


@contextmanager
def _table() -> Iterator[Insert]:
    """A table of nothing but mails, beside the data that is measured and on the same disk; it goes again."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bench_floor (id bigserial PRIMARY KEY, content bytea)")
            try:
                yield lambda raws: cursor.execute(
                    f"INSERT INTO bench_floor (content) VALUES {', '.join(['(%s)'] * len(raws))}",  # noqa: S608
                    list(raws),
                )
            finally:
                cursor.execute("DROP TABLE bench_floor")
        return
    with tempfile.TemporaryDirectory(dir=settings.EVERYHAND.data, prefix="floor-") as folder:
        database = sqlite3.connect(Path(folder) / "floor.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE mail (id INTEGER PRIMARY KEY, content BLOB)")

        def insert(raws: Sequence[bytes]) -> None:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO mail (content) VALUES (?)", [(raw,) for raw in raws])
            database.execute("COMMIT")

        yield insert
        database.close()


def _timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began
