"""One page that listens: what it has not been told yet, and whether it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from everyhand.web.live.reading import Event, Listener

# A page that lets more pile up fetches everything again instead. More than `reading.REPLAYED`, which come at once.
EVENTS_WAITING: Final = 300
# To the page of somebody who was let go: it is to leave.
GONE: Final = b"event: gone\ndata: {}\n\n"
KEEP_ALIVE_EVERY: Final = 15.0  # seconds; the impatient among proxies give up on a silent connection after 30


class Stream:
    """What one page is yet to be told. All of it runs on the event loop."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.over = False
        self.conversation = 0  # the one this page shows, if it may
        self._waiting: dict[int, Event] = {}  # by journal entry, in order
        self._caught_up: frozenset[int] = frozenset()
        self._presence: dict[int, bytes] = {}  # by conversation
        self._resync = False
        self._farewell = b""
        self._cursor = ""
        self._unread: int | None = None  # notices, when the page is to be told
        self._wake = asyncio.Event()

    def begin(self, cursor: str) -> None:
        """Everything after `cursor` is going to be offered."""
        self._cursor = cursor

    def count(self, unread: int) -> None:
        """So many notices were unread when the page came, unless a newer number was offered meanwhile."""
        if self._unread is None:
            self._unread = unread
        self._wake.set()

    def catch_up(self, missed: list[Event] | None) -> None:
        """Put what happened before this page came in front; None makes it fetch everything."""
        if missed is None:
            self._fetch_everything()
            return
        # Some of it may have been offered while it was read, or is going to be.
        self._caught_up = frozenset(event.entry for event in missed)
        self._waiting = {event.entry: event for event in missed} | self._waiting
        if self._waiting:  # to wake it for nothing would end it: next() says so with b""
            self._wake.set()

    def offer(self, events: Iterable[Event], cursor: str, *, unread: int | None = None) -> None:
        """What happened up to `cursor`, as far as this page may know of it; None when no notice came or was read."""
        self._cursor = cursor
        if unread is not None:
            self._unread = unread
            self._wake.set()
        new = {event.entry: event for event in events if event.entry not in self._caught_up}
        self._waiting |= new
        if len(self._waiting) > EVENTS_WAITING:
            self._fetch_everything()
        elif new:
            self._wake.set()

    def offer_presence(self, told: dict[int, bytes]) -> None:
        """Who is at some conversations now; only the latest of each is told."""
        if told:
            self._presence |= told
            self._wake.set()

    def end(self, *, farewell: bytes = b"") -> None:
        self.over = True
        self._farewell = farewell
        self._wake.set()

    async def next(self) -> bytes:
        """What to send now, b"" when it is over. Waits until there is something, at the latest a sign of life."""
        try:
            async with asyncio.timeout(KEEP_ALIVE_EVERY):
                await self._wake.wait()
        except TimeoutError:
            # An id without data moves the page's cursor on and tells it nothing else.
            return f": here\nid: {self._cursor}\n\n".encode()
        self._wake.clear()
        if self.over:
            farewell, self._farewell = self._farewell, b""
            self._wake.set()  # asked again, it is over
            return farewell
        events, self._waiting = self._waiting, {}
        presence, self._presence = b"".join(self._presence.values()), {}
        # Without an id: whoever comes back is told the number anyway.
        counted = b"" if self._unread is None else f'event: notices\ndata: {{"unread": {self._unread}}}\n\n'.encode()
        self._unread = None
        if self._resync:
            self._resync = False
            return counted + f"id: {self._cursor}\nevent: resync\ndata: {{}}\n\n".encode() + presence
        return counted + b"".join(bytes(event) for event in events.values()) + presence

    def _fetch_everything(self) -> None:
        self._waiting.clear()
        self._resync = True
        self._wake.set()
