"""Until when a conversation may sleep: the times offered, and the one that somebody types, in the reader's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

# The clock times that "morning" and "afternoon" mean, and how much of the morning must be left for the latter.
MORNING = 9
AFTERNOON = 14
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Offer:
    """A time by the name that people have for it."""

    name: str
    until: datetime


@dataclass(frozen=True)
class Typed:
    """The local time somebody typed, as it stands in its field, and what is wrong with it in a sentence."""

    text: str
    error: str


def offers(at: datetime) -> list[Offer]:
    """This afternoon while it is still morning, tomorrow, Monday, in a week; each time once."""
    now = timezone.localtime(at)
    found = []
    if now.hour < AFTERNOON - 1:
        found.append(Offer(_("This afternoon"), _on(now, days=0, hour=AFTERNOON)))
    found.append(Offer(_("Tomorrow morning"), _on(now, days=1, hour=MORNING)))
    to_monday = 7 - now.weekday()
    if 1 < to_monday < 7:
        found.append(Offer(_("Monday morning"), _on(now, days=to_monday, hour=MORNING)))
    found.append(Offer(_("In a week"), _on(now, days=7, hour=MORNING)))
    return found


def read(text: str, at: datetime) -> datetime | Typed:
    """The moment that a local "2026-03-02T14:00" means, or an ISO time with its offset; or what is wrong with it."""
    try:
        found = parse_datetime(text.strip())
    except ValueError:
        found = None
    if found is None:
        return Typed(text, _("Choose a day and a time, such as tomorrow at 9:00."))
    try:
        until = timezone.make_aware(found) if timezone.is_naive(found) else found
        too_long = until > at + LONGEST
    except OverflowError:
        return Typed(text, _("That is more than a year away. Choose an earlier day."))
    if until <= at:
        return Typed(text, _("That time has passed. Choose a later one."))
    if too_long:
        return Typed(text, _("That is more than a year away. Choose an earlier day."))
    return until


def _on(now: datetime, *, days: int, hour: int) -> datetime:
    day = now.date() + timedelta(days=days)
    return timezone.make_aware(datetime(day.year, day.month, day.day, hour))  # noqa: DTZ001 (made aware at once)
