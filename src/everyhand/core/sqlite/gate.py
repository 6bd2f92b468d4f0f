"""One writer at a time, first come, first served.

SQLite lets one transaction write at a time and makes the others poll with growing pauses, so under load a writer can
be overtaken again and again: with eight busy writers the unluckiest was measured to wait 5 s, and 0.14 s once they
queued. Threads of one process queue in order of arrival; processes pass a turnstile of two file locks, which the
kernel drops when a process dies. Readers never come here: in WAL mode they do not wait for writers.

A process that works in the background (`let_others_first`) goes where nobody is, and only after a moment to the end of
the queue: it always has something small to write, and would have every second turn while mail pours in.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import deque
from typing import Final

_POLL_SECONDS: Final = 0.0005
_PATIENT_POLL_SECONDS: Final = 0.002
_MODEST_SECONDS: Final = 0.025  # some two turns of others: nothing waits for the end of a flood

_modest = False  # of this process


class Line:
    """A lock for threads that is handed over in order of arrival (`threading.Lock` lets late-comers barge in)."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Lock] = deque()

    def enter(self, seconds: float) -> bool:
        """Wait at most `seconds` for one's turn; False when it did not come."""
        with self._mutex:
            if not self._held:
                self._held = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=max(seconds, 0)):
            return True
        with self._mutex:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # it was handed over while we were giving up

    def leave(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False


class Turnstile:
    """The same between processes: hold `next` while waiting for `writer`, so that nobody who just left gets back in
    before the one who waits.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._owner_pid = 0
        self._next = self._writer = -1

    def enter(self, seconds: float) -> bool:
        self._open()
        give_up_at = time.monotonic() + seconds
        if _modest and self._enter_where_nobody_is(time.monotonic() + min(seconds, _MODEST_SECONDS)):
            return True
        if not _lock(self._next, give_up_at):
            return False
        try:
            return _lock(self._writer, give_up_at)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)

    def _enter_where_nobody_is(self, give_up_at: float) -> bool:
        while True:
            if _taken(self._next):
                try:
                    if _taken(self._writer):
                        return True
                finally:
                    fcntl.flock(self._next, fcntl.LOCK_UN)
            if time.monotonic() >= give_up_at:
                return False
            time.sleep(_PATIENT_POLL_SECONDS)

    def leave(self) -> None:
        fcntl.flock(self._writer, fcntl.LOCK_UN)

    def _open(self) -> None:
        # A file lock belongs to the open file: a forked child must open its own, or it would share its parent's.
        if self._owner_pid != os.getpid():
            self._next = os.open(self._path + ".next", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._writer = os.open(self._path + ".writer", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._owner_pid = os.getpid()


def _lock(descriptor: int, give_up_at: float) -> bool:
    started = time.monotonic()
    while not _taken(descriptor):
        now = time.monotonic()
        if now >= give_up_at:
            return False
        time.sleep(_POLL_SECONDS if now - started < 0.05 else _PATIENT_POLL_SECONDS)
    return True


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Gate:
    """The way to write to one database file."""

    def __init__(self, path: str) -> None:
        self._line = Line()
        self._turnstile = Turnstile(path)

    def enter(self, seconds: float) -> bool:
        """Wait at most `seconds` for the right to write; False when it did not come."""
        give_up_at = time.monotonic() + seconds
        if not self._line.enter(seconds):
            return False
        entered = False
        try:
            entered = self._turnstile.enter(give_up_at - time.monotonic())
        finally:
            if not entered:
                self._line.leave()
        return entered

    def leave(self) -> None:
        try:
            self._turnstile.leave()
        finally:
            self._line.leave()


_gates: dict[tuple[int, str], Gate] = {}
_gates_mutex = threading.Lock()


def gate_of(path: str) -> Gate:
    """The gate of the database at `path`, one for all threads of this process."""
    key = (os.getpid(), os.path.realpath(path))
    with _gates_mutex:
        return _gates.setdefault(key, Gate(key[1]))


def let_others_first() -> None:
    """Whatever this process writes from now on can wait a moment for others."""
    global _modest  # noqa: PLW0603 (said once, when the process begins)
    _modest = True
