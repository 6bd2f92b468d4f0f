"""Whom we take mail for."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Final

from django.db import close_old_connections, connections

from everyhand.channels.email import queries
from everyhand.channels.email.models import Mailbox

# A new mailbox takes mail at once, or nearly so; one that is gone may do so for some seconds more.
KNOWN_SECONDS: Final = 5.0
UNKNOWN_SECONDS: Final = 0.5
REMEMBERED: Final = 10_000


class Verdict(Enum):
    OURS = "a mailbox of ours"
    NOBODY = "an address of one of our domains that nobody has"
    FOREIGN = "none of our domains"


class Addressees:
    """Answers whether an address is ours, from memory or else by a query in a thread beside the event loop."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="smtp-addressees")
        self._verdicts: dict[str, tuple[Verdict, float]] = {}

    async def judge(self, address: str) -> Verdict:
        """Raises `django.db.Error` when the database can't say."""
        key = address.lower()
        verdict, until = self._verdicts.get(key, (Verdict.FOREIGN, 0.0))
        if time.monotonic() < until:
            return verdict
        verdict = await asyncio.get_running_loop().run_in_executor(self._thread, _look_up, key)
        if len(self._verdicts) >= REMEMBERED:
            self._verdicts.clear()
        good_for = KNOWN_SECONDS if verdict is Verdict.OURS else UNKNOWN_SECONDS
        self._verdicts[key] = verdict, time.monotonic() + good_for
        return verdict

    def close(self) -> None:
        self._thread.submit(connections.close_all).result()
        self._thread.shutdown()


def _look_up(address: str) -> Verdict:
    close_old_connections()
    local, _, domain = address.rpartition("@")
    if not local:
        # "postmaster" alone is the one address without a domain that every server must take (RFC 5321 section 4.5.1).
        return Verdict.OURS if domain == "postmaster" else Verdict.FOREIGN
    if queries.ours([address]):
        return Verdict.OURS
    if not Mailbox.objects.filter(address__iendswith=f"@{domain}").exists():
        return Verdict.FOREIGN
    return Verdict.OURS if local == "postmaster" else Verdict.NOBODY
