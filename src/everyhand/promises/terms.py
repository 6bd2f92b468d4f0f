"""How soon we promise an answer: as an administrator set it on the page, else as the settings say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import transaction

from everyhand.core import journal
from everyhand.core.prepared import prepared
from everyhand.people.models import Member
from everyhand.promises.models import Terms

SOONEST: Final = timedelta(minutes=5)
LATEST: Final = timedelta(days=30)
ONLY: Final = 1  # the primary key of the one row


class HowSoon(NamedTuple):
    first_reply: timedelta
    next_reply: timedelta


def current() -> HowSoon:
    """What is promised from now on; one read."""
    for found in _kept()():
        return HowSoon(*found)
    return HowSoon(settings.EVERYHAND.first_reply, settings.EVERYHAND.next_reply)


def are_set() -> bool:
    """Whether somebody decided, here or in the settings."""
    return "first_reply" in settings.EVERYHAND.given or Terms.objects.exists()


@transaction.atomic
def keep(how_soon: HowSoon, *, by: Member, at: datetime) -> None:
    """Promise this from now on; what is promised already stands. Raises ValueError outside of SOONEST and LATEST."""
    if not all(SOONEST <= one <= LATEST for one in how_soon):
        raise ValueError(f"{how_soon} is too soon or too late")
    Terms.objects.update_or_create(pk=ONLY, defaults=how_soon._asdict())
    minutes = {name: int(one.total_seconds() // 60) for name, one in how_soon._asdict().items()}
    journal.note("promises.set", subject="house", actor=by, at=at, **minutes)


@cache
def _kept() -> Callable[..., list[Any]]:
    return prepared(Terms.objects.filter(pk=ONLY).values_list("first_reply", "next_reply"))
