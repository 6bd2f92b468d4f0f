"""The address `/live`: lets a page listen, as raw ASGI, so that an open stream costs no thread."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host

from everyhand.web import safety
from everyhand.web.live.hub import Hub
from everyhand.web.live.stream import Stream

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATH: Final = "/live"
# A page that takes nothing for so long, in seconds, is gone or as good as gone.
PATIENCE: Final = 60.0


async def listen(hub: Hub, scope: Message, receive: Receive, send: Send) -> None:
    """Serve one stream until the page leaves, may not listen any more, or the process ends."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["method"] != "GET":
        return await _refuse(send, 405, "Only GET.", ("allow", "GET"))
    if not _from_our_page(headers):
        return await _refuse(send, 403, "Only pages of this address may listen.")
    if not hub.open:
        return await _refuse(send, 503, "Ending; come back.", ("retry-after", "2"))
    session = parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
    listener = await hub.recognise(session) if session else None
    if listener is None:
        return await _refuse(send, 401, "Sign in first.")
    stream = await hub.join(listener, _since(headers, scope["query_string"]), _place(scope["query_string"]))
    if stream is None:
        return await _refuse(send, 429, "Too many pages listen; close some.", ("retry-after", "30"))
    leaving = asyncio.create_task(_end_when_page_leaves(stream, receive))
    try:
        await _tell(stream, send)
    finally:
        leaving.cancel()
        hub.leave(stream)
    return None


async def _tell(stream: Stream, send: Send) -> None:
    await _start(send, 200, ("content-type", "text/event-stream; charset=utf-8"), ("x-accel-buffering", "no"))
    # After a restart the pages come back one after the other.
    await _write(send, f"retry: {random.randrange(1000, 4000)}\n\n".encode())  # noqa: S311 (spreads load)
    while told := await stream.next():
        await _write(send, told)
    await send({"type": "http.response.body", "body": b""})


async def _write(send: Send, told: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        await send({"type": "http.response.body", "body": told, "more_body": True})


async def _end_when_page_leaves(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


def _from_our_page(headers: MutableMapping[str, str]) -> bool:
    """Browsers say where a request comes from; an old one that doesn't is held by the cookie's SameSite=Lax."""
    host = headers.get("host", "")
    origin = headers.get("origin")
    return (
        validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
        and headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
        and (origin is None or urlsplit(origin).netloc == host or origin in settings.CSRF_TRUSTED_ORIGINS)
    )


def _since(headers: MutableMapping[str, str], query: bytes) -> str | None:
    """Where the page stands: what its last event said, or else the cursor it was made with."""
    given = parse_qs(query.decode("latin-1")).get("since", [])
    return headers.get("last-event-id") or (given[0] if given else None)


def _place(query: bytes) -> int:
    """The conversation that the page shows, 0 for other pages."""
    named = parse_qs(query.decode("latin-1")).get("at", ["0"])[0]
    return int(named) if named.isascii() and named.isdecimal() and len(named) < 19 else 0


async def _refuse(send: Send, status: int, why: str, *more: tuple[str, str]) -> None:
    await _start(send, status, ("content-type", "text/plain; charset=utf-8"), *more)
    await send({"type": "http.response.body", "body": why.encode()})


async def _start(send: Send, status: int, *headers: tuple[str, str]) -> None:
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": [*encoded, *safety.plain()]})
