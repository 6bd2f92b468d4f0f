"""Who is there for customers, and when; of whole teams at once, without all else there is to know of their members."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from everyhand.core.prepared import prepared_for_several
from everyhand.people.models import Member, Membership, WorkingHours


@dataclass(frozen=True)
class Duty:
    """When a member is there: not while they are away, and within their hours if they gave any."""

    away_until: datetime | None
    time_zone: str
    hours: Sequence[tuple[int, time, time]]  # weekday, start, end; as in `WorkingHours`

    def includes(self, at: datetime) -> bool:
        if self.away_until and at < self.away_until:
            return False
        if not self.hours:
            return True
        local = at.astimezone(ZoneInfo(self.time_zone or settings.EVERYHAND.time_zone))
        return any(_covers(span, local) for span in self.hours)


@dataclass(frozen=True)
class Colleague:
    """An active member in a team."""

    member: int  # the primary key
    lead: bool
    duty: Duty


def on_duty(member: Member, at: datetime) -> bool:
    """Whether they work here and are there at `at`."""
    hours = list(member.hours.values_list("weekday", "start", "end"))
    return member.is_active and Duty(member.away_until, member.time_zone, hours).includes(at)


def colleagues_in(teams: Collection[int]) -> dict[int, list[Colleague]]:
    """By the primary key of each team, who is in it and works here, by name; two queries."""
    found: dict[int, list[Colleague]] = {team: [] for team in teams}
    members = _memberships()(teams)
    hours: dict[int, list[tuple[int, time, time]]] = {}
    for member, *span in _hours()({member for _team, member, *_more in members}):
        hours.setdefault(member, []).append((span[0], span[1], span[2]))
    for team, member, lead, away_until, time_zone in members:
        found[team].append(Colleague(member, lead, Duty(away_until, time_zone, hours.get(member, []))))
    return found


@cache
def _memberships() -> Callable[[Collection[int]], list[Any]]:
    active = Membership.objects.filter(member__is_active=True).order_by("member__name", "pk")
    wanted = active.values_list("team", "member", "lead", "member__away_until", "member__time_zone")
    return prepared_for_several(lambda teams: wanted.filter(team__in=teams))


@cache
def _hours() -> Callable[[Collection[int]], list[Any]]:
    spans = WorkingHours.objects.order_by().values_list("member", "weekday", "start", "end")
    return prepared_for_several(lambda members: spans.filter(member__in=members))


def _covers(span: tuple[int, time, time], local: datetime) -> bool:
    weekday, start, end = span
    now = local.time()
    return local.weekday() == weekday and start <= now and (now < end or end.hour == end.minute == 0)
