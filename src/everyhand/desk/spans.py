"""Spans and days as people write them into a filter: “4h”, “2d”, “2026-03-31”, “yesterday”."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def read(words: str) -> timedelta | None:
    """A number of minutes, hours, days or weeks (m, h, d, w); None for what is none."""
    found = re.fullmatch(r"([0-9]{1,4})\s?([mhdw])", words.strip().lower())
    return int(found[1]) * _UNITS[found[2]] if found else None


def day(words: str, *, at: datetime) -> datetime | None:
    """When that day began in the active time zone: a date, a month, a year, “today”, “yesterday”, or so long ago."""
    words = words.strip().casefold()
    today = timezone.localdate(at)
    if words in ("today", _("today").casefold()):
        return _beginning(today)
    if words in ("yesterday", _("yesterday").casefold()):
        return _beginning(today - timedelta(days=1))
    if span := read(words):
        return _beginning(timezone.localdate(at - span))
    found = re.fullmatch(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?", words)
    if found is None:
        return None
    try:
        return _beginning(date(int(found[1]), int(found[2] or 1), int(found[3] or 1)))
    except ValueError:
        return None


def _beginning(of: date) -> datetime:
    # The first and the last years have no moment in every time zone.
    within = min(max(of, date(1900, 1, 1)), date(9000, 1, 1))
    return datetime.combine(within, time(), timezone.get_current_timezone())
