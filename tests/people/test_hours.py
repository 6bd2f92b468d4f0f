"""Working hours, as people write them."""

from __future__ import annotations

import contextlib
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhand.people.hours import NotUnderstood, Span, read, write

moments = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
spans = st.builds(Span, st.integers(0, 6), moments, moments).filter(
    lambda span: span.start < span.end or span.end == time(0)
)


@pytest.mark.parametrize(
    ("text", "weekdays", "start", "end"),
    [
        ("Mon-Fri 9:00-17:00", [0, 1, 2, 3, 4], time(9), time(17)),
        ("mo – fr 9 – 17", [0, 1, 2, 3, 4], time(9), time(17)),
        ("Samstag 10-13:30", [5], time(10), time(13, 30)),
        ("Thursday 20:00-24:00", [3], time(20), time(0)),
        ("Di. 8-12", [1], time(8), time(12)),
    ],
)
def test_everyday_spellings_are_understood(text: str, weekdays: list[int], start: time, end: time) -> None:
    assert read(text) == [Span(weekday, start, end) for weekday in weekdays]


@pytest.mark.parametrize("text", ["whenever", "Mon", "9-17", "Mon 17-9", "Fri-Mon 9-17", "Mon 9-25", "Mon 9:99-10"])
@pytest.mark.parametrize("weekday", ["Mon", "Xy", "Xyz"])
def test_what_is_not_clear_is_named(text: str, weekday: str) -> None:
    unclear = text.replace("Mon", weekday)
    with pytest.raises(NotUnderstood, match=f"^{unclear}$"):
        read(f"Tue 9-17, {unclear}")


def test_several_parts_stand_beside_each_other() -> None:
    assert len(read("Mon-Fri 9-12, Mon-Fri 13:00-17:00")) == 10
    assert read("") == []


@given(st.sets(spans, max_size=8))
def test_what_is_written_is_read_back(some: set[Span]) -> None:
    assert read(write(some)) == sorted(some)


@given(st.text(alphabet="Mon-Fri 0123456789:,;SatSoDi. ", max_size=40))
def test_any_text_is_understood_or_refused(text: str) -> None:
    with contextlib.suppress(NotUnderstood):
        assert read(write(read(text))) == read(text)
