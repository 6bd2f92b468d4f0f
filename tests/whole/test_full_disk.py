"""The disk fills up while mail pours in: senders keep what does not fit, people read on, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.counts import Tell
from tests.servers.everyhand import RunningEveryhand
from tests.servers.processes import wait_until
from tests.skips import absent
from tests.whole.company import Member, ledger, subjects, time_passes, wait_until_filed
from tests.whole.letters import HELP, InsistentServer, letter

DISK = 64_000_000
BALLAST = 40_000_000
NO_SPACE = 452


@pytest.fixture
def everyhand() -> Iterator[RunningEveryhand]:
    """An Everyhand whose data directory is a small disk of its own."""
    everyhand = RunningEveryhand(empty=True, EVERYHAND_FREE_SPACE="1")
    everyhand.data.mkdir()
    mounted = _mount(everyhand.data)
    try:
        if not mounted:
            absent("The right to mount a disk", "run the tests as root, outside a container or in a privileged one")
        everyhand.start()
        yield everyhand
        everyhand.stop()
    finally:
        if mounted:
            subprocess.run(["/usr/bin/umount", "--lazy", str(everyhand.data)], check=True, timeout=30)
        everyhand.dispose()


@pytest.mark.sqlite
@pytest.mark.alone
def test_a_full_disk_asks_senders_to_come_later_keeps_pages_readable_and_mends_itself_when_there_is_space(
    everyhand: RunningEveryhand, tell: Tell
) -> None:
    everyhand.send(letter("Before the disk was full").as_bytes(), to=HELP)
    wait_until_filed(everyhand)
    ana = Member(everyhand)
    _fill(everyhand.data / "somebody-elses.iso", BALLAST)
    # Not faster than mail is filed: what was taken needs its room a second time then, and the disk is small.
    servers = [InsistentServer(everyhand, f"mx{number}", size=60_000, pause=0.05) for number in range(2)]
    for server in servers:
        server.start()
    try:
        _wait_for_refusals(servers, 3)
        _fill(everyhand.data / "the-last-block.iso", DISK)  # and now not a byte is left, for the worker neither
        refused = sum(server.refused.total() for server in servers)
        _wait_for_refusals(servers, refused + 20)
        pages = ("/conversations/1", "/inbox/everyone", "/mail-ledger", "/healthz")
        assert {page: ana.open(page).status for page in pages} == dict.fromkeys(pages, 200)
        assert subjects(everyhand)["Before the disk was full"] == 1
        _make_room(everyhand)
        already = sum(len(server.taken) for server in servers)
        wait_until(
            lambda: sum(len(server.taken) for server in servers) > already, seconds=60, what="mail is taken again"
        )
    finally:
        _make_room(everyhand)  # or the senders would insist for ever
        for server in servers:
            server.stop()
    time_passes(everyhand, timedelta(minutes=1))
    wait_until_filed(everyhand)
    taken = [subject for server in servers for subject in server.taken]
    codes = servers[0].refused + servers[1].refused
    filed, counted = subjects(everyhand), ledger(everyhand)
    tell(f"full disk: {len(taken)} mails taken, refused {dict(codes)}, {counted}")
    assert set(codes) <= {NO_SPACE, 451}
    assert codes[NO_SPACE] > 20
    assert set(taken) - set(filed) == set()
    assert [subject for subject, count in filed.items() if count > 1] == []
    assert counted["balanced"]
    assert counted["quarantined"] == 0
    with sqlite3.connect(everyhand.data / "everyhand.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


def _mount(directory: Path) -> bool:
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        return False
    command = [mount, "-t", "tmpfs", "-o", f"size={DISK}", "everyhand-test", str(directory)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _fill(path: Path, size: int) -> None:
    """Write `size` bytes, or as many as there is room for."""
    block = bytes(4096)
    with path.open("wb", buffering=0) as file:
        for _ in range(size // len(block)):
            try:
                file.write(block)
            except OSError:
                return


def _make_room(everyhand: RunningEveryhand) -> None:
    for foreign in everyhand.data.glob("*.iso"):
        foreign.unlink()


def _wait_for_refusals(servers: list[InsistentServer], number: int) -> None:
    wait_until(
        lambda: sum(server.refused.total() for server in servers) >= number,
        seconds=90,
        what=f"{number} mails were asked to come later",
    )
