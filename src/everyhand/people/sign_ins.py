"""Who came in, who was refused and who went out: which way, and from where.

Ways: "password", "code", "company" (its own sign-in), "link" (from the shell), "invitation", "passkey", and as a second
step "totp" (an authenticator app), "recovery_codes" or "webauthn"; several are joined by a blank.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from everyhand.core import journal
from everyhand.people.models import Member, SignIn

TOGETHER = timedelta(hours=1)


@dataclass(frozen=True)
class Place:
    """From where somebody asks: their IP address, and their browser in a few words."""

    ip: str
    browser: str


def came_in(member: Member, *, way: str, place: Place, at: datetime) -> None:
    _write(member, SignIn.Outcome.CAME_IN, way=way, place=place, at=at)


def went_out(member: Member, *, place: Place, at: datetime) -> None:
    _write(member, SignIn.Outcome.WENT_OUT, place=place, at=at)


def ended_elsewhere(member: Member, sessions: int, *, place: Place, at: datetime) -> None:
    """They ended so many of their own sessions elsewhere."""
    if sessions:
        _write(member, SignIn.Outcome.ENDED, place=place, at=at, times=sessions)


def refused(member: Member | None, *, way: str, place: Place, at: datetime) -> None:
    """A wrong password, code or proof; None for one that names nobody here. Those of an hour are one row that counts,
    so that whoever tries a million passwords does not fill the disk.
    """
    same = SignIn.objects.filter(
        member=member, outcome=SignIn.Outcome.REFUSED, way=way, ip=place.ip, browser=place.browser
    )
    with transaction.atomic():
        earlier = same.filter(at__gt=at - TOGETHER).order_by("-at").values_list("pk", flat=True).first()
        if earlier is None:
            _write(member, SignIn.Outcome.REFUSED, way=way, place=place, at=at)
        else:
            SignIn.objects.filter(pk=earlier).update(times=F("times") + 1)


def changed(member: Member, what: str, *, at: datetime, **particulars: str) -> None:
    """How they sign in from now on: `what` is "password.changed", "second_factor.added", "second_factor.removed" or
    "second_factor.renewed", the latter with the `kind` of factor.
    """
    journal.note(what, subject=member, actor=member, at=at, **particulars)


def forget_old(*, at: datetime, after: timedelta, limit: int = 500) -> int:
    """Remove what is longer ago than `after`, some at a time; how many."""
    old = SignIn.objects.filter(at__lt=at - after).order_by("at").values_list("pk", flat=True)[:limit]
    return SignIn.objects.filter(pk__in=list(old)).delete()[0]


def _write(
    member: Member | None, outcome: SignIn.Outcome, *, place: Place, at: datetime, way: str = "", times: int = 1
) -> None:
    SignIn.objects.create(
        member=member, outcome=outcome, way=way, ip=place.ip, browser=place.browser, times=times, at=at
    )
