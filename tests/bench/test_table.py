"""`everyhand bench` prints one table; how long anything took is tried by nobody here."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

from tests.bench.test_generate import EVERYHAND, call, environment
from tests.servers.processes import open_directory
from tests.whole.test_the_main_job import wait_for


def test_everything_is_measured_through_the_running_program_and_nothing_stays() -> None:
    folder = open_directory("bench-table")
    parts = [word for part in ("pages", "accept", "size") for word in ("--only", part)]
    own = environment(folder / "own") | {"TMPDIR": str(folder)}
    done = subprocess.run(
        [*EVERYHAND, "bench", "--small", "--json", "--conversations", "200", *parts],
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["environment"]["synchronous"] == "FULL"
    figures = {one["what"]: one for one in told["figures"]}
    for what in ("inbox, mine", "conversation of 1,000 messages", "reply", "mail accepted, 8 connections"):
        assert figures[what]["typical"] > 0
        assert figures[what]["floor"] > 0
    assert left_in(folder) == []


def test_an_interrupted_run_ends_what_it_started_and_leaves_nothing() -> None:
    folder = open_directory("bench-interrupted")
    own = environment(folder / "own") | {"TMPDIR": str(folder)}
    asked = [*EVERYHAND, "bench", "--small", "--conversations", "200", "--only", "pages"]
    with subprocess.Popen(asked, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        wait_for(lambda: bool(serving(folder)), seconds=120, what="a server runs on the made-up data")
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) != 0
    assert processes_on(folder) == {}
    assert left_in(folder) == []


def test_ctrl_c_while_another_company_is_measured_leaves_nothing() -> None:
    folder = open_directory("bench-stopped")
    own = environment(folder / "own") | {"TMPDIR": str(folder)}
    asked = [*EVERYHAND, "bench", "--small", "--conversations", "200", "--only", "file-empty"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(asked, env=own, stdout=quiet, stderr=quiet, start_new_session=True) as running:
        another = "everyhand-bench-*/everyhand-bench-*/new/everyhand.sqlite3"
        wait_for(lambda: any(folder.glob(another)), seconds=180, what="there is another company")
        os.killpg(running.pid, signal.SIGINT)  # as a terminal says it to all of them
        assert running.wait(60) != 0
    assert processes_on(folder) == {}
    assert left_in(folder) == []


def test_data_that_is_kept_is_used_again() -> None:
    folder = open_directory("bench-kept")
    asked = ["bench", "--small", "--json", "--conversations", "200", "--only", "size", "--data", str(folder / "kept")]
    sizes = [json.loads(call(*asked, data=folder / "own").stdout)["environment"]["messages"] for _ in range(2)]
    assert sizes[0] == sizes[1] > 1_000


def left_in(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir() if one.name != "own"]


def serving(folder: Path) -> list[int]:
    """The processes that run `everyhand serve` on data in this folder."""
    return [number for number, command in processes_on(folder).items() if command.endswith(b"serve")]


def processes_on(folder: Path) -> dict[int, bytes]:
    """The commands of all processes that were started with data in this folder."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            command, own = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        if b"EVERYHAND_DATA=" + bytes(folder) in own:
            found[int(entry.name)] = command.rstrip(b"\0")
    return found
