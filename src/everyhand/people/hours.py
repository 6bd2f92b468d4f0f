"""Working hours as people write them: “Mon-Fri 9:00-17:00, Sat 10:00-13:00”. A pure module."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time
from itertools import groupby

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NAMES = (
    ("monday", "montag"),
    ("tuesday", "dienstag"),
    ("wednesday", "mittwoch"),
    ("thursday", "donnerstag"),
    ("friday", "freitag"),
    ("saturday", "samstag"),
    ("sunday", "sonntag"),
)
_LINE = re.compile(
    r"(?P<first>[^\W\d_]{2,9})\.?(?:\s*[-–]\s*(?P<last>[^\W\d_]{2,9})\.?)?\s+"
    r"(?P<start>\d{1,2}(?::\d\d)?)\s*[-–]\s*(?P<end>\d{1,2}(?::\d\d)?)"
)


class NotUnderstood(ValueError):
    """A part of the hours can't be read; `args[0]` is that part."""


@dataclass(frozen=True, order=True)
class Span:
    """A span of one weekday (0 is Monday). `end` is exclusive; midnight there is the end of the day."""

    weekday: int
    start: time
    end: time


def read(text: str, weekdays: Sequence[str] = WEEKDAYS) -> list[Span]:
    """The spans that `text` names, by weekday; [] for an empty text. Raises `NotUnderstood`.

    `weekdays` are the short names of Monday to Sunday in the writer's language; English and German are known anyway.
    """
    parts = [part.strip() for part in re.split(r"[,;\n]", text)]
    return sorted({span for part in parts if part for span in _spans(part, weekdays)})


def write(spans: Iterable[Span], weekdays: Sequence[str] = WEEKDAYS) -> str:
    """The text that `read` turns into these spans, weekdays with the same hours together."""
    by_hours: dict[tuple[time, time], list[int]] = {}
    for span in sorted(spans):
        by_hours.setdefault((span.start, span.end), []).append(span.weekday)
    lines = []
    for (start, end), together in by_hours.items():
        for _gap, run in groupby(enumerate(together), lambda one: one[1] - one[0]):
            days = [weekday for _index, weekday in run]
            names = weekdays[days[0]] if len(days) == 1 else f"{weekdays[days[0]]}-{weekdays[days[-1]]}"
            lines.append((days[0], f"{names} {start:%H:%M}-{end:%H:%M}"))
    return ", ".join(line for _first, line in sorted(lines))


def _spans(part: str, weekdays: Sequence[str]) -> list[Span]:
    found = _LINE.fullmatch(part)
    if not found:
        raise NotUnderstood(part)
    try:
        first, last = (_weekday(found[which] or found["first"], weekdays) for which in ("first", "last"))
        start, end = _time(found["start"]), _time(found["end"])
    except ValueError:
        raise NotUnderstood(part) from None
    if first > last or (end <= start and end != time(0)):
        raise NotUnderstood(part)
    return [Span(weekday, start, end) for weekday in range(first, last + 1)]


def _weekday(word: str, weekdays: Sequence[str]) -> int:
    """By its name in `weekdays`, or in English or German from two letters on. Raises ValueError."""
    word = word.lower()
    own = [name.lower() for name in weekdays]
    if word in own:
        return own.index(word)
    for weekday, names in enumerate(_NAMES):
        if any(name.startswith(word) for name in names):
            return weekday
    raise ValueError(word)


def _time(text: str) -> time:
    """Raises ValueError."""
    hour, _colon, minute = text.partition(":")
    return time(0) if (hour, minute or "00") == ("24", "00") else time(int(hour), int(minute or 0))
