"""The journal: read by cursor, nothing missed, nothing twice, also when transactions overtake each other."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from everyhand.core import journal
from tests.cast import NOON
from tests.servers.processes import wait_until


def told(count: int, *, since: str = "", at_once: int = 500) -> tuple[list[journal.Entry], str]:
    """`count` entries as a patient reader gets them. PostgreSQL numbers transactions over the whole cluster, so one
    that runs in the database of another test worker holds entries back for as long as it lasts.
    """
    entries: list[journal.Entry] = []
    cursor = since

    def all_there() -> bool:
        nonlocal cursor
        page, cursor = journal.since(cursor, limit=min(at_once, count - len(entries)))
        entries.extend(page)
        return len(entries) == count

    wait_until(all_there, seconds=60, what=f"{count} entries can be read")
    return entries, cursor


@pytest.mark.usefixtures("two_connections")
def test_a_reader_moves_on_by_cursor_and_sees_each_entry_once() -> None:
    for number in range(5):
        journal.note("test.happened", subject="thing:1", at=NOON, number=number)
    entries, cursor = told(5, at_once=3)
    assert [entry.particulars["number"] for entry in entries] == [0, 1, 2, 3, 4]
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
    slow.join(60)
    after, cursor = told(2 - len(before), since=cursor)
    assert sorted(entry.action for entry in before + after) == ["test.fast", "test.slow"]
    assert journal.since(cursor) == ([], cursor)


@pytest.mark.django_db
def test_a_fact_that_is_rolled_back_was_never_told() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        journal.note("test.lost", subject="", at=NOON)
        raise ZeroDivisionError
    assert not journal.about("")
