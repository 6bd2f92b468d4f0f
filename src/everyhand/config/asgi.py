"""The web process: one event loop for every connection, and a few threads for Django.

`/live` is served on the loop; every other page by Django in one of `THREADS` threads, which keep their connections to
the database. A request reaches a thread when all of it has arrived, so a slow or broken upload holds up nobody and
half a reply is never taken for a whole one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from types import FrameType
from typing import IO, Any, Final, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi import WSGIResponder
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "everyhand.config.settings")
_django = get_wsgi_application()

from everyhand.config.threads import LastFirst  # noqa: E402
from everyhand.web import safety  # noqa: E402 (settings are read once Django is set up)
from everyhand.web.live.hub import hub  # noqa: E402 (models exist once Django is set up)
from everyhand.web.live.listen import PATH as LIVE  # noqa: E402
from everyhand.web.live.listen import Message, Receive, Send, listen  # noqa: E402

THREADS: Final = 4
# Pieces of a response that may wait for a slow reader before the thread waits too: 1 MB of a file.
PIECES_WAITING: Final = 256
HEAD_AND_BODY: Final = 2  # messages of which a page is made, before its end
LARGEST_REQUEST: Final = 100_000_000  # bytes
KEPT_IN_MEMORY: Final = 1_000_000  # bytes of a request; the rest waits on disk
SILENCE: Final = 30.0  # seconds in which something of a request must arrive


class _Responder(WSGIResponder):
    """Hands the loop a page whole. The library's own hands over its head, its body and its end by themselves and waits
    for the loop each time, while one of the two threads waits for the interpreter.
    """

    def __init__(self, *every: Any) -> None:
        super().__init__(*every)
        self._kept: list[Message] = []
        self._streams = False

    def send(self, message: Any) -> None:
        if self._streams:
            super().send(message)
            return
        self._kept.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            start, *pieces = self._kept
            body = b"".join(one["body"] for one in pieces)
            self.loop.call_soon_threadsafe(self._queue, [start, {"type": "http.response.body", "body": body}])
        elif len(self._kept) > HEAD_AND_BODY:
            # A second piece: a file, or another long answer. It goes as fast as its reader takes it.
            self._streams = True
            for one in self._kept:
                super().send(cast(Any, one))

    def _queue(self, messages: list[Message]) -> None:
        for one in messages:
            self.send_queue.put_nowait(cast(Any, one))


class _Pages(WSGIMiddleware):
    def __init__(self) -> None:
        # Both sides speak WSGI, and submit tasks; their type stubs spell it differently.
        super().__init__(cast(Any, _django), send_queue_size=PIECES_WAITING)
        self.executor: Any = LastFirst(THREADS, name="page")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await _Responder(self.app, self.executor, self.send_queue_size)(scope, receive, send)


_pages: Any = _Pages()


async def application(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
    elif scope["path"] == LIVE:
        await listen(hub, scope, receive, send)
    else:
        await _serve_page(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    # uvicorn waits for open responses before it says that it ends, and a stream would never end by itself.
    with _called_when_asked_to_end(hub.close):
        await send({"type": "lifespan.startup.complete"})
        await receive()
    _pages.executor.shutdown()
    await send({"type": "lifespan.shutdown.complete"})


@contextmanager
def _called_when_asked_to_end(leave: Callable[[], None]) -> Iterator[None]:
    """Call `leave` on the loop at SIGTERM and SIGINT, before whoever handled these until now."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may; whoever runs us elsewhere ends us otherwise
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def end(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(leave)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _serve_page(scope: Message, receive: Receive, send: Send) -> None:
    # A header with an underscore would pass for one with a hyphen once it is a CGI variable.
    scope = {**scope, "headers": [header for header in scope["headers"] if b"_" not in header[0]]}
    names = {name for name, _ in scope["headers"]}
    if names.isdisjoint((b"content-length", b"transfer-encoding")):
        await _pages(scope, receive, send)
    else:
        with SpooledTemporaryFile(KEPT_IN_MEMORY) as body:
            refusal = await _arrived(receive, body)
            if refusal is None:
                await _pages(_with_length(scope, body), _again(body), send)
            elif refusal:
                await _refuse(send, refusal)
    if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
        hub.poke()


async def _arrived(receive: Receive, body: IO[bytes]) -> int | None:
    """Take in the whole request; the status to refuse it with, 0 when nobody is there any more to be told."""
    while True:
        try:
            async with asyncio.timeout(SILENCE):
                message = await receive()
        except TimeoutError:
            return 408
        if message["type"] == "http.disconnect":
            return 0
        body.write(message.get("body", b""))
        if body.tell() > LARGEST_REQUEST:
            return 413
        if not message.get("more_body"):
            return None


def _with_length(scope: Message, body: IO[bytes]) -> Message:
    """WSGI reads as much as `Content-Length` says, which a request sent in pieces (chunked) does not tell."""
    length = (b"content-length", str(body.seek(0, os.SEEK_END)).encode())
    body.seek(0)
    others = [header for header in scope["headers"] if header[0] not in (b"content-length", b"transfer-encoding")]
    return {**scope, "headers": [*others, length]}


def _again(body: IO[bytes]) -> Receive:
    async def receive() -> Message:
        piece = body.read(65536)
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    return receive


async def _refuse(send: Send, status: int) -> None:
    why = {408: b"The request did not arrive in time; please try again.", 413: b"That is too large to take in."}
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"), *safety.plain()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": why[status]})
