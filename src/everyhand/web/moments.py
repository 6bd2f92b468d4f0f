"""Moments, spans of time and numbers in the reader's language and time zone, as the templates write them.

The words are written here once; `everyhand.js` keeps those with `data-relative` true while the page stays open.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from babel import Locale, dates, numbers
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, to_locale


def when(moment: datetime | None) -> SafeString | str:
    """“12 min ago” within a day, else “3 March 2026, 14:05”; the exact moment on hover."""
    if moment is None:
        return ""
    away = moment - timezone.now()
    if abs(away) >= timedelta(days=1):
        return _time(moment, day(moment), "")
    return _time(moment, dates.format_timedelta(away, add_direction=True, format="short", locale=_locale()), "when")


def distance(moment: datetime | None) -> SafeString | str:
    """How far away it is, in either direction: “12 min”."""
    if moment is None:
        return ""
    away = abs(moment - timezone.now())
    return _time(moment, dates.format_timedelta(away, threshold=1, format="short", locale=_locale()), "distance")


def number(value: int) -> str:
    """With the separators of the reader's language: “12,345”."""
    return str(numbers.format_decimal(value, locale=_locale()))


def day(moment: datetime | None) -> str:
    """The local date and time, for what is longer ago."""
    if moment is None:
        return ""
    return dates.format_datetime(timezone.localtime(moment), "d MMMM y, HH:mm", locale=_locale())


def _time(moment: datetime, words: str, relative: str) -> SafeString:
    marker = format_html(' data-relative="{}"', relative) if relative else ""
    exact = dates.format_datetime(timezone.localtime(moment), "full", locale=_locale())
    return format_html('<time datetime="{}" title="{}"{}>{}</time>', moment.isoformat(), exact, marker, words)


def _locale() -> Locale:
    return Locale.parse(to_locale(get_language() or "en"))
