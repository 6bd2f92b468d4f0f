"""What the real databases say when they are away, and when it is our question that is wrong."""

from __future__ import annotations

import sqlite3

import pytest
from django.db import DatabaseError, connection

from everyhand.core.journal import note
from everyhand.core.outage import is_full, is_outage
from tests.cast import NOON


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize(
    "question", ["SELECT * FROM nowhere", "SELECT FROM WHERE", "INSERT INTO core_pulse (part) VALUES (NULL)"]
)
def test_a_question_that_is_wrong_is_no_outage(question: str) -> None:
    with pytest.raises(DatabaseError) as wrong, connection.cursor() as cursor:
        cursor.execute(question)
    assert not is_outage(wrong.value)


@pytest.mark.sqlite
@pytest.mark.usefixtures("transactional_db")
def test_a_locked_file_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.1)
    connection.close()
    foreign = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    foreign.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseError) as locked:
        note("test.locked_out", subject="", at=NOON)
    foreign.close()
    connection.close()
    assert is_outage(locked.value)
    assert not is_full(locked.value)


@pytest.mark.sqlite
@pytest.mark.usefixtures("transactional_db")
def test_a_database_that_may_not_grow_is_full() -> None:
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA max_page_count").fetchone()[0]
        cursor.execute("PRAGMA max_page_count=1")  # SQLite takes the present size for the least
        free = cursor.execute(
            "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"
        ).fetchone()
        with pytest.raises(DatabaseError) as full:
            cursor.execute(
                "INSERT INTO core_blob (sha256, size, content) VALUES ('x', 1, zeroblob(10000000 + %s))", free
            )
        cursor.execute(f"PRAGMA max_page_count={before}")
    assert is_outage(full.value)
    assert is_full(full.value)


@pytest.mark.postgresql
@pytest.mark.usefixtures("transactional_db")
def test_a_session_that_was_ended_and_whatever_is_asked_in_it_after_that_is_an_outage() -> None:
    for _ in range(2):
        with pytest.raises(DatabaseError) as ended, connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        assert is_outage(ended.value)
    connection.close()
