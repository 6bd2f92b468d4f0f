"""The journal: read by cursor, nothing missed, nothing twice, also when transactions overtake each other."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from everyhand.core import journal
from tests.cast import NOON


@pytest.mark.usefixtures("two_connections")
def test_a_reader_moves_on_by_cursor_and_sees_each_entry_once() -> None:
    for number in range(5):
        journal.note("test.happened", subject="thing:1", at=NOON, number=number)
    first, cursor = journal.since("", limit=3)
    rest, cursor = journal.since(cursor, limit=3)
    assert [entry.particulars["number"] for entry in first + rest] == [0, 1, 2, 3, 4]
    assert journal.since(cursor) == ([], cursor)
    assert journal.newest() == cursor


@pytest.mark.django_db
@pytest.mark.parametrize("nonsense", ["", "x", "1", "1.x", "-1.2", "9" * 40 + ".1"])
def test_a_cursor_nobody_gave_out_does_no_harm(nonsense: str) -> None:
    journal.note("test.happened", subject="", at=NOON)
    journal.since(nonsense)


@pytest.mark.usefixtures("two_connections")
def test_an_entry_committed_late_is_not_missed_by_a_reader_who_was_faster() -> None:
    """On PostgreSQL the second transaction commits first; on SQLite it has to wait, which is as good."""
    began, seen = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            journal.note("test.slow", subject="", at=NOON)
            began.set()
            if connection.vendor == "postgresql":
                seen.wait(10)
        connection.close()

    slow = threading.Thread(target=write_slowly)
    slow.start()
    began.wait(10)
    journal.note("test.fast", subject="", at=NOON)
    before, cursor = journal.since("")
    seen.set()
    slow.join()
    after, _ = journal.since(cursor)
    assert sorted(entry.action for entry in before + after) == ["test.fast", "test.slow"]


@pytest.mark.django_db
def test_a_fact_that_is_rolled_back_was_never_told() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        journal.note("test.lost", subject="", at=NOON)
        raise ZeroDivisionError
    assert not journal.about("")
