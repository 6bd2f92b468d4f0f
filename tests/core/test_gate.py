"""Writers queue: in order of arrival between threads, without starving between processes."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction

from everyhand.core.journal import Entry, note
from everyhand.core.sqlite import gate
from everyhand.core.sqlite.gate import Gate, Line, Turnstile, gate_of
from tests.cast import NOON
from tests.servers.processes import wait_until


def test_threads_are_served_in_the_order_in_which_they_came() -> None:
    line = Line()
    served: list[int] = []
    assert line.enter(1)

    def wait_and_write(number: int) -> None:
        assert line.enter(5)
        served.append(number)
        line.leave()

    threads = []
    for number in range(20):
        threads.append(threading.Thread(target=wait_and_write, args=(number,)))
        threads[-1].start()
        while len(line._waiting) <= number:
            time.sleep(0.0005)
    line.leave()
    for thread in threads:
        thread.join(60)
    assert served == list(range(20))


def test_who_gives_up_waiting_leaves_the_line_to_the_others() -> None:
    line = Line()
    assert line.enter(1)
    assert not line.enter(0.01)
    line.leave()
    assert line.enter(0.01)


def test_a_process_that_writes_without_pause_does_not_keep_another_out(tmp_path: Path) -> None:
    greedy = multiprocessing.get_context("fork").Process(target=_write_without_pause, args=(str(tmp_path / "db"),))
    greedy.start()
    try:
        gate = Gate(str(tmp_path / "db"))
        waits = []
        for _ in range(30):
            began = time.monotonic()
            assert gate.enter(10)
            waits.append(time.monotonic() - began)
            gate.leave()
    finally:
        greedy.kill()
        greedy.join(10)
    # Each turn of the greedy one takes 5 ms; without a turnstile the longest wait was measured in seconds.
    assert max(waits) < 1.0


def test_who_works_in_the_background_lets_others_first_and_is_not_kept_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "db")
    inside, background, member = Gate(path), Gate(path), Gate(path)
    assert inside.enter(1)
    looks, look = threading.Event(), Turnstile._enter_where_nobody_is
    monkeypatch.setattr(
        Turnstile,
        "_enter_where_nobody_is",
        lambda self, until: looks.set() or look(self, until),  # type: ignore[func-returns-value]
    )
    came: list[str] = []

    def comes(who: Gate, name: str) -> threading.Thread:
        def write() -> None:
            assert who.enter(10)
            came.append(name)
            time.sleep(0.01)
            who.leave()

        thread = threading.Thread(target=write)
        thread.start()
        return thread

    monkeypatch.setattr(gate, "_MODEST_SECONDS", 5.0)
    monkeypatch.setattr(gate, "_modest", True)
    threads = [comes(background, "worker")]
    assert looks.wait(5)
    monkeypatch.setattr(gate, "_modest", False)
    threads.append(comes(member, "reply"))
    wait_until(lambda: somebody_is_next(path), seconds=5, what="the reply is next")
    inside.leave()
    for thread in threads:
        thread.join(10)
    assert came == ["reply", "worker"]

    greedy = multiprocessing.get_context("fork").Process(target=_write_without_pause, args=(path,))
    monkeypatch.setattr(gate, "_modest", False)
    greedy.start()
    try:
        monkeypatch.setattr(gate, "_modest", True)
        monkeypatch.setattr(gate, "_MODEST_SECONDS", 0.025)
        for _ in range(20):
            assert background.enter(2)
            background.leave()
    finally:
        greedy.kill()
        greedy.join(10)


def test_the_gate_opens_when_the_process_inside_is_killed(tmp_path: Path) -> None:
    inside = multiprocessing.get_context("fork").Process(target=_stay_inside, args=(str(tmp_path / "db"),))
    inside.start()
    gate = Gate(str(tmp_path / "db"))
    time.sleep(0.2)
    assert not gate.enter(0.05)
    inside.kill()
    inside.join(10)
    assert gate.enter(1)


def somebody_is_next(path: str) -> bool:
    """Whether the place behind the writer is kept, and not only looked at."""
    place = os.open(path + ".next", os.O_RDWR)
    try:
        for _ in range(10):
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.001)
            else:
                return False
        return True
    finally:
        os.close(place)


def _write_without_pause(path: str) -> None:
    gate = Gate(path)
    while True:
        gate.enter(10)
        time.sleep(0.005)
        gate.leave()


def _stay_inside(path: str) -> None:
    Gate(path).enter(10)
    time.sleep(60)


@pytest.mark.sqlite
@pytest.mark.usefixtures("two_connections")
def test_eight_busy_writers_all_get_their_turn() -> None:
    failures: list[Exception] = []

    def write() -> None:
        try:
            for number in range(25):
                with transaction.atomic():
                    note("test.written", subject="", at=NOON, number=number)
        except OperationalError as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert Entry.objects.filter(action="test.written").count() == 200


@pytest.mark.sqlite
@pytest.mark.usefixtures("two_connections")
def test_a_transaction_that_fails_lets_the_next_one_in() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        note("test.lost", subject="", at=NOON)
        raise ZeroDivisionError
    with transaction.atomic():
        note("test.kept", subject="", at=NOON)
    assert list(Entry.objects.values_list("action", flat=True)) == ["test.kept"]


@pytest.mark.sqlite
@pytest.mark.usefixtures("two_connections")
def test_every_commit_is_synced() -> None:
    with connection.cursor() as cursor:
        assert [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")] == [
            2,
            "wal",
        ]
    assert sqlite3.sqlite_version_info >= (3, 35)


@pytest.mark.sqlite
@pytest.mark.usefixtures("two_connections")
def test_the_patience_of_a_writer_is_for_the_line_and_the_file_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who knows no gate locks the file, and another of ours waits for it inside."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 3)
    connection.close()
    name = str(connection.settings_dict["NAME"])
    foreign = sqlite3.connect(name, isolation_level=None)
    foreign.execute("BEGIN EXCLUSIVE")
    entered = threading.Event()

    def hold() -> None:
        gate_of(name).enter(1)
        entered.set()
        time.sleep(2.4)
        gate_of(name).leave()

    ahead = threading.Thread(target=hold)
    ahead.start()
    assert entered.wait(10)
    began = time.monotonic()
    with pytest.raises(OperationalError):
        note("test.locked_out", subject="", at=NOON)
    assert 2.8 < time.monotonic() - began < 5
    foreign.close()
    ahead.join(10)
    note("test.written", subject="", at=NOON)
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone()[0] == 3000
    connection.close()
