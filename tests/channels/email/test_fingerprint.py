"""By what a mail is known again: its digest, behind the second at which it was written."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from everyhand.channels.email.fingerprint import alone, digest_of, fingerprint_of
from tests.cast import NOON

DAY = "Mon, 2 Mar 2026 12:00:00 +0000"


def letter(dated: str, *, before: str = "", text: str = "No paper today.") -> bytes:
    return f"{before}From: ada@example.org\r\nDate: {dated}\r\nSubject: Paper\r\n\r\n{text}\r\n".encode()


def second_of(raw: bytes) -> str:
    fingerprint = fingerprint_of(raw)
    assert fingerprint is not None
    assert digest_of(raw)[:-64] == fingerprint[:-64]
    return fingerprint[:-64]


@pytest.mark.parametrize(
    "apart", [timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=40)]
)
def test_mails_written_one_after_the_other_stand_one_after_the_other(apart: timedelta) -> None:
    moments = [NOON + number * apart for number in range(100)]
    keys = [second_of(letter(f"{moment:%a, {moment.day} %b %Y %H:%M:%S} -0800")) for moment in moments]
    assert all(earlier < later for earlier, later in pairwise(keys))


@given(some.binary(max_size=400))
def test_whatever_the_bytes_are_their_digest_is_behind_ten_digits(raw: bytes) -> None:
    assert alone(digest_of(raw)) == hashlib.sha256(raw).hexdigest()
    int(digest_of(raw)[:-64], 16)
    assert len(digest_of(raw)) == 74


@pytest.mark.parametrize(
    "dated",
    [
        "2 Mar 2026 12:00:00 +0000",
        "Mon,  02 mar 2026\t12:00",
        "Monday,\r\n 2 March 2026 12:00:00",
        "MON, 2 MAR 2026 12:00 EST",
    ],
    ids=["no name of a day", "other spaces and letters", "folded", "no seconds"],
)
def test_a_second_is_read_however_it_is_written(dated: str) -> None:
    assert second_of(letter(dated)) == second_of(letter(DAY))


@pytest.mark.parametrize("dated", ["", "yesterday", "2026-03-02", "\r\n\t", "2 Mrz 2026", "Mar 2026"])
def test_a_date_that_cannot_be_read_comes_first(dated: str) -> None:
    assert digest_of(letter(dated)).startswith("0" * 10)


def test_a_day_without_a_time_begins_with_its_first_second() -> None:
    assert second_of(letter("Mon, 2 Mar 2026")) == second_of(letter("Mon, 2 Mar 2026 00:00:00 +0000"))


def test_a_date_in_the_text_is_none_of_the_letter() -> None:
    raw = letter("once", text="He wrote:\r\nDate: Tue, 3 Mar 2026 12:00:00 +0000")
    assert digest_of(raw).startswith("0" * 10)


def test_of_two_dates_the_same_is_taken_by_either_route() -> None:
    later = "Date: Tue, 3 Mar 2026 12:00:00 +0000\r\n"
    raw = letter(DAY)
    routes = [later.encode() + raw, raw.replace(b"Subject", later.encode() + b"Subject")]
    assert len({fingerprint_of(route) for route in routes}) == 1


@pytest.mark.parametrize(("before", "is_read"), [(50_000, True), (200_000, False)])
def test_at_the_door_the_beginning_of_a_mail_is_looked_at_and_no_more(before: int, is_read: bool) -> None:
    raw = letter(DAY, before=f"X-Long: {'x' * before}\r\n")
    assert (digest_of(raw)[:-64] != "0" * 10) == is_read
    assert fingerprint_of(raw) == fingerprint_of(letter(DAY))
