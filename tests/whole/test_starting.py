"""Starting, stopping, and saying at once what is wrong."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.everyhand import PROGRAM, RunningEveryhand
from tests.whole.letters import HELP, letter


def test_sigterm_ends_all_of_it_cleanly_and_the_data_serves_again(everyhand: RunningEveryhand) -> None:
    everyhand.stop()  # raises unless it ends with 0 and leaves no process
    everyhand.start()
    assert "Traceback" not in everyhand.log()


def test_parts_that_die_are_started_again_and_whoever_came_meanwhile_is_served(everyhand: RunningEveryhand) -> None:
    everyhand.wait_until(lambda: "Ctrl-C ends it" in everyhand.log(), seconds=20, what="the greeting")
    everyhand.wait_until(lambda: len(everyhand.members()) == 5, seconds=5, what="who greeted has ended")
    (keeper,) = (pid for pid in everyhand.members() if os.getsid(pid) == pid)
    died = [pid for pid in everyhand.members() if pid != keeper]
    for part in died:
        os.kill(part, signal.SIGKILL)
    everyhand.send(bytes(letter("Where is it?")), to=HELP)  # the door stayed open
    everyhand.wait_until(everyhand.healthy, seconds=20, what="pages answer again")
    everyhand.wait_until(lambda: "Where is it?" in everyhand.run("list"), seconds=20, what="it is a conversation")
    again = everyhand.log().count("a part of the program died; starting it again")
    assert (again, len(died)) == (4, 4)  # web, smtp, filing, worker
    assert keeper in everyhand.members()
    everyhand.stop()  # raises unless it ends with 0 and leaves no process


def test_it_greets_with_its_address_a_link_and_a_first_mail_that_works(
    start_everyhand: Callable[..., RunningEveryhand],
) -> None:
    everyhand = start_everyhand(empty=True)  # as the first start finds it
    everyhand.wait_until(lambda: "Ctrl-C ends it" in everyhand.log(), seconds=20, what="the greeting")
    greeting = everyhand.log()
    assert everyhand.url in greeting
    assert re.search(rf"{everyhand.url}/sign-in/[a-z2-7]{{32}}", greeting)
    send = next(line.strip() for line in greeting.splitlines() if line.strip().startswith(("swaks", "python3")))
    subprocess.run(send, shell=True, check=True, capture_output=True, timeout=30)  # noqa: S602 (what a newcomer pastes)
    everyhand.wait_until(
        lambda: "No paper this morning" in everyhand.run("list"), seconds=20, what="the first mail is a conversation"
    )


@pytest.mark.parametrize(
    ("variable", "value", "fix"),
    [
        ("EVERYHAND_WEB", "8000", "127.0.0.1:8000"),
        ("EVERYHAND_FIRST_REPLY", "soon", "2h"),
        ("EVERYHAND_MAIL_URL", "http://mail", "smtp://HOST:PORT"),
        ("EVERYHAND_MAIL_URL", "smtp://mail:notaport", "smtp://HOST:PORT"),
        ("EVERYHAND_DATABASE_URL", "mysql://x/y", "postgresql://"),
        ("EVERYHAND_SMTP_CERTIFICATE", "/nowhere/cert.pem", "no such file"),
        ("EVERYHAND_TIME_ZONE", "Mars/Olympus", "Europe/Berlin"),
        ("EVERYHAND_FRIST_REPLY", "2h", "no such setting"),
    ],
)
def test_a_setting_that_can_not_be_right_is_named_with_its_value_and_the_fix(
    tmp_path: Path, variable: str, value: str, fix: str
) -> None:
    environment = {"EVERYHAND_DATA": str(tmp_path), "PATH": "/usr/bin:/bin", variable: value}
    done = subprocess.run([PROGRAM, "setup"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78
    (line,) = done.stderr.splitlines()
    assert variable in line
    assert fix in line
    assert value in line or fix == "no such setting"


def test_a_port_that_is_taken_is_named_at_once(
    start_everyhand: Callable[..., RunningEveryhand], tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        environment = {"EVERYHAND_DATA": str(tmp_path), "PATH": "/usr/bin:/bin", "EVERYHAND_WEB": address}
        done = subprocess.run(
            [PROGRAM, "serve"], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 78
    assert address in done.stderr
    assert "EVERYHAND_WEB" in done.stderr


def test_a_password_in_a_wrong_setting_is_not_printed(tmp_path: Path) -> None:
    environment = {
        "EVERYHAND_DATA": str(tmp_path),
        "PATH": "/usr/bin:/bin",
        "EVERYHAND_DATABASE_URL": "mysql://u:hunter2@h/x",
    }
    done = subprocess.run([PROGRAM, "setup"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert "hunter2" not in done.stdout + done.stderr


def test_unknown_commands_and_files_get_one_line_and_the_other_files_are_taken(
    everyhand: RunningEveryhand, tmp_path: Path
) -> None:
    letter = tmp_path / "good.eml"
    letter.write_bytes(b"From: ada@customers.test\r\nTo: help@localhost\r\nSubject: Good\r\n\r\nHello\r\n")
    done = everyhand.attempt("ingest", "--json", str(tmp_path / "nowhere.eml"), str(letter))
    assert done.returncode == 1
    assert b"nowhere.eml" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b'"outcome": "filed"' in done.stdout
    unknown = everyhand.attempt("inggest")
    assert unknown.returncode != 0
    assert b"No such command" in unknown.stderr
