"""What SQLite writes ahead is brought home by the worker, so that nobody who commits does it for all the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from everyhand.core import bookmarks
from everyhand.core.sqlite import write_ahead

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
