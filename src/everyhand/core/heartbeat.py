"""Signs of life: leases of long work are extended, and every part of the program says that it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from django.db import Error, connection, models
from django.utils import timezone

from everyhand.core import work

log = structlog.get_logger(__name__)

SILENT_AFTER = timedelta(minutes=1)


class Pulse(models.Model):
    """When a part of the program ("worker", "smtp") last said that it runs, and the process it was."""

    part = models.CharField(max_length=60, unique=True)
    at = models.DateTimeField()
    process = models.CharField(max_length=100)

    def __str__(self) -> str:
        return f"{self.part} at {self.at:%Y-%m-%d %H:%M:%S}"


def beat(part: str, *, process: str, at: datetime) -> None:
    """Say that `part` runs."""
    Pulse.objects.update_or_create(part=part, defaults={"at": at, "process": process})


def silent(parts: Sequence[str], *, at: datetime) -> list[str]:
    """Those of `parts` that have not said anything for a minute."""
    alive = set(Pulse.objects.filter(part__in=parts, at__gt=at - SILENT_AFTER).values_list("part", flat=True))
    return [part for part in parts if part not in alive]


def heard_from(part: str) -> datetime | None:
    """When `part` last said that it runs, None when it never did."""
    return Pulse.objects.filter(part=part).values_list("at", flat=True).first()


@contextmanager
def leases_kept(
    rows: Sequence[work.DueRow], *, lease: timedelta = work.LEASE, every: timedelta | None = None
) -> Iterator[None]:
    """Extend the leases of `rows` to `lease` while the block runs, so that slow work is not taken for dead work."""
    pause = (every or lease / 4).total_seconds()
    finished = threading.Event()

    def extend() -> None:
        while not finished.wait(pause):
            try:
                work.keep(rows, at=timezone.now(), lease=lease)
            except Error:
                # The database is away for a moment; the lease outlasts three missed beats.
                log.warning("lease not extended", exc_info=True)
                connection.close()
        connection.close()

    thread = threading.Thread(target=extend, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()
