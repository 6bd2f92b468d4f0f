"""Pictures that a letter shows from other people's servers, fetched by us, so that no reader's browser asks for them.

Whoever sent the letter learns from a picture being fetched who read it, when and where (a tracking pixel). Here they
learn that our server asked, once, and only when a reader wanted to see: no cookie, no referrer, no address of theirs.
What comes back is kept with the message and counts as a picture only by its own bytes.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from typing import Final

import httpx
import structlog
from django.db import transaction
from selectolax.lexbor import LexborHTMLParser

from everyhand.conversations.models import Message, RemotePicture
from everyhand.core import blobs, pictures, safe_http

log = structlog.get_logger(__name__)

# Of one message: so many pictures, so many bytes of all, so many asked for side by side, and no longer than that.
PICTURES_AT_MOST: Final = 60
BYTES_AT_MOST: Final = 10_000_000
SIDE_BY_SIDE: Final = 6
SECONDS_AT_MOST: Final = 10.0
REDIRECTS_AT_MOST: Final = 3
# Messages whose pictures this process fetches at the same time; a reader's page waits for them.
MESSAGES_AT_ONCE: Final = 2

_turns = threading.BoundedSemaphore(MESSAGES_AT_ONCE)


def addresses(html: str) -> list[str]:
    """Where the pictures of this HTML are that are not its own, each once."""
    found = [(node.attributes.get("src") or "").strip() for node in LexborHTMLParser(html).css("img")]
    outside = [one for one in found if one.lower().startswith(("https://", "http://"))]
    return list(dict.fromkeys(outside))[:PICTURES_AT_MOST]


def known(message: Message) -> dict[str, tuple[str, bytes]]:
    """(type, bytes) of each picture that was fetched, by its address."""
    rows = RemotePicture.objects.filter(message=message).select_related("blob")
    kept = {row.digest: (row.type, bytes(row.blob.content)) for row in rows}
    return {one: kept[_digest(one)] for one in addresses(message.html) if _digest(one) in kept}


def fetch(message: Message, *, at: datetime, client: Callable[[], httpx.Client] = safe_http.client) -> bool:
    """Fetch what is not known yet, at most for SECONDS_AT_MOST, and keep it; call it outside any transaction.

    What can't be had is left out and may be asked for again. False when too many ask at this moment.
    """
    have = set(RemotePicture.objects.filter(message=message).values_list("digest", flat=True))
    wanted = [one for one in addresses(message.html) if _digest(one) not in have]
    if not wanted:
        return True
    if not _turns.acquire(timeout=1):
        return False
    try:
        fetched = _side_by_side(wanted, client)
    finally:
        _turns.release()
    _keep(message, fetched, at)
    return True


def _side_by_side(wanted: Sequence[str], client: Callable[[], httpx.Client]) -> dict[str, bytes]:
    until = time.monotonic() + SECONDS_AT_MOST
    pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="pictures")
    try:
        asked = {pool.submit(_picture, one, client, until): one for one in wanted}
        done, _late = wait(asked, timeout=SECONDS_AT_MOST)
        return {asked[one]: one.result() for one in done if one.result()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _picture(address: str, client: Callable[[], httpx.Client], until: float) -> bytes:
    """Its bytes, or b"" when it can't be had or is no picture."""
    try:
        content = _content(address, client, until)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.info("a picture of a letter could not be fetched", why=type(error).__name__)
        return b""
    return content if pictures.type_of(content) else b""


def _content(address: str, client: Callable[[], httpx.Client], until: float) -> bytes:
    url = httpx.URL(address).copy_with(fragment=None)
    for _hop in range(REDIRECTS_AT_MOST + 1):
        if url.scheme == "http":  # nothing of ours goes out unencrypted; most servers have both
            url = url.copy_with(scheme="https", port=None)
        # A client each, so that no server's cookie comes back to it.
        with client() as asking, asking.stream("GET", url, headers={"Accept": "image/*"}, timeout=5.0) as answer:
            if not answer.is_redirect:
                return _read(answer, until) if answer.is_success else b""
            url = url.join(answer.headers["Location"])
    return b""


def _read(answer: httpx.Response, until: float) -> bytes:
    content = bytearray()
    for piece in answer.iter_bytes():
        content += piece
        if time.monotonic() > until:
            return b""
    return bytes(content)


@transaction.atomic
def _keep(message: Message, fetched: Mapping[str, bytes], at: datetime) -> None:
    room = BYTES_AT_MOST
    for address, content in fetched.items():
        room -= len(content)
        if room < 0:
            break
        RemotePicture.objects.get_or_create(
            message=message,
            digest=_digest(address),
            defaults={"blob": blobs.keep(content), "type": pictures.type_of(content), "fetched_at": at},
        )


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()
