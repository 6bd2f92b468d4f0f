"""`everyhand bench generate` makes a company that the program takes for its own past."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from bench.pieces import RAISED
from tests.servers.processes import open_directory
from tests.whole.test_the_main_job import wait_for

EVERYHAND = [sys.executable, "-c", "from everyhand.cli.main import main; main()"]
UNTIL = "2026-03-02"


def environment(data: Path) -> dict[str, str]:
    strange = ("EVERYHAND_", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    return kept | {"EVERYHAND_DATA": str(data)}


def call(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*EVERYHAND, *arguments], env=environment(data), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def company() -> Path:
    """A generated data directory."""
    made = open_directory("bench") / "company"
    done = call("bench", "generate", "--conversations", "200", "--until", UNTIL, str(made), data=made.parent / "own")
    assert done.returncode == 0, done.stderr
    return made


def look(data: Path, question: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(data / "everyhand.sqlite3")
    try:
        return database.execute(question).fetchall()
    finally:
        database.close()


def test_it_is_as_large_as_was_asked_for(company: Path) -> None:
    assert look(company, "SELECT COUNT(*) FROM conversations_conversation") == [(200,)]
    assert look(company, "SELECT COUNT(*) FROM people_member") == [(200,)]
    assert look(company, "SELECT COUNT(*) FROM people_team") == [(20,)]
    assert look(company, "SELECT COUNT(*) FROM conversations_message WHERE conversation_id = 1") == [(1000,)]
    assert look(company, "PRAGMA foreign_key_check") == []


def test_the_program_takes_it_for_its_own(company: Path) -> None:
    ledger = json.loads(call("ledger", "--json", data=company).stdout)
    assert ledger["balanced"]
    assert ledger["filed"] == ledger["accepted"] > 1_000
    (first,) = look(company, "SELECT subject, reply FROM conversations_message WHERE conversation_id = 150 LIMIT 1")
    found = call("search", max(str(first[1]).split(), key=len).strip("."), "--json", data=company).stdout
    assert 150 in [json.loads(line)["conversation"] for line in found.splitlines()]


def test_what_waits_for_us_is_promised_and_what_is_closed_is_not(company: Path) -> None:
    stands = "kept_at IS NULL AND withdrawn_at IS NULL"
    promised = look(company, f"SELECT conversation_id FROM promises_promise WHERE {stands} ORDER BY 1")  # noqa: S608
    waiting = look(company, "SELECT id FROM conversations_conversation WHERE status = 'open' ORDER BY 1")
    assert promised == waiting
    assert waiting


def test_the_same_seed_makes_the_same_company(company: Path) -> None:
    again = company.with_name("again")
    call("bench", "generate", "--conversations", "200", "--until", UNTIL, str(again), data=company.parent / "own")
    # But for message ids of ours, which are signed with each installation's own secret.
    content = "SELECT at, text, author_name FROM conversations_message ORDER BY id"
    assert fingerprint(look(again, content)) == fingerprint(look(company, content))
    blobs = "SELECT sha256 FROM core_blob ORDER BY id"
    assert look(again, blobs) == look(company, blobs)


def test_its_index_of_words_is_whole_and_its_pieces_stand_above_those_of_new_mail(company: Path) -> None:
    assert look(company, "INSERT INTO core_document_index (core_document_index) VALUES ('integrity-check')") == []
    [(structure,)] = look(company, "SELECT block FROM core_document_index_data WHERE id = 10")
    assert isinstance(structure, bytes)
    levels, pieces, written = structure[4:7]
    assert (levels > RAISED, pieces > 0, written) == (True, True, 0)
    assert structure[7 : 7 + 2 * RAISED] == bytes(2 * RAISED)


def test_nothing_is_written_over(company: Path) -> None:
    refused = call("bench", "generate", str(company), data=company.parent / "own")
    assert refused.returncode == 1
    assert "exists already" in refused.stderr


@pytest.mark.postgresql
def test_it_can_stand_in_a_database_of_postgresql(cluster_url: str) -> None:
    folder, name = open_directory("bench-postgresql"), f"bench_{secrets.token_hex(4)}"
    url, asked = f"{cluster_url}/{name}", ["--conversations", "200", "--until", UNTIL]
    made = folder / "company"
    done = call("bench", "generate", *asked, "--postgresql", url, str(made), data=folder / "own")
    assert done.returncode == 0, done.stderr
    ledger = json.loads(call("ledger", "--json", data=made).stdout)
    assert ledger["balanced"]
    assert ledger["filed"] == ledger["accepted"] > 1_000
    with psycopg.connect(url) as database:
        first = database.execute("SELECT reply FROM conversations_message WHERE conversation_id = 150").fetchone()
    assert first is not None
    found = call("search", max(str(first[0]).split(), key=len).strip("."), "--json", data=made).stdout
    assert 150 in [json.loads(line)["conversation"] for line in found.splitlines()]
    again = call("bench", "generate", *asked, "--postgresql", url, str(folder / "again"), data=folder / "own")
    assert again.returncode != 0
    assert "exists already. Give a new name" in again.stderr
    assert "Traceback" not in again.stderr
    assert sorted(one.name for one in folder.iterdir() if one.name != "own") == ["company"]


def test_an_interrupted_run_leaves_nothing_behind() -> None:
    folder = open_directory("bench-interrupted")
    own = environment(folder / "own")
    asked = ["bench", "generate", "--conversations", "100000", str(folder / "company")]
    with subprocess.Popen([*EVERYHAND, *asked], env=own, stderr=subprocess.DEVNULL) as running:
        unfinished = folder / "company.unfinished" / "everyhand.sqlite3"
        wait_for(lambda: unfinished.exists() and unfinished.stat().st_size > 1_000_000, seconds=60, what="it writes")
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) != 0
    assert [one.name for one in folder.iterdir() if one.name != "own"] == []


def fingerprint(rows: list[tuple[object, ...]]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()
