"""How figures are taken and printed: time by the clock, and of the processor beside it.

On a machine that does other things too the clock measures those as well; the processor time of our own work hardly.
"""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import django
from django.db import connection


@dataclass
class Cost:
    """Seconds by the clock and of the processor."""

    clock: float = 0.0
    processor: float = 0.0


@contextmanager
def cost() -> Iterator[Cost]:
    """What the block costs this process; its children are not counted."""
    spent = Cost()
    clock, processor = time.perf_counter(), _processor()
    yield spent
    spent.clock, spent.processor = time.perf_counter() - clock, _processor() - processor


def median(values: Sequence[float]) -> float:
    return percentile(values, 50)


def percentile(values: Sequence[float], rank: float) -> float:
    """The smallest value that at least `rank` per cent of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(-(-len(ordered) * rank // 100) - 1, 0).__trunc__()]


def environment() -> str:
    """One line that says where the figures come from."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    database = f"SQLite {sqlite3.sqlite_version}" if connection.vendor == "sqlite" else "PostgreSQL"
    return (
        f"Python {platform.python_version()}, Django {django.__version__}, {database}, {os.cpu_count()} cores, "
        f"load {load} (1, 5, 15 minutes)"
    )


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
