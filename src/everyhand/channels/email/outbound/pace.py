"""Pacing: so many letters a minute to one domain and no more, since servers that get too many at once refuse them all.

Who must wait is put off together, so the queue of a busy domain costs one statement a minute however long it is, keeps
its order, and keeps nobody else waiting. Counted in the database, all workers on all machines keep one pace.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import F

from everyhand.channels.email.models import DomainPace, SystemMail
from everyhand.conversations.models import Delivery
from everyhand.core import work

MINUTE: Final = timedelta(minutes=1)
# How long a domain is remembered after the last letter to it.
REMEMBERED: Final = timedelta(days=1)

Row = TypeVar("Row", Delivery, SystemMail)


def domain_of(row: Delivery | SystemMail) -> str:
    return row.address.rpartition("@")[2].strip().lower()[:255]


def may_leave(row: Delivery | SystemMail, *, a_minute: int | None, at: datetime) -> datetime | None:
    """None when the letter may leave at `at`, and it is counted; else from when on it may.

    `a_minute` None is no limit. Sign-in codes never wait: somebody sits in front of them.
    """
    if a_minute is None or (isinstance(row, SystemMail) and row.kind == SystemMail.Kind.SIGN_IN):
        return None
    domain = domain_of(row)
    while True:
        this_minute = DomainPace.objects.filter(domain=domain, began_at__gt=at - MINUTE)
        over = DomainPace.objects.filter(domain=domain, began_at__lte=at - MINUTE)
        if this_minute.filter(letters__lt=a_minute).update(letters=F("letters") + 1):
            return None
        if over.update(began_at=at, letters=1) or _begin(domain, at):
            return None
        # Another worker may begin the next minute between two of these looks; then look again.
        if began_at := this_minute.filter(letters__gte=a_minute).values_list("began_at", flat=True).first():
            return began_at + MINUTE


def did_not_leave(row: Delivery | SystemMail) -> None:
    """There was no server to take it: nobody has one letter more, so it counts for nothing."""
    DomainPace.objects.filter(domain=domain_of(row), letters__gt=0).update(letters=F("letters") - 1)


def hold(row: Row, *, until: datetime) -> None:
    """Put the letter off, and with it all others to that domain that are due by then; no attempt is counted."""
    waiting = work.open_rows(type(row)).filter(address__iendswith=f"@{domain_of(row)}")
    if isinstance(row, SystemMail):
        waiting = waiting.exclude(kind=SystemMail.Kind.SIGN_IN)
    with transaction.atomic():
        work.put_off(row, row.last_error, until=until)
        work.put_off_unclaimed(waiting, until=until)


def _begin(domain: str, at: datetime) -> bool:
    """Count the first letter ever to a domain; False when we know it already."""
    if DomainPace.objects.filter(domain=domain).exists():
        return False
    DomainPace.objects.filter(began_at__lt=at - REMEMBERED).delete()
    try:
        with transaction.atomic():
            DomainPace.objects.create(domain=domain, began_at=at, letters=1)
    except IntegrityError:
        return False
    return True
