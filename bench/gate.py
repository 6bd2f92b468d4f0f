"""What the fair gate of `core/sqlite/gate.py` is worth: the same writers with SQLite's own waiting and with the gate.

    python -m bench.gate [SECONDS]

Eight threads in each of two processes write one durable row a transaction, as fast as they can. Printed for each way
of waiting: transactions a second, the longest wait for a turn, and how often SQLite said "database is locked".
"""

from __future__ import annotations

import multiprocessing
import sqlite3
import sys
import tempfile
import threading
import time
from multiprocessing.queues import SimpleQueue
from pathlib import Path

from everyhand.core.sqlite.gate import gate_of

PROCESSES = 2
THREADS = 8
PATIENCE = 20.0  # seconds, the busy timeout of the program

Figures = tuple[int, float, int]  # transactions, longest wait in seconds, times locked


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    print(f"{PROCESSES} processes of {THREADS} threads, {seconds:g} s each, synchronous=FULL")
    print(f"{'':22}{'transactions/s':>16}{'longest wait':>15}{'locked':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for name, fair in (("SQLite's own waiting", False), ("the fair gate", True)):
            count, longest, locked = _measure(str(Path(folder) / f"{fair}.sqlite3"), fair=fair, seconds=seconds)
            print(f"{name:22}{count / seconds:>16,.0f}{longest:>13.3f} s{locked:>9}")


def _measure(path: str, *, fair: bool, seconds: float) -> Figures:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, content TEXT)")
    results: SimpleQueue[Figures] = multiprocessing.SimpleQueue()
    until = time.monotonic() + seconds
    writers = [multiprocessing.Process(target=_process, args=(path, fair, until, results)) for _ in range(PROCESSES)]
    for writer in writers:
        writer.start()
    figures = [results.get() for _ in range(PROCESSES * THREADS)]
    for writer in writers:
        writer.join()
    return sum(one[0] for one in figures), max(one[1] for one in figures), sum(one[2] for one in figures)


def _process(path: str, fair: bool, until: float, results: SimpleQueue[Figures]) -> None:
    threads = [threading.Thread(target=_write, args=(path, fair, until, results)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _write(path: str, fair: bool, until: float, results: SimpleQueue[Figures]) -> None:
    database = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    database.execute("PRAGMA synchronous=FULL")
    gate, count, longest, locked = gate_of(path), 0, 0.0, 0
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            if fair:
                gate.enter(PATIENCE)
            database.execute("BEGIN IMMEDIATE")
            longest = max(longest, time.monotonic() - began)
            database.execute("INSERT INTO row (content) VALUES (?)", ("x" * 500,))
            database.execute("COMMIT")
            count += 1
        except sqlite3.OperationalError:
            locked += 1
        finally:
            if fair:
                gate.leave()
    results.put((count, longest, locked))


if __name__ == "__main__":
    main()
