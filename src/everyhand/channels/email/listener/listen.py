"""Opening and closing the SMTP door."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import structlog
from django.conf import settings
from django.utils import timezone

from everyhand.channels.email.listener.addressees import Addressees
from everyhand.channels.email.listener.commit import Committer
from everyhand.channels.email.listener.dialogue import Company, Dialogue, Limits
from everyhand.channels.email.listener.reception import Reception

log = structlog.get_logger(__name__)

# How long a stopping listener waits for mail that is being committed: a writer waits at most 20 s for its turn.
GOODBYE_SECONDS: Final = 30


class CannotListen(Exception):
    """The listener can't be opened. The message names the setting, its value and the fix, on one line."""


def listen(host: str, port: int) -> Listener:
    """A listener for `host` and `port` (0: any free one), not yet started."""
    return Listener(host, port)


def run_forever(door: socket.socket) -> None:
    """Take mail in at `door`, a socket that listens already, until SIGTERM or SIGINT; then finish what is being
    committed. Raises `CannotListen`. Call it in the main thread of a process of its own.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    host, port = door.getsockname()[:2]
    listener = Listener(host, port, door=door)
    listener.start()
    try:
        stop.wait()
    finally:
        listener.stop()


class Listener:
    """The door on one address, run by a thread of its own. `clock` tells the time at which mail is accepted; `door` is
    a socket that listens there already.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        clock: Callable[[], datetime] = timezone.now,
        limits: Limits | None = None,
        door: socket.socket | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._door = door
        limits = limits or Limits(size=settings.EVERYHAND.smtp_max_size)
        self._company = Company(limits)
        self._committer = Committer(clock=clock)
        self._addressees = Addressees()
        self._reception = Reception(
            committer=self._committer, addressees=self._addressees, recipients=limits.recipients
        )
        self._certificate = Certificate.from_settings()
        self._hostname = settings.EVERYHAND.url.hostname if settings.EVERYHAND.url else socket.gethostname()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def start(self) -> None:
        """Open the door; `port` is then the one that was really opened. Raises `CannotListen`."""
        opened: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name="smtp", daemon=True)
        self._thread.start()
        self.port = opened.result()
        log.info("taking mail in", address=f"{self.host}:{self.port}", starttls=self._certificate is not None)

    def stop(self) -> None:
        """Close the door. Mail that is being committed is finished and answered; whoever else is there is told to
        come again. When this returns every mail that was answered with 250 is stored, and no thread is left.
        """
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
        self._thread = None

    def _run(self, opened: Future[int]) -> None:
        try:
            asyncio.run(self._serve(opened))
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)

    async def _serve(self, opened: Future[int]) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        if self._certificate:
            self._certificate.context()
        try:
            where: dict[str, Any] = {"sock": self._door} if self._door else {"host": self.host, "port": self.port}
            server = await self._loop.create_server(self._dialogue, backlog=128, **where)
        except OSError as error:
            raise _cannot_listen(self.host, self.port, error) from None
        self._committer.start()
        opened.set_result(server.sockets[0].getsockname()[1])
        try:
            await self._stopping.wait()
        finally:
            server.close()
            await self._say_goodbye()
            # In this order: nobody who waits for a commit is left behind by a loop that has ended.
            await asyncio.to_thread(self._committer.stop)
            await asyncio.to_thread(self._addressees.close)

    def _dialogue(self) -> Dialogue:
        return Dialogue(
            self._reception,
            company=self._company,
            hostname=self._hostname,
            tls_context=self._certificate.context() if self._certificate else None,
        )

    async def _say_goodbye(self) -> None:
        give_up_at = asyncio.get_running_loop().time() + GOODBYE_SECONDS
        while self._company.present and asyncio.get_running_loop().time() < give_up_at:
            for dialogue in list(self._company.present):
                dialogue.end_politely()
            await asyncio.sleep(0.02)


class Certificate:
    """The certificate for STARTTLS. It is read again when its file changes, since certificates are renewed."""

    def __init__(self, chain: Path, key: Path | None) -> None:
        self._chain, self._key = chain, key
        self._read_at = 0
        self._context: ssl.SSLContext | None = None

    @classmethod
    def from_settings(cls) -> Certificate | None:
        chain = settings.EVERYHAND.smtp_certificate
        return cls(chain, settings.EVERYHAND.smtp_key) if chain else None

    def context(self) -> ssl.SSLContext:
        """The context with the present certificate; the last good one while a new one can't be used.

        Raises `CannotListen` when there never was a good one.
        """
        try:
            changed_at = self._chain.stat().st_mtime_ns
            if self._context is None or changed_at != self._read_at:
                context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                context.load_cert_chain(self._chain, self._key)
                self._context, self._read_at = context, changed_at
        except (OSError, ssl.SSLError) as error:
            if self._context is None:
                raise CannotListen(
                    f"EVERYHAND_SMTP_CERTIFICATE is “{self._chain}”: {error}. Give a PEM file with the certificate "
                    "chain, and its private key in the same file or in EVERYHAND_SMTP_KEY."
                ) from None
            log.warning("the new certificate can't be used, the old one stays", error=str(error))
        return self._context


def _cannot_listen(host: str, port: int, error: OSError) -> CannotListen:
    value = f"EVERYHAND_SMTP is “{host}:{port}”"
    if error.errno == errno.EADDRINUSE:
        return CannotListen(f"{value}: another program listens there. Stop it, or choose another port.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return CannotListen(
            f"{value}: ports below 1024 are for programs with that right. Choose one such as {host}:2525 and let the "
            "mail server in front of it deliver there, or give the program CAP_NET_BIND_SERVICE."
        )
    return CannotListen(f"{value}: {error.strerror or error}. Give an address of this machine, such as 127.0.0.1:2525.")
