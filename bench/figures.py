"""What was measured, and how it is shown: one table for people, or the same as JSON."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import django
from django.db import connection

from bench.measuring import median, percentile
from everyhand import __version__
from everyhand.conversations.models import Conversation, Message

WIDTH: Final = 46


@dataclass(frozen=True)
class Figure:
    """One line of the table. `typical` is a median and `slow` the 99th percentile, both in `unit`; `floor` is the least
    that the same could cost on this machine with nothing of ours in it.
    """

    what: str
    unit: str
    typical: float
    slow: float | None = None
    floor: float | None = None
    times: int | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the floor it costs; of a rate, how many times it is below that of the floor."""
        if not self.floor or not self.typical:
            return None
        return self.floor / self.typical if self.unit == A_SECOND else self.typical / self.floor

    def __str__(self) -> str:
        shown = [_number(self.typical), _number(self.slow), _number(self.floor), _number(self.ratio)]
        return f"{self.what:{WIDTH}}" + "".join(f"{one:>11}" for one in shown) + f"  {self.unit}  {self.note}".rstrip()


A_SECOND: Final = "/s"
HEADER: Final = f"{'':{WIDTH}}" + "".join(f"{name:>11}" for name in ("median", "p99", "floor", "times it"))


def of_times(what: str, seconds: Sequence[float], *, floor: float | None = None, note: str = "") -> Figure:
    """What something took again and again, in milliseconds; `floor` is in milliseconds too."""
    return Figure(
        what, "ms", median(seconds) * 1000, percentile(seconds, 99) * 1000, floor, times=len(seconds), note=note
    )


def of_memory(what: str, size: int) -> Figure:
    """What all processes have of the memory, in bytes; what they share counts once."""
    return Figure(what, "MB", size / 1_000_000, note="(PSS: what is shared counts once)")


def environment(directory: Path) -> dict[str, str | int]:
    """Where and on what the figures were taken."""
    return {
        "commit": _commit(),
        "version": __version__,
        "python": platform.python_version(),
        "django": django.__version__,
        "cores": os.cpu_count() or 0,
        "load": " ".join(f"{one:.1f}" for one in os.getloadavg()),
        "database": _database(),
        "synchronous": _synchronous(),
        "conversations": Conversation.objects.count(),
        "messages": Message.objects.count(),
        "data": directory.name,
    }


def show(surroundings: dict[str, str | int], figures: Iterable[Figure], *, as_json: bool) -> None:
    if as_json:
        rows = [{**asdict(one), "times_the_floor": one.ratio} for one in figures]
        print(json.dumps({"environment": surroundings, "figures": rows}, indent=2))
        return
    print(", ".join(f"{name} {value}" for name, value in surroundings.items()), HEADER, *figures, sep="\n")


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _commit() -> str:
    asked = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _database() -> str:
    if connection.vendor == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


def _synchronous() -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            return ("OFF", "NORMAL", "FULL", "EXTRA")[cursor.fetchone()[0]]
        cursor.execute("SHOW synchronous_commit")
        return str(cursor.fetchone()[0])
