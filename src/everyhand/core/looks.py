"""Who saw what: one row for each person, thing and hour, the first look of that hour.

The journal tells what was done; looking does nothing, so it stands in a table of its own, which is forgotten after a
while. Whoever reads a page again within the hour writes nothing and asks the database nothing: this process remembers.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.db import models

from everyhand.core.journal import reference


class Look(models.Model):
    """`who` ("member:7") saw `thing` ("conversation:42"), or of it only `part` ("attachment:3"), first at `at`."""

    who = models.CharField(max_length=60)
    thing = models.CharField(max_length=60)
    part = models.CharField(max_length=60, blank=True)
    hour = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["who", "thing", "part", "hour"], name="one_look_an_hour")
        ]
        indexes: ClassVar = [
            models.Index(fields=["at"], name="look_by_time"),
            models.Index(fields=["who", "at"], name="look_by_person"),
            models.Index(fields=["thing", "at"], name="look_by_thing"),
        ]

    def __str__(self) -> str:
        return f"{self.who} saw {self.part or self.thing}"


# What one process remembers of an hour at most; beyond it the unique key alone keeps looks from doubling.
REMEMBERED: Final = 200_000


class Memory:
    """The looks of this hour that this process knows to be written."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._hour: datetime | None = None
        self._looks: set[tuple[str, str, str]] = set()

    def knows(self, look: tuple[str, str, str], hour: datetime) -> bool:
        with self._mutex:
            return self._hour == hour and look in self._looks

    def keep(self, look: tuple[str, str, str], hour: datetime) -> None:
        with self._mutex:
            if self._hour != hour or len(self._looks) >= REMEMBERED:
                self._hour, self._looks = hour, set()
            self._looks.add(look)

    def clear(self) -> None:
        with self._mutex:
            self._hour, self._looks = None, set()


memory: Final = Memory()


def is_known(who: object, thing: object, part: object = "", *, at: datetime) -> bool:
    """Whether this look is written already; it asks no database, so "no" may only mean that we don't remember."""
    return memory.knows((reference(who), reference(thing), reference(part)), _hour(at))


def write(who: object, thing: object, part: object = "", *, at: datetime) -> None:
    """Write the look down, in one statement; a second one within the hour changes nothing."""
    names = reference(who), reference(thing), reference(part)
    look = Look(who=names[0], thing=names[1], part=names[2], hour=_hour(at), at=at)
    Look.objects.bulk_create([look], ignore_conflicts=True)
    memory.keep(names, _hour(at))


def forget_old(*, at: datetime, after: timedelta, limit: int = 500) -> int:
    """Remove looks that are longer ago than `after`, some at a time; how many."""
    old = Look.objects.filter(at__lt=at - after).order_by("at").values_list("pk", flat=True)[:limit]
    return Look.objects.filter(pk__in=list(old)).delete()[0]


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
