"""When a mail claims to be written, and the names by which mails refer to each other."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhand.channels.email.parsing import dates, ids
from tests.channels.email.parsing.mails import mail, read


@pytest.mark.parametrize(
    "sent",
    [
        "Mon, 2 Mar 2026 13:00:00 +0100",
        "2 Mar 2026 12:00:00 GMT",
        "Mon, 02 Mar 26 13:00:00 +0100 (CET)",
        "Mon,2 Mar 2026 13:00 +0100",
        "Mon, 2 Mar 2026 07:00:00 EST",
        "2026-03-02T13:00:00+01:00",
        "2026-03-02 12:00:00",
        "Mon, 1 Mar 2026 36:00:00 +0000",
    ],
)
def test_dates_are_read_in_many_spellings(sent: str) -> None:
    assert dates.read(sent) == datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "year"),
    [("31 Dec 9999 23:59:59 -2359", 2100), ("1 Jan 1801 00:00:00 +2359", 1970), ("1 Jan 12345 00:00:00", 2100)],
)
def test_years_beyond_all_sense_are_clamped(sent: str, year: int) -> None:
    read_date = dates.read(sent)
    assert read_date is not None
    assert read_date.year == year


@pytest.mark.parametrize("sent", ["", "yesterday", "Mon, 99 Foo 2026", "31 Feb 2026 12:00:00 +0000", "(((("])
def test_what_is_no_date_is_none(sent: str) -> None:
    assert dates.read(sent) is None


@given(st.text(max_size=60) | st.from_regex(r"\d{1,2} [A-Z][a-z]{2} \d{1,6} \d{1,3}:\d{1,3}:\d{1,3} [+-]\d{1,6}"))
def test_no_date_is_ever_an_error(sent: str) -> None:
    found = dates.read(sent)
    assert found is None or 1970 <= found.year <= 2100


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("<a@b>", ("a@b",)),
        ("<[a]@b>", ("[a]@b",)),
        ("<a b@c>", ("ab@c",)),
        ("<a@b> <c@d>", ("a@b", "c@d")),
        ("<a@b><c@d>,<a@b>", ("a@b", "c@d")),
        ("a@b", ("a@b",)),
        ("<a@b", ("a@b",)),
        ("Your message of Monday <a@b>", ("a@b",)),
        ("", ()),
        ("<>", ()),
        ("nonsense", ()),
    ],
)
def test_ids_are_read_however_they_are_written(sent: str, found: tuple[str, ...]) -> None:
    assert ids.read([sent]) == found


def test_two_long_ids_with_the_same_beginning_stay_two() -> None:
    one, two = ids.read(["<" + "a" * 3_000 + "1@b> <" + "a" * 3_000 + "2@b>"])
    assert one != two
    assert len(one) == len(two) == 996


def test_of_very_many_references_the_first_and_the_latest_are_kept() -> None:
    found = ids.read([" ".join(f"<{number}@b>" for number in range(5_000))])
    assert (len(found), found[0], found[-1]) == (100, "0@b", "4999@b")


def test_a_mail_with_two_ids_goes_by_the_first_and_one_without_by_none() -> None:
    assert read(mail(message_id="<a@b> <c@d>", references="<x@y>\n <z@y>")).message_id == "a@b"
    assert read(mail(references="<x@y>\n <z@y>")).references == ("x@y", "z@y")
    assert read(mail()).message_id == ""
