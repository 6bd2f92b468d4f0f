"""`everyhand bench peers`: what is measured beside other desks, and that they take the past as it was.

The desks themselves are installed from the package index when somebody measures, and here by nobody.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from bench.peers.rows import Rows, filling
from bench.peers.table import Measured, lines_of
from bench.session import form_with
from tests.bench.test_generate import EVERYHAND, environment
from tests.bench.test_table import left_in, processes_on, serving
from tests.servers.processes import open_directory
from tests.whole.test_the_main_job import wait_for

ALONE = ["bench", "peers", "--small", "--json", "--conversations", "200", "--only", "roundup"]


def without_packages(folder: Path) -> dict[str, str]:
    """No package index, and none of Debian's programs."""
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PATH": str(folder / "bin")}
    return environment(folder / "own") | {"TMPDIR": str(folder)} | nowhere


def test_a_desk_that_cannot_be_had_is_named_and_the_others_are_measured() -> None:
    folder = open_directory("bench-peers")
    asked = [*EVERYHAND, *ALONE, "--only", "request-tracker"]
    done = subprocess.run(asked, env=without_packages(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "pip could not install it" in told["absent"]["Roundup 2.6.0"]
    assert "apt-get install" in told["absent"]["Request Tracker 5.0"]
    ours = {one["what"]: one for one in told["figures"]}
    assert set(ours) == {"filed", "list", "ticket", "search", "reply", "memory"}
    assert all(one["median"] > 0 and one["times_ours"] == 1 for one in ours.values())
    assert left_in(folder) == []


def test_an_interrupted_comparison_leaves_nothing() -> None:
    folder = open_directory("bench-peers-interrupted")
    asked = [*EVERYHAND, *ALONE]
    own = without_packages(folder)
    with subprocess.Popen(asked, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        wait_for(lambda: bool(serving(folder)), seconds=120, what="our own server runs")
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) != 0
    assert processes_on(folder) == {}
    assert left_in(folder) == []


def test_the_table_says_how_many_times_ours_each_is() -> None:
    measured = [
        *(Measured("ours", "", "list", value) for value in (10.0, 12.0, 11.0)),
        *(Measured("theirs", "", "list", value) for value in (100.0, 120.0, 110.0)),
        *(Measured(desk, "", "filed", value) for desk, value in (("ours", 400.0), ("theirs", 40.0))),
        *(Measured(desk, "", what, 50.0) for desk in ("ours", "theirs") for what in ("ticket", "search", "reply")),
        *(Measured(desk, "", "memory", value) for desk, value in (("ours", 200.0), ("theirs", 100.0))),
    ]
    theirs = {one.what: one for one in lines_of(measured) if one.desk == "theirs"}
    assert (theirs["list"].median, theirs["list"].p99, theirs["list"].times_ours) == (110.0, 120.0, 10.0)
    assert theirs["filed"].times_ours == 10.0  # a tenth as many
    assert theirs["memory"].times_ours == 0.5


def test_a_database_of_somebody_else_is_filled_and_keeps_its_indexes(tmp_path: Path) -> None:
    path = tmp_path / "theirs.sqlite3"
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute("CREATE TABLE issue (id INTEGER PRIMARY KEY, title TEXT, retired INTEGER DEFAULT 0)")
        theirs.execute("CREATE INDEX issue_title ON issue (title)")
    with filling(path) as database:
        issues = Rows(database, "issue", "id", "title")
        for number in range(25_000):
            issues.add(number, f"title {number}")
        issues.write()
    with closing(sqlite3.connect(path)) as theirs:
        assert theirs.execute("SELECT COUNT(*), MAX(retired) FROM issue").fetchone() == (25_000, 0)
        assert theirs.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall() == [("issue_title",)]
        assert theirs.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_filling_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "theirs.sqlite3"
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute("CREATE TABLE issue (id INTEGER PRIMARY KEY, title TEXT)")
        theirs.execute("CREATE INDEX issue_title ON issue (title)")
    with pytest.raises(ZeroDivisionError), filling(path) as database:
        issues = Rows(database, "issue", "id")
        issues.add(1)
        issues.write()
        raise ZeroDivisionError
    with closing(sqlite3.connect(path)) as theirs:
        assert theirs.execute("SELECT COUNT(*) FROM issue").fetchone() == (0,)
        assert theirs.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall() == [("issue_title",)]


def test_a_form_is_sent_as_a_browser_would_send_it() -> None:
    page = """
    <form action="/search"><input name="q"></form>
    <form method="post">
      <input type="hidden" name="token" value="t1"><input name="subject" value="Hello">
      <input type="checkbox" name="closed" value="1"><input type="checkbox" name="public" value="1" checked>
      <select name="status"><option value="1">new</option><option value="2" selected>open</option></select>
      <textarea name="note">Dear you</textarea><input type="submit" name="go" value="Go">
    </form>"""
    assert form_with("note", page) == {
        "token": "t1",
        "subject": "Hello",
        "public": "1",
        "status": "2",
        "note": "Dear you",
    }
    with pytest.raises(LookupError):
        form_with("answer", page)
