"""Whom we take mail for."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Final

from django.db import close_old_connections, connections

from everyhand.channels.email.queries import OurAddresses

# A new mailbox takes mail at once, or nearly so; one that is gone may do so for some seconds more.
KNOWN_SECONDS: Final = 5.0
UNKNOWN_SECONDS: Final = 0.5


class Verdict(Enum):
    OURS = "a mailbox of ours"
    NOBODY = "an address of one of our domains that nobody has"
    FOREIGN = "none of our domains"


class Addressees:
    """Answers whether an address is ours, from what is remembered of our mailboxes. Each reply address is another, so
    the mailboxes are remembered and not the addresses. They are read in a thread beside the event loop.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="smtp-addressees")
        self._ours, self._read_at = OurAddresses([]), float("-inf")

    async def judge(self, address: str) -> Verdict:
        """Raises `django.db.Error` when the database can't say."""
        verdict, age = self._remembered(address), time.monotonic() - self._read_at
        if age < UNKNOWN_SECONDS or (age < KNOWN_SECONDS and verdict is Verdict.OURS):
            return verdict
        self._ours = await asyncio.get_running_loop().run_in_executor(self._thread, _read)
        self._read_at = time.monotonic()
        return self._remembered(address)

    def _remembered(self, address: str) -> Verdict:
        local, _, domain = address.lower().rpartition("@")
        if not local:
            # "postmaster" alone is the one address without a domain that every server must take (RFC 5321 section
            # 4.5.1).
            return Verdict.OURS if domain == "postmaster" else Verdict.FOREIGN
        if self._ours.among([address]):
            return Verdict.OURS
        if domain not in self._ours.domains:
            return Verdict.FOREIGN
        return Verdict.OURS if local == "postmaster" else Verdict.NOBODY

    def close(self) -> None:
        self._thread.submit(connections.close_all).result()
        self._thread.shutdown()


def _read() -> OurAddresses:
    close_old_connections()
    return OurAddresses()
