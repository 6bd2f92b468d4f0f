"""Moments, spans of time and numbers in the reader's language and time zone, as the templates write them.

The words are written here once; `everyhand.js` keeps those with `data-relative` true while the page stays open.
"""

from __future__ import annotations

import functools
from datetime import date, datetime, time, timedelta, tzinfo

from babel import Locale, dates, numbers, units
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

A_DAY = 86_400
A_MOMENT = 60
# Words for moments that are kept of each kind, some 0.3 kB each.
KEPT = 1_000


def when(moment: datetime | None) -> SafeString | str:
    """“12 min ago” within a day, else “3 Mar, 14:05”, with the year if that is another; the exact moment on hover."""
    if moment is None:
        return ""
    seconds, language, zone = span(moment, at=timezone.now()), get_language() or "en", timezone.get_current_timezone()
    if abs(seconds) >= A_DAY:
        return _long_ago(moment, timezone.localtime().year, zone, language)
    ago = _("just now") if abs(seconds) < A_MOMENT else _from_now(seconds, language)
    return _time(moment, ago, ' data-relative="when"')


def told_by(moment: datetime | None) -> int | None:
    """What the words of `when` depend on now, beside the language and the time zone."""
    if moment is None:
        return None
    seconds = span(moment, at=timezone.now())
    return seconds if abs(seconds) < A_DAY else timezone.localtime().year


def distance(moment: datetime | None) -> SafeString | str:
    """How far away it is, in either direction: “12 min”."""
    if moment is None:
        return ""
    seconds = abs(span(moment, at=timezone.now()))
    return _time(moment, _long(seconds, get_language() or "en"), ' data-relative="distance"')


def span(moment: datetime, *, at: datetime) -> int:
    """The seconds from `at` to it, in whole minutes from a minute on: what the words for it depend on."""
    seconds = (moment - at).total_seconds()
    return round(seconds) if abs(seconds) < 60 else int(seconds / 60) * 60


def day(moment: datetime | None) -> str:
    """The local date and time, for what is longer ago."""
    if moment is None:
        return ""
    return _day(_minute(timezone.localtime(moment)), get_language() or "en")


def date_of(moment: datetime | None) -> str:
    """The local date: “3 March 2026”."""
    return "" if moment is None else _date(timezone.localtime(moment).date(), get_language() or "en")


def time_of_day(local: datetime) -> str:
    """“14:05”, by the clock that `local` shows."""
    return _clock(local.time().replace(second=0, microsecond=0), get_language() or "en")


def length(time: timedelta) -> str:
    """Of a whole number of minutes: “2 hours”, “90 minutes”."""
    number, unit = whole(time)
    return str(units.format_unit(number, f"duration-{unit.rstrip('s')}", locale=_locale(get_language() or "en")))


def whole(time: timedelta) -> tuple[int, str]:
    """How many of the largest of "days", "hours" and "minutes" it is a whole number of."""
    minutes = round(time.total_seconds() / 60)
    for unit, size in (("days", 24 * 60), ("hours", 60)):
        if minutes and minutes % size == 0:
            return minutes // size, unit
    return minutes, "minutes"


def weekdays() -> list[str]:
    """The short names of Monday to Sunday: “Mon”, “Tue”."""
    names = dates.get_day_names("abbreviated", locale=_locale(get_language() or "en"))
    return [names[weekday].rstrip(".") for weekday in range(7)]


def number(value: int) -> str:
    """With the separators of the reader's language: “12,345”."""
    return str(numbers.format_decimal(value, locale=_locale(get_language() or "en")))


# The moments on a page are mostly those of the visit before.
@functools.lru_cache(KEPT)
def _long_ago(moment: datetime, this_year: int, zone: tzinfo, language: str) -> SafeString:
    local = _minute(moment.astimezone(zone))
    return _time(moment, _short_day(local, local.year != this_year, language), "")


def _time(moment: datetime, words: str, relative: str) -> SafeString:
    opening = _opening(moment, timezone.get_current_timezone(), get_language() or "en")
    # What is put together here holds no sign that HTML would read: digits, and words of Babel's.
    return mark_safe(f"{opening}{relative}>{words}</time>")  # noqa: S308


@functools.lru_cache(KEPT)
def _opening(moment: datetime, zone: tzinfo, language: str) -> str:
    local = _minute(moment.astimezone(zone))
    return f'<time datetime="{moment.isoformat()}" title="{_day(local, language)}"'


# Babel takes 0.1 ms for each of these, and an inbox shows two hundred.
@functools.lru_cache(KEPT)
def _from_now(seconds: int, language: str) -> str:
    span, locale = timedelta(seconds=seconds), _locale(language)
    try:
        return dates.format_timedelta(span, add_direction=True, format="short", locale=locale)
    except KeyError:  # Danish and some others have no short words for it
        return dates.format_timedelta(span, add_direction=True, format="long", locale=locale)


@functools.lru_cache(KEPT)
def _long(seconds: int, language: str) -> str:
    return dates.format_timedelta(timedelta(seconds=seconds), threshold=1, format="short", locale=_locale(language))


@functools.lru_cache(KEPT)
def _day(local: datetime, language: str) -> str:
    return _joined(_date(local.date(), language), local, language)


@functools.lru_cache(KEPT)
def _short_day(local: datetime, with_year: bool, language: str) -> str:
    return _joined(_short_date(local.date(), with_year, language), local, language)


@functools.lru_cache(KEPT)
def _short_date(local: date, with_year: bool, language: str) -> str:
    skeleton = "yMMMd" if with_year else "MMMd"
    return str(dates.format_skeleton(skeleton, datetime.combine(local, time()), locale=_written(language)))


def _joined(words: str, local: datetime, language: str) -> str:
    return _joining(language).replace("{1}", words).replace("{0}", _clock(local.time(), language))


@functools.lru_cache(64)
def _joining(language: str) -> str:
    """How the language joins a date and a time, which its medium pattern does with the least words."""
    return str(dates.get_datetime_format("medium", locale=_locale(language)))


@functools.lru_cache(KEPT)
def _date(local: date, language: str) -> str:
    return str(dates.format_date(local, "long", locale=_written(language)))


@functools.lru_cache(KEPT)
def _clock(local: time, language: str) -> str:
    return str(dates.format_time(local, "short", locale=_written(language)))


def _minute(local: datetime) -> datetime:
    """On the wall, and no finer than the words are."""
    return local.replace(second=0, microsecond=0, tzinfo=None)


def _written(language: str) -> Locale:
    """How dates are written: in English with the day first and by the 24-hour clock, as most of the world has them."""
    return _locale("en-gb" if language == "en" else language)


@functools.lru_cache(64)
def _locale(language: str) -> Locale:
    return Locale.parse(to_locale(language))
