"""Duties that are done again and again, in lanes beside each other."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from time import monotonic

from everyhand.cli.lanes import Duty, Worker

LATER = 0.3  # seconds


def test_what_nobody_waits_for_is_not_done_before_others_have_caught_up() -> None:
    done: list[tuple[str, float]] = []
    both = threading.Event()

    def do(name: str) -> None:
        done.append((name, monotonic()))
        if len({one for one, _at in done}) > 1:
            both.set()

    def file_mail(_at: datetime) -> None:
        do("file mail")

    def check_the_ledger(_at: datetime) -> None:
        do("check the ledger")

    pause = timedelta(seconds=0.05)
    ledger = Duty("check the ledger", check_the_ledger, pause, timedelta(seconds=LATER))
    worker = Worker([[ledger, Duty("file mail", file_mail, pause)]])
    began = monotonic()
    running = threading.Thread(target=worker.run)
    running.start()
    assert both.wait(30)
    worker.stop()
    running.join(30)
    assert not running.is_alive()
    (first, _at), (second, at) = done[0], next(one for one in done if one[0] != "file mail")
    assert (first, second) == ("file mail", "check the ledger")
    assert at - began >= LATER
