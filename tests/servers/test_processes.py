"""The ground the tests stand on: what we start, we can see, end and kill, with all its children."""

import signal
import sys
from pathlib import Path

import pytest

from tests.servers.processes import Process

FAMILY = """
import subprocess
subprocess.Popen(["sleep", "100"])
print("up", flush=True)
subprocess.run(["sleep", "100"])
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(100)"


def started(code: str, tmp_path: Path) -> Process:
    process = Process([sys.executable, "-c", code], log=tmp_path / "log")
    process.wait_until(lambda: "up" in process.output(), seconds=10, what="the program is up")
    return process


def test_a_kill_reaches_every_descendant(tmp_path: Path) -> None:
    process = started(FAMILY, tmp_path)
    process.wait_until(lambda: len(process.members()) == 3, seconds=10, what="three processes run")

    process.kill9()

    assert process.members() == []
    assert not process.running


def test_a_kill_reaches_orphans_too(tmp_path: Path) -> None:
    process = started("import subprocess; subprocess.Popen(['sleep', '100']); print('up', flush=True)", tmp_path)
    process.wait(seconds=10, what="the parent ends")
    assert len(process.members()) == 1

    process.kill9()

    assert process.members() == []


def test_a_program_that_does_not_end_in_time_is_an_error_and_is_ended(tmp_path: Path) -> None:
    process = started(DEAF, tmp_path)

    with pytest.raises(AssertionError, match="did not end within"):
        process.stop(seconds=0.2)

    assert process.members() == []


def test_stopping_tells_how_the_program_ended(tmp_path: Path) -> None:
    assert started("import time; print('up', flush=True); time.sleep(100)", tmp_path).stop() == -signal.SIGTERM


def test_waiting_for_a_program_that_ended_tells_what_it_said(tmp_path: Path) -> None:
    process = Process([sys.executable, "-c", "raise SystemExit('no paper left')"], log=tmp_path / "log")

    with pytest.raises(AssertionError, match="no paper left"):
        process.wait_until(lambda: False, seconds=10, what="the printer prints")
