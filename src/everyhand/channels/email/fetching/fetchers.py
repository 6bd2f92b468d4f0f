"""All connected mailboxes, each with a thread of its own, so that a slow one delays nobody."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection
from django.utils import timezone

from everyhand.channels.email.fetching import health
from everyhand.channels.email.fetching.fetcher import Fetcher
from everyhand.channels.email.models import ConnectedMailbox
from everyhand.core import heartbeat

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 2.0  # so soon a mailbox that is connected, changed or paused is noticed
BEAT_SECONDS: Final = 15.0
GOODBYE_SECONDS: Final = 5.0

# What a thread was started with; it begins anew when any of it changes.
_SETTINGS: Final = ("pk", "host", "port", "security", "user", "sign_in", "folder", "changed_at", "mailbox_id")


class Fetchers:
    """A thread for each mailbox that is connected and not paused."""

    def __init__(self, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock
        self._stopping = threading.Event()
        self._at_work: dict[tuple[object, ...], Fetcher] = {}
        self._beat_at = float("-inf")

    def run(self) -> None:
        """Work until `stop`; then nothing is left after a few seconds."""
        while not self._stopping.is_set():
            try:
                close_old_connections()
                self._match()
                self._beat()
            except DatabaseError:
                log.warning("the database is away; mailboxes are looked up later", exc_info=True)
                connection.close()
            self._stopping.wait(LOOK_SECONDS)
        self._end()
        connection.close()

    def stop(self) -> None:
        self._stopping.set()

    def _match(self) -> None:
        """Start what is missing, end what is gone."""
        wanted = set(ConnectedMailbox.objects.filter(paused_at=None).values_list(*_SETTINGS))
        for key in [key for key, fetcher in self._at_work.items() if key not in wanted or not fetcher.is_alive]:
            self._at_work.pop(key).stop()
        for key in wanted - set(self._at_work):
            fetcher = self._at_work[key] = Fetcher(int(key[0]), clock=self._clock)
            fetcher.start()

    def _beat(self) -> None:
        if time.monotonic() - self._beat_at < BEAT_SECONDS:
            return
        heartbeat.beat(health.PART, process=f"{socket.gethostname()}:{os.getpid()}", at=self._clock())
        self._beat_at = time.monotonic()

    def _end(self) -> None:
        fetchers = list(self._at_work.values())
        for fetcher in fetchers:
            fetcher.stop()
        give_up_at = time.monotonic() + GOODBYE_SECONDS
        for fetcher in fetchers:
            fetcher.join(max(0.0, give_up_at - time.monotonic()))
