"""Group commit: one thread stores what has arrived, and what arrives meanwhile waits and shares the next commit.

A commit has to reach the disk, which takes as long for one mail as for fifty. So eight busy connections cost one
sync, and a single one waits for nobody.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from everyhand.channels.email.accept import Accepted, Arriving, accept_many
from everyhand.core import outage

log = structlog.get_logger(__name__)

MAILS_A_COMMIT: Final = 64
BYTES_A_COMMIT: Final = 16_000_000


class NotTaken(Exception):
    """The mail was not stored. `reply` is what its sender is told, so that they keep it and come again."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


NO_DATABASE: Final = "451 4.3.0 The mail could not be stored just now, please try again later"
NO_SPACE: Final = "452 4.3.1 There is no space left for mail just now, please try again later"


@dataclass(frozen=True)
class _Waiting:
    arriving: Arriving
    answer: asyncio.Future[Accepted]
    loop: asyncio.AbstractEventLoop

    def tell(self, outcome: Accepted | NotTaken) -> None:
        self.loop.call_soon_threadsafe(self._settle, outcome)

    def _settle(self, outcome: Accepted | NotTaken) -> None:
        if self.answer.done():
            return  # the connection broke; the sender will come again with the same bytes, which we then know
        if isinstance(outcome, NotTaken):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class Committer:
    """The thread that stores mail. `clock` tells when a batch was accepted."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._arrived: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="smtp-commit", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Store everything that has arrived, then end."""
        self._arrived.put(None)
        self._thread.join()

    async def commit(self, arriving: Arriving) -> Accepted:
        """Return once the mail is committed and synced. Raises `NotTaken`."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Accepted] = loop.create_future()
        self._arrived.put(_Waiting(arriving, answer, loop))
        return await answer

    def _run(self) -> None:
        ending = False
        while not ending:
            batch, ending = self._next_batch()
            if batch:
                self._store(batch)
        connections.close_all()

    def _next_batch(self) -> tuple[list[_Waiting], bool]:
        first = self._arrived.get()
        if first is None:
            return [], True
        batch, size = [first], len(first.arriving.raw)
        while len(batch) < MAILS_A_COMMIT and size < BYTES_A_COMMIT:
            try:
                another = self._arrived.get_nowait()
            except queue.Empty:
                break
            if another is None:
                return batch, True
            batch.append(another)
            size += len(another.arriving.raw)
        return batch, False

    def _store(self, batch: Sequence[_Waiting]) -> None:
        try:
            close_old_connections()
            accepted = accept_many([one.arriving for one in batch], at=self._clock())
        except (OperationalError, InterfaceError) as error:
            # Nothing is wrong with these mails: the database is locked, full or away, and would be for each of them.
            reply = NO_SPACE if outage.is_full(error) else NO_DATABASE
            log.error("mail was asked to come later", mails=len(batch), error=str(error))  # noqa: TRY400 (no news in it)
            for one in batch:
                one.tell(NotTaken(reply))
        except Exception:
            if len(batch) == 1:
                log.exception("a mail could not be stored and was asked to come later")
                batch[0].tell(NotTaken(NO_DATABASE))
                return
            # One of them is the reason; it must not keep the others out.
            for one in batch:
                self._store([one])
        else:
            for one, stored in zip(batch, accepted, strict=True):
                one.tell(stored)
