"""One mailbox, looked after for ever: connect, take in what is new, wait for more; when that fails, try again."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection

from everyhand.channels.email.fetching import diagnosis, health, server
from everyhand.channels.email.fetching.credentials import Credentials
from everyhand.channels.email.fetching.server import Folder
from everyhand.channels.email.fetching.taking import Disconnected, Taking, Withheld
from everyhand.channels.email.models import ConnectedMailbox

log = structlog.get_logger(__name__)

# Seconds until the first new try, doubled with each failure up to the longest.
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 300.0
FIRST_PATIENT_PAUSE: Final = 60.0
LONGEST_PATIENT_PAUSE: Final = 1800.0


class Fetcher:
    """Looks after the mailbox with this primary key, in a thread of its own, until stopped. It never gives up."""

    def __init__(self, pk: int, *, clock: Callable[[], datetime], first_pause: float = FIRST_PAUSE) -> None:
        self._pk, self._clock, self._first_pause = pk, clock, first_pause
        self._stopping = threading.Event()
        self._folder: Folder | None = None
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name=f"fetch-{pk}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end: what is being committed is committed, the connection is cut. `join` waits for it."""
        self._stopping.set()
        if folder := self._folder:
            folder.hang_up()

    def join(self, seconds: float | None = None) -> None:
        self._thread.join(seconds)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._repeat()
        finally:
            connection.close()

    def _repeat(self) -> None:
        try:
            box = ConnectedMailbox.objects.select_related("mailbox").get(pk=self._pk)
        except (ConnectedMailbox.DoesNotExist, DatabaseError):
            log.warning("a mailbox could not be read", mailbox=self._pk, exc_info=True)
            return  # if it is still there, it gets a new thread
        credentials = Credentials(box, clock=self._clock)
        taking = Taking(box, clock=self._clock, stopping=self._stopping)
        while not self._stopping.is_set():
            try:
                self._attend(box, credentials, taking)
            except Disconnected:
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, mail must go on coming in; it is shown and logged
                if self._stopping.is_set():
                    return
                self._failed(box, error)

    def _attend(self, box: ConnectedMailbox, credentials: Credentials, taking: Taking) -> None:
        """One connection, from its beginning to its end or until stopped."""
        close_old_connections()
        self._folder = folder = server.open_folder(box, credentials.sign_in)
        try:
            while not self._stopping.is_set():
                close_old_connections()
                taking.take_in(folder)
                health.well(box, at=self._clock())
                self._failures = 0
                folder.wait(self._stopping)
                folder.refresh()
        finally:
            self._folder = None
            if self._stopping.is_set():
                folder.hang_up()
            folder.close()

    def _failed(self, box: ConnectedMailbox, error: Exception) -> None:
        self._failures += 1
        trouble = diagnosis.diagnose(error)
        pause = self._pause(trouble.code)
        log.warning(
            "a mailbox could not be fetched",
            mailbox=box.pk,
            trouble=trouble.code,
            said=trouble.said,
            failures=self._failures,
            again_in=round(pause, 1),
            exc_info=trouble.code == "program" and not isinstance(error, Withheld),
        )
        # A connection that breaks now and then is no news; one that can't be had again is.
        if self._failures > 1 or trouble.code != "connection":
            self._write_down(box, trouble)
        self._stopping.wait(pause)

    def _write_down(self, box: ConnectedMailbox, trouble: diagnosis.Trouble) -> None:
        at = self._clock()
        try:
            health.failing(box.pk, trouble, at=at)
            box.failing_since = box.failing_since or at
        except DatabaseError:
            log.warning("the trouble could not be written down", mailbox=box.pk, exc_info=True)
            connection.close()

    def _pause(self, code: str) -> float:
        patient = code in diagnosis.PATIENT
        first = FIRST_PATIENT_PAUSE if patient else self._first_pause
        longest = LONGEST_PATIENT_PAUSE if patient else LONGEST_PAUSE
        pause = min(first * 2.0 ** min(self._failures - 1, 20), longest)
        # Up to half more, so that mailboxes of one server do not come back together.
        return pause * (1 + secrets.randbelow(500) / 1000)
