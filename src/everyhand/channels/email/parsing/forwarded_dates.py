"""The date in the header of a forwarded mail, which programs write in the language of whoever forwarded it.

The names of months come from the Unicode CLDR (through Babel). A date is read only if it says everything: a year, a
month, a day, a time and its offset from UTC. Most programs leave the offset out; then the moment is unknown by up to a
day, and a date we would have to guess is None.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from babel import Locale, UnknownLocaleError

from everyhand.channels.email.parsing import dates
from everyhand.channels.email.parsing.replies.languages.headers import DATE
from everyhand.channels.email.parsing.replies.lines import plain

LONGEST = 200

_RFC = re.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT|UTC)")
_OFFSET = re.compile(r"(?:(?:gmt|utc)\s?([+-])(\d{1,2})(?::?(\d\d))?|\s([+-])(\d\d):?(\d\d))(?!\d)")
_TIME = re.compile(r"(?<!\d)(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?(?!\d)\s?([ap])?")
_ISO_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/年]\s?(\d{1,2})[-/月]\s?(\d{1,2})(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DAY = re.compile(r"(?<![\d:])(\d{1,2})(?![\d:])")
_WORD = re.compile(r"[^\W\d_]+")

# Hours ahead of UTC of the abbreviations that mean one thing only, in the languages of the programs that write them.
ZONES: dict[str, float] = {
    "utc": 0, "gmt": 0, "wet": 0, "west": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "eet": 2, "eest": 3, "oez": 2,
    "oesz": 3,
    "msk": 3, "est": -5, "edt": -4, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "jst": 9, "kst": 9, "hkt": 8,
    "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "seč": 1, "selč": 2, "hnec": 1, "heec": 2,
}  # fmt: skip


def parse(value: str) -> datetime | None:
    """The moment `value` names, in UTC; None if it does not say everything. Never raises."""
    value = value[:LONGEST]
    regular = _RFC.search(value)
    if regular:
        return dates.read(regular.group())
    low = plain(value)
    offset, time = _offset(low), _TIME.search(low)
    if offset is None or time is None:
        return None
    day = _day(low[: time.start()] + " " + low[time.end() :])
    if day is None:
        return None
    hour = int(time.group(1)) % 12 + (12 if time.group(4) == "p" else 0) if time.group(4) else int(time.group(1))
    try:
        local = datetime(*day, hour, int(time.group(2)), int(time.group(3) or 0), tzinfo=UTC)
        return local - offset
    except (ValueError, OverflowError):  # 31 June, 25:61: a claim that cannot be true
        return None


def _offset(low: str) -> timedelta | None:
    found = _OFFSET.search(low)
    if found:
        sign, hours, minutes = (found.group(at) or found.group(at + 3) for at in (1, 2, 3))
        ahead = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return -ahead if sign == "-" else ahead
    zones = [ZONES[word] for word in _WORD.findall(low) if word in ZONES]
    return timedelta(hours=zones[-1]) if zones else None


def _day(low: str) -> tuple[int, int, int] | None:
    iso = _ISO_DAY.search(low)
    if iso:
        return int(iso.group(1)), int(iso.group(2)), int(iso.group(3))
    year = _YEAR.search(low)
    months = [_months()[word] for word in _WORD.findall(low) if word in _months()]
    if year is None or not months:
        return None
    day = _DAY.search(low[: year.start()] + " " + low[year.end() :])
    return (int(year.group()), months[0], int(day.group(1))) if day else None


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """The names of the months in all languages we know, full and short; what is ambiguous between two is left out."""
    found: dict[str, set[int]] = {}
    for code in DATE:
        try:
            months = Locale.parse(code).months
        except UnknownLocaleError:
            continue
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context].get(width, {}).items():
                    for word in _WORD.findall(plain(name))[:1]:
                        found.setdefault(word, set()).add(number)
    return {word: next(iter(numbers)) for word, numbers in found.items() if len(numbers) == 1 and len(word) > 1}
