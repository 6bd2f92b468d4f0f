"""Duties that are done again and again in the background, in lanes beside each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import Error, connection
from django.utils import timezone

from everyhand.core import outage

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Duty:
    """Something the worker does again and again. `do` returns how much there was; after nothing, and after what goes at
    a pace of its own and returns None, it rests `pause`. The first time is `later` after the start.
    """

    name: str
    do: Callable[[datetime], int | None]
    pause: timedelta
    later: timedelta = timedelta()


# Duties that are done one after the other. Each lane is a thread, with a connection to the database and the memory that
# takes, so what never takes long shares one. What waits for the network has one of its own, where nobody waits for it.
Lane = Sequence[Duty]


class Worker:
    """Runs the duties of these lanes until told to stop, each lane in a thread of its own."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        *,
        stopping: threading.Event | None = None,
        afterwards: Callable[[], None] = lambda: None,
    ) -> None:
        self._lanes = lanes
        self._stopping = stopping or threading.Event()
        self._afterwards = afterwards

    def run(self) -> None:
        """Work until `stop` is called; what is in hand is finished first."""
        threads = [threading.Thread(target=self._work, args=(lane,), name=lane[0].name) for lane in self._lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._afterwards()

    def stop(self) -> None:
        self._stopping.set()

    def _work(self, lane: Lane) -> None:
        waiting = [Turn(duty) for duty in lane]
        while not self._stopping.is_set():
            for turn in waiting:
                if turn.at <= time.monotonic() and not self._stopping.is_set():
                    turn.take()
            self._stopping.wait(max(min(turn.at for turn in waiting) - time.monotonic(), 0))
        connection.close()


class Turn:
    """When a duty is next done. One that fails is logged and tried again: a database that is away comes back, and so do
    we.
    """

    def __init__(self, duty: Duty) -> None:
        self.at = time.monotonic() + duty.later.total_seconds()
        self._duty = duty
        self._failures = 0

    def take(self) -> None:
        done: int | None = None
        try:
            done = self._duty.do(timezone.now())
            self._failures = 0
        except Exception as error:
            self._failures += 1
            if outage.is_outage(error):
                # The first time says where, the others that it goes on.
                away = "the database is away; trying again"
                log.warning(away, duty=self._duty.name, failures=self._failures, exc_info=self._failures == 1)
            else:
                log.exception("duty failed", duty=self._duty.name, failures=self._failures)
            if isinstance(error, Error):
                connection.close()
        if not done:
            self.at = time.monotonic() + self._duty.pause.total_seconds() * min(2**self._failures, 60)
