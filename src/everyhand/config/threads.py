"""Threads of which the one that worked last works next.

`ThreadPoolExecutor` hands tasks to its threads in turn. Each of ours has a connection to the database, with the pages
and the statements it remembers: whoever was just here still has them, and threads that are rarely needed stay small.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

Told = ParamSpec("Told")
Answer = TypeVar("Answer")
# Does it, and returns what tells those who wait for it.
Task = Callable[[], Callable[[], object]]
Desk = SimpleQueue[Task | None]


class LastFirst:
    """At most `most` threads, each started when all others are busy. Tasks wait in their order while all are.

    asyncio takes it for an executor (`run_in_executor`).
    """

    def __init__(self, most: int, *, name: str) -> None:
        self._most, self._name = most, name
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._resting: list[Desk] = []  # the last one is the one that worked last
        self._waiting: deque[Task] = deque()
        self._is_shut = False

    def submit(self, do: Callable[Told, Answer], /, *args: Told.args, **kwargs: Told.kwargs) -> Future[Answer]:
        """Raises RuntimeError after `shutdown`."""
        future: Future[Answer] = Future()
        with self._lock:
            if self._is_shut:
                raise RuntimeError("these threads have ended")
            self._hand(partial(_done, future, partial(do, *args, **kwargs)))
        return future

    def shutdown(self) -> None:
        """Waits until the threads have done what they have in hand and what waits, and ended."""
        with self._lock:
            self._is_shut = True
            resting, self._resting = self._resting, []
        for desk in resting:
            desk.put(None)
        for thread in self._threads:
            thread.join()

    def _hand(self, task: Task) -> None:
        if self._resting:
            self._resting.pop().put(task)
        elif len(self._threads) < self._most:
            desk = Desk()
            desk.put(task)
            thread = threading.Thread(target=self._work, args=(desk,), name=f"{self._name}-{len(self._threads)}")
            self._threads.append(thread)
            thread.start()
        else:
            self._waiting.append(task)

    def _work(self, desk: Desk) -> None:
        while task := desk.get():
            tell = task()
            # Before anybody is told: who asks again at once finds this thread, and no other is started.
            self._rest(desk)
            tell()
            del task, tell  # nothing of it is kept while this thread rests

    def _rest(self, desk: Desk) -> None:
        with self._lock:
            if self._waiting:
                desk.put(self._waiting.popleft())
            elif self._is_shut:
                desk.put(None)
            else:
                self._resting.append(desk)


def _done(future: Future[Answer], do: Callable[[], Answer]) -> Callable[[], object]:
    if not future.set_running_or_notify_cancel():
        return lambda: None
    try:
        return partial(future.set_result, do())
    except BaseException as error:  # noqa: BLE001 (whoever waits for it has it raised)
        return partial(future.set_exception, error)
