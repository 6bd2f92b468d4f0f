"""What SQLite writes ahead is brought home by the worker, so that nobody who commits does it for all the others."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connection

from everyhand.core import bookmarks
from everyhand.core.sqlite import write_ahead
from tests.servers.processes import wait_until

pytestmark = [pytest.mark.sqlite, pytest.mark.django_db(transaction=True)]


def stands_in_the_file(word: str) -> bool:
    return word.encode() in Path(connection.settings_dict["NAME"]).read_bytes()


def test_what_was_written_ahead_stands_in_the_file_once_it_is_brought_home() -> None:
    bookmarks.Bookmark.objects.create(reader="the one who reads ahead")
    assert not stands_in_the_file("the one who reads ahead")
    write_ahead.bring_home()
    assert stands_in_the_file("the one who reads ahead")


def test_whoever_commits_does_it_only_where_nobody_else_did_for_long() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_autocheckpoint")
        assert cursor.fetchone() == (40_000,)


def test_a_long_log_begins_anew_though_somebody_always_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_ahead, "LONG", 10)
    writing = True

    def write_on() -> None:
        number = 0
        while writing:
            number += 1
            bookmarks.Bookmark.objects.create(reader=f"the {number}th")
        connection.close()

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        wait_until(lambda: log_length() > write_ahead.LONG, seconds=10, what="the log is long")
        longest = log_length()
        wait_until(lambda: length_after_bringing_home() < longest, seconds=10, what="it begins anew")
    finally:
        writing = False
        writer.join()


def length_after_bringing_home() -> int:
    write_ahead.bring_home()
    return log_length()


def log_length() -> int:
    """Pages that were written since it began anew."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return int(cursor.fetchone()[1])
