"""Somebody else's program locks the database file: senders are asked to come again, people read on, nothing is lost."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.counts import Tell
from tests.servers.everyhand import RunningEveryhand
from tests.servers.processes import wait_until
from tests.whole.company import Member, ledger, subjects, wait_until_filed
from tests.whole.letters import HELP, InsistentServer, letter

# Everyhand waits 20 s, for its turn and for the file together.
ANSWERED_WITHIN = 30
READ_WITHIN = 5


@pytest.mark.sqlite
@pytest.mark.alone
def test_while_somebody_locks_the_database_mail_is_asked_to_come_later_and_pages_are_read(
    everyhand: RunningEveryhand, tell: Tell
) -> None:
    everyhand.send(letter("Before").as_bytes(), to=HELP)
    wait_until_filed(everyhand)
    ana = Member(everyhand)
    servers = [InsistentServer(everyhand, f"mx{number}", patience=120) for number in range(2)]
    for server in servers:
        server.start()
    wait_until(lambda: all(len(server.taken) > 2 for server in servers), seconds=60, what="mail comes in")
    with _locked(everyhand):
        began = time.monotonic()
        slow: list[str] = []
        pages = threading.Thread(target=_read, args=(everyhand, ana, slow), name="reader", daemon=True)
        pages.start()
        everyhand.wait_until(
            lambda: any(server.refused[451] for server in servers), seconds=60, what="senders are asked to come later"
        )
        answered = time.monotonic() - began
        pages.join(120)
        assert not pages.is_alive()
    try:
        before = [len(server.taken) for server in servers]
        wait_until(
            lambda: all(len(server.taken) > count for server, count in zip(servers, before, strict=True)),
            seconds=60,
            what="mail comes in again",
        )
    finally:
        for server in servers:
            server.stop()
    wait_until_filed(everyhand)
    taken = [subject for server in servers for subject in server.taken]
    filed, counted = subjects(everyhand), ledger(everyhand)
    tell(f"locked: 451 after {answered:.1f} s, {len(taken)} mails taken, {counted}")
    assert slow == []
    assert answered < ANSWERED_WITHIN
    assert set(taken) - set(filed) == set()
    assert [subject for subject, count in filed.items() if count > 1] == []
    assert counted["balanced"]
    assert counted["quarantined"] == 0


def _read(everyhand: RunningEveryhand, ana: Member, slow: list[str]) -> None:
    """Read as a person does; what went wrong or took long is added to `slow`."""
    for page in ("/inbox/everyone", "/conversations/1", "/search?q=Before", "/mail-ledger", "/quarantine", "/healthz"):
        began = time.monotonic()
        status = ana.open(page).status
        if status != 200 or time.monotonic() - began > READ_WITHIN:
            slow.append(f"{page}: {status} after {time.monotonic() - began:.1f} s")
    if "Before" not in everyhand.run("list", seconds=READ_WITHIN * 3):
        slow.append("everyhand list")


@contextmanager
def _locked(everyhand: RunningEveryhand) -> Iterator[None]:
    """Keep every writer out, as a backup program that knows nothing of Everyhand may do."""
    foreign = sqlite3.connect(everyhand.data / "everyhand.sqlite3", timeout=60, isolation_level=None)
    try:
        foreign.execute("BEGIN EXCLUSIVE")
        yield
        foreign.execute("ROLLBACK")
    finally:
        foreign.close()
