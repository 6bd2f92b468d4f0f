"""Opening and closing the doors of SMTP and LMTP."""

from __future__ import annotations

import asyncio
import queue
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Final

import structlog
from django.conf import settings
from django.utils import timezone

from everyhand.channels.email.listener.addressees import Addressees
from everyhand.channels.email.listener.certificate import Certificate
from everyhand.channels.email.listener.commit import Committer
from everyhand.channels.email.listener.dialogue import Dialogue, Limits, Visitors
from everyhand.channels.email.listener.local import LocalDialogue
from everyhand.channels.email.listener.reception import Reception

log = structlog.get_logger(__name__)

# How long a stopping listener waits for mail that is being committed; whoever stops it kills it after 15 s.
GOODBYE_SECONDS: Final = 12


def run_forever(*, smtp: socket.socket | None = None, lmtp: socket.socket | None = None) -> None:
    """Take mail in until SIGTERM or SIGINT, then finish what is being committed. Raises `CertificateUnusable`.

    The doors are listening TCP sockets. Call it in the main thread of a process of its own.
    """
    # Not an Event: a signal that interrupts its `wait` in the wrong place would wait for this very thread in `set`.
    stop: queue.SimpleQueue[None] = queue.SimpleQueue()
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, lambda *_: stop.put(None))
    doors = ((smtp, Dialogue), (lmtp, LocalDialogue))
    listeners = [Listener(door, dialogue=dialogue) for door, dialogue in doors if door]
    for listener in listeners:
        listener.start()
    stop.get()
    for listener in listeners:
        listener.stop()


class Listener:
    """Takes mail in at a listening TCP socket. `clock` tells the time at which mail is accepted, `dialogue` the
    protocol: SMTP, or LMTP with `LocalDialogue`.
    """

    def __init__(
        self,
        door: socket.socket,
        *,
        dialogue: type[Dialogue] = Dialogue,
        clock: Callable[[], datetime] = timezone.now,
        limits: Limits | None = None,
    ) -> None:
        limits = limits or Limits(size=settings.EVERYHAND.smtp_max_size)
        self._door = door
        self._speak = dialogue
        self._visitors = Visitors(limits)
        self._committer = Committer(clock=clock)
        self._addressees = Addressees()
        self._reception = Reception(
            committer=self._committer, addressees=self._addressees, recipients=limits.recipients, scheme=dialogue.scheme
        )
        self._certificate = Certificate.from_settings()
        self._hostname = settings.EVERYHAND.url.hostname if settings.EVERYHAND.url else socket.gethostname()
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to take mail in, in threads of its own. Raises `CertificateUnusable`."""
        opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name="smtp", daemon=True)
        self._thread.start()
        opened.result()

    def stop(self) -> None:
        """Close the door. Mail that is being committed is finished and answered; whoever else is there is told to
        come again. When this returns no thread is left, and every mail that was answered with 250 is stored.
        """
        if self._thread is not None and self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
        self._thread = None

    def _run(self, opened: Future[None]) -> None:
        try:
            asyncio.run(self._serve(opened))
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)

    async def _serve(self, opened: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        if self._certificate:
            self._certificate.context()
        server = await self._loop.create_server(self._dialogue, sock=self._door, backlog=512)
        self._committer.start()
        log.info(
            "taking mail in",
            protocol=self._speak.scheme,
            address=str(self._door.getsockname()),
            starttls=self._certificate is not None,
        )
        opened.set_result(None)
        try:
            await self._stopping.wait()
        finally:
            server.close()
            await self._say_goodbye()
            # Before the loop ends, so that nobody who waits for a commit is left without an answer.
            await asyncio.to_thread(self._committer.stop)
            await asyncio.to_thread(self._addressees.close)

    def _dialogue(self) -> Dialogue:
        return self._speak(
            self._reception,
            visitors=self._visitors,
            hostname=self._hostname,
            tls_context=self._certificate.context() if self._certificate else None,
        )

    async def _say_goodbye(self) -> None:
        give_up_at = asyncio.get_running_loop().time() + GOODBYE_SECONDS
        while self._visitors.present and asyncio.get_running_loop().time() < give_up_at:
            for dialogue in list(self._visitors.present):
                dialogue.end_politely()
            await asyncio.sleep(0.02)
