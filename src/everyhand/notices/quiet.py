"""Quiet hours and digests, by a member's own clock. A pure module.

The hours belong to the member: 22:00 to 7:00 is a night of theirs, wherever the server stands and through changes of
summer time. Only telling waits for their end; what happened is on the screen at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5
_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Quiet:
    """From `start` to `end`, over midnight when `end` is earlier; both None for no hours. And weekends, perhaps."""

    start: time | None = None
    end: time | None = None
    weekends: bool = False


def disturbs_from(at: datetime, quiet: Quiet, zone: ZoneInfo) -> datetime:
    """The first moment from `at` on that is not quiet, in UTC."""
    local = at.astimezone(zone)
    # Each step leaves one stretch of quiet; a weekend and its nights are at most six.
    for _step in range(8):
        end = _end_of_quiet(local, quiet, zone)
        if end is None:
            break
        local = end
    return max(local.astimezone(UTC), at)


def next_digest(at: datetime, comes_at: time, quiet: Quiet, zone: ZoneInfo) -> datetime:
    """When the next digest comes after `at`, in UTC: at its time of day, or once it is not quiet any more."""
    local = at.astimezone(zone)
    digest = datetime.combine(local.date(), comes_at, zone)
    if digest <= local:
        digest = datetime.combine(local.date() + _A_DAY, comes_at, zone)
    return disturbs_from(digest.astimezone(UTC), quiet, zone)


def _end_of_quiet(local: datetime, quiet: Quiet, zone: ZoneInfo) -> datetime | None:
    """When the stretch of quiet that covers `local` ends; None when none does."""
    today, now = local.date(), local.time()
    if quiet.weekends and local.weekday() >= SATURDAY:
        return datetime.combine(today + _A_DAY, time(0), zone)
    start, end = quiet.start, quiet.end
    if start is None or end is None or start == end:
        return None
    if start < end:
        return datetime.combine(today, end, zone) if start <= now < end else None
    if now < end:
        return datetime.combine(today, end, zone)
    return datetime.combine(today + _A_DAY, end, zone) if now >= start else None
