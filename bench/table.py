"""The one table of `everyhand bench`: everything that is measured, in one run, through the running program.

python -m bench table [--json] [--small] [--only PART]... in the data directory to measure in
python -m bench table --part filing|sweeping NUMBER...    in one of its own, which `_elsewhere` makes and removes
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection

from bench import browser, incoming, living, settling, sweeping, visits
from bench.figures import Figure, environment, of_memory, of_times, show
from bench.interrupting import leave_when_interrupted, said_by
from bench.postgresql import drop
from bench.server import everything, running, wait_for_page
from everyhand.conversations.models import Message

SOURCES: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Size:
    """How much of everything is measured."""

    mails: int = 1_000
    visits: int = 200
    openings: int = 100
    live_mails: int = 20
    streams: tuple[int, int] = (1, 200)
    waiting: tuple[int, int] = (1_000, 1_000_000)
    starts: int = 5


FULL: Final = Size()
SMALL: Final = Size(mails=80, visits=3, openings=3, live_mails=2, streams=(1, 5), waiting=(10, 100), starts=1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="everyhand bench")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--part", nargs="+", default=[])
    asked = parser.parse_args(sys.argv[2:])
    leave_when_interrupted()
    if asked.part:
        _print_part(asked.part[0], [int(one) for one in asked.part[1:]])
        return
    figures: list[Figure] = []
    try:
        figures.extend(_measured(SMALL if asked.small else FULL, asked.only))
    finally:  # what was measured is shown, also when something went wrong after it
        show(environment(settings.EVERYHAND.data), figures, as_json=asked.json)


def _measured(size: Size, only: list[str]) -> Iterator[Figure]:
    parts: dict[str, Callable[[], Iterator[Figure]]] = {
        "start": lambda: _starts(size.starts),
        "pages": lambda: _pages(size),
        "browser": lambda: _browser(size),
        "live": lambda: _live(size),
        "accept": lambda: incoming.accepted(_here(), size.mails),
        "file": lambda: incoming.filed(_here(), size.mails, called="here"),
        "file-empty": lambda: _elsewhere("filing", size.mails),
        "sweep": lambda: _elsewhere("sweeping", *size.waiting),
        "size": _size,
    }
    print("catching up …", file=sys.stderr, flush=True)
    settling.catch_up(_here())
    for name, part in parts.items():
        if not only or name in only:
            print(f"{name} …", file=sys.stderr, flush=True)
            yield from part()


def _starts(times: int) -> Iterator[Figure]:
    """From the command to the first page that a member could see, with this data."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        with running(*everything(), data=_here()) as server:
            wait_for_page(server.web, "/sign-in", server.processes)
            took.append(time.perf_counter() - began)
    yield of_times("start-up, until mail and pages are answered", took)


def _pages(size: Size) -> Iterator[Figure]:
    with running(*everything(), data=_here()) as server:
        time.sleep(2)  # what is done once after a start is done
        yield of_memory("memory of all processes, idle", server.memory)
        yield from visits.visited(server.web, size.visits)
        yield of_memory("memory of all processes, after that", server.memory)


def _browser(size: Size) -> Iterator[Figure]:
    with running(*everything(), data=_here()) as server:
        yield from browser.measured(server, size.openings)


def _live(size: Size) -> Iterator[Figure]:
    with running(*everything(), data=_here()) as server:
        yield from living.told(server, size.live_mails, size.streams)
        yield of_memory(f"memory of all processes, after {size.streams[-1]} pages", server.memory)


def _size() -> Iterator[Figure]:
    if connection.vendor == "sqlite":
        size = sum(one.stat().st_size for one in _here().glob("everyhand.sqlite3*"))
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            size = cursor.fetchone()[0]
    yield Figure("on disk a message, raw mail and index too", "kB", size / max(Message.objects.count(), 1) / 1000)


def _elsewhere(part: str, *numbers: int) -> Iterator[Figure]:
    """Measure a part in a new company with hardly any past, on the same kind of database, which is gone afterwards."""
    with _new_company() as data:
        call = [sys.executable, "-m", "bench", "table", "--part", part, *map(str, numbers)]
        said = said_by(call, {**os.environ, "EVERYHAND_DATA": str(data)})
    for line in said.splitlines():
        yield Figure(**json.loads(line))


def _print_part(part: str, numbers: list[int]) -> None:
    figures = incoming.filed(_here(), *numbers, called="nearly empty") if part == "filing" else sweeping.swept(*numbers)
    for one in figures:
        print(json.dumps(asdict(one)))


@contextmanager
def _new_company() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="everyhand-bench-", dir=_here().parent))
    unfinished = folder / "new.unfinished"
    try:
        with _database_for(unfinished):
            call = [sys.executable, "-m", "bench", "generate", "200", "1", "2026-03-02T00:00:00+00:00"]
            said_by(call, {**os.environ, "EVERYHAND_DATA": str(unfinished)})
            yield folder / "new"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database_for(unfinished: Path) -> Iterator[None]:
    """On PostgreSQL: one beside ours, which is told to whoever fills it."""
    if connection.vendor == "sqlite":
        yield
        return
    url = settings.EVERYHAND.database_url._replace(path=f"/everyhand_bench_{secrets.token_hex(4)}")
    unfinished.mkdir()
    (unfinished / "everyhand.toml").write_text(f"database_url = {json.dumps(url.geturl())}\n")
    try:
        yield
    finally:
        drop(url)


def _here() -> Path:
    data: Path = settings.EVERYHAND.data
    return data
