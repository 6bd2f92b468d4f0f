"""The hub: follows the journal once, for every page that listens to this process."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final, TypeVar

import structlog
from django.db import Error, close_old_connections

from everyhand.web.live import reading
from everyhand.web.live.presence import Presence
from everyhand.web.live.reading import Listener
from everyhand.web.live.stream import GONE, Stream

PRESENCE_EVERY: Final = 0.5  # seconds between two times of telling who came, writes or left
LOOK_EVERY: Final = 0.2  # seconds between looks at the journal when nobody pokes
CHECK_EVERY: Final = 3.0  # seconds between checks that everybody still may listen
WAIT_AFTER_FAILURE: Final = 2.0  # seconds before a database that failed is asked again
STREAMS_A_MEMBER: Final = 12

log = structlog.get_logger("everyhand.web.live")
Answer = TypeVar("Answer")


class Hub:
    """Every page that listens. It runs on the event loop, but for `poke`, which any thread may call."""

    def __init__(self) -> None:
        self.open = True
        self.presence = Presence()
        self._streams: dict[int, set[Stream]] = {}  # by member
        self._following: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cursor = ""
        self._poked = asyncio.Event()
        self._joining = asyncio.Lock()
        # One thread follows and one receives newcomers; each keeps its connection to the database.
        self._follower = ThreadPoolExecutor(1, "live")
        self._usher = ThreadPoolExecutor(1, "live-door")

    def poke(self) -> None:
        """Something was just committed: look now instead of within LOOK_EVERY."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._poked.set)

    def close(self) -> None:
        """End every stream and take no more, so that the process can end."""
        self.open = False
        for stream in self._everybody():
            stream.end()

    async def recognise(self, session: str) -> Listener | None:
        """Who is signed in with this session; None when nobody is."""
        return await self._ask(self._usher, lambda: reading.listener(session))

    async def join(self, listener: Listener, since: str | None, conversation: int = 0) -> Stream | None:
        """A stream that misses nothing after `since` (None: from now on); None when the member has too many open.

        `conversation` is the one its page shows, 0 for other pages: colleagues are told that somebody reads it.
        """
        async with self._joining:
            if len(self._streams.get(listener.member, ())) >= STREAMS_A_MEMBER:
                return None
            if self._following is None:
                self._cursor = await self._ask(self._usher, reading.newest)
                self._follow()
            stream = Stream(listener)
            stream.begin(self._cursor)
            self._streams.setdefault(listener.member, set()).add(stream)
        try:
            stream.count(await self._ask(self._usher, lambda: reading.unread(listener.member)))
            if since is not None:
                stream.catch_up(await self._ask(self._usher, lambda: reading.missed(listener.member, since)))
            await self._show_who_is_here(stream, conversation)
        except BaseException:
            self.leave(stream)
            raise
        if not self.open:
            stream.end()
        return stream

    def leave(self, stream: Stream) -> None:
        streams = self._streams.get(stream.listener.member, set())
        streams.discard(stream)
        if stream.conversation:
            self.presence.leaves(stream.listener.member, stream.conversation)
            stream.conversation = 0
        if not streams:
            self._streams.pop(stream.listener.member, None)
        if not self._streams and self._following is not None:
            self._following.cancel()
            self._following = None

    async def _show_who_is_here(self, stream: Stream, conversation: int) -> None:
        member, here = stream.listener.member, self.presence.conversations()
        seen = await self._ask(self._usher, lambda: reading.seen_by([member], {*here, conversation} - {0}))
        if conversation in seen.get(member, ()) and not stream.over:
            stream.conversation = conversation
            self.presence.enters(stream.listener.who, conversation)
        stream.offer_presence({one: self.presence.told(one) for one in seen.get(member, set()) & here})

    def _follow(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._following = asyncio.create_task(self._look_again_and_again())
        self._following.add_done_callback(self._stopped)

    async def _look_again_and_again(self) -> None:
        loop = asyncio.get_running_loop()
        check_at = loop.time() + CHECK_EVERY
        tell_at = loop.time()
        while True:
            try:
                await self._look()
                if loop.time() >= tell_at:
                    await self._tell_presence()
                    tell_at = loop.time() + PRESENCE_EVERY
                if loop.time() >= check_at:
                    await self._check()
                    check_at = loop.time() + CHECK_EVERY
            except Error:
                log.exception("live.database_failed")
                await asyncio.sleep(WAIT_AFTER_FAILURE * (1 + random.random()))  # noqa: S311 (spreads load)
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._poked.wait()
            except TimeoutError:
                continue
            self._poked.clear()

    async def _look(self) -> None:
        since, members = self._cursor, list(self._streams)
        news = await self._ask(self._follower, lambda: reading.news(since, members))
        self._cursor = news.cursor
        if news.more:
            self._poked.set()
        if news.somebody_left:
            await self._check()
        if news.cursor != since:
            for stream in self._everybody():
                member = stream.listener.member
                stream.offer(news.events.get(member, ()), news.cursor, unread=news.unread.get(member))

    async def _tell_presence(self) -> None:
        changed = self.presence.changed()
        if changed:
            members = list(self._streams)
            seen = await self._ask(self._follower, lambda: reading.seen_by(members, changed))
            told = {one: self.presence.told(one) for one in changed}
            for stream in self._everybody():
                theirs = seen.get(stream.listener.member, set())
                stream.offer_presence({one: words for one, words in told.items() if one in theirs})

    async def _check(self) -> None:
        streams = self._everybody()
        listeners = {stream.listener for stream in streams}
        here = await self._ask(self._follower, lambda: reading.still_here(listeners, at=datetime.now(UTC)))
        ending = [stream for stream in streams if stream.listener not in here]
        if not ending:
            return
        work_here = await self._ask(self._follower, lambda: reading.standings({one.listener.member for one in ending}))
        for stream in ending:
            stream.end(farewell=b"" if stream.listener.member in work_here else GONE)

    def _stopped(self, task: asyncio.Task[None]) -> None:
        # Nobody follows any more. Unless that is on purpose, no page may go on believing that it is up to date.
        if not task.cancelled():
            log.error("live.stopped", exc_info=task.exception())
            self._following = None
            for stream in self._everybody():
                stream.end()

    def _everybody(self) -> list[Stream]:
        return [stream for streams in self._streams.values() for stream in streams]

    async def _ask(self, pool: ThreadPoolExecutor, question: Callable[[], Answer]) -> Answer:
        def answer() -> Answer:
            close_old_connections()  # one that broke is replaced, as before any request
            return question()

        return await asyncio.get_running_loop().run_in_executor(pool, answer)


hub: Final = Hub()
