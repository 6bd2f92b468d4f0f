"""When the sender says the mail was written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz

_COMMENT = re.compile(r"\([^()]*\)")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def read(value: str) -> datetime | None:
    """A Date field (RFC 5322, section 3.3, and its many misspellings) in UTC, clamped to 1970-2100.

    None where it cannot be read at all. A claim, never a fact: the time that counts is when we accepted the mail.
    """
    value = _COMMENT.sub(" ", value[:200]).strip()
    try:
        parsed = parsedate_tz(value)
    except (ValueError, IndexError, TypeError):  # parsedate_tz raises on some malformed fields
        parsed = None
    moment = _from_iso(value) if parsed is None else _from_fields(parsed)
    return None if moment is None else min(max(moment, _EARLIEST), _LATEST)


def _from_fields(parsed: tuple[int, int, int, int, int, int, int, int, int, int | None]) -> datetime | None:
    year, month, day, hour, minute, second = parsed[:6]
    if year >= 2101:
        return _LATEST
    if year < 1970:
        return _EARLIEST
    offset = parsed[9] or 0
    try:
        # A leap second, or 24:00, is written by real clocks; the arithmetic carries it over.
        moment = datetime(year, month, day, tzinfo=UTC) + timedelta(hours=hour, minutes=minute, seconds=second)
        return moment - timedelta(seconds=offset if abs(offset) < 86_400 else 0)
    except (ValueError, OverflowError):
        return None


def _from_iso(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _LATEST if moment.year > 2000 else _EARLIEST
