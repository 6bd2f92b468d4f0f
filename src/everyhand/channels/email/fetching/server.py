"""The other end: signing in to an IMAP server, and one folder of it, open for reading only."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from everyhand.channels.email.fetching import reaching
from everyhand.channels.email.fetching.reaching import Deadline, NotEncrypted, PortClosed, PrivateAddress
from everyhand.channels.email.models import ConnectedMailbox

IDLE_SECONDS: Final = 60.0  # then we look anyway: an announcement may get lost between two commands
POLL_SECONDS: Final = 30.0  # between two looks at a server without IDLE
FIRST_BYTES: Final = 1_000_000  # of a mail that is too large

SignIn = Callable[[IMAPClient], None]


class FolderMissing(Exception):
    """The server has no folder of that name, or does not let us open it. The message is what the server said."""


REFUSALS: Final = (FolderMissing, NotEncrypted, PrivateAddress, PortClosed)


class HungUp(ConnectionError):
    """The server closed the connection."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail in the folder: its size in bytes, and when the server got it."""

    uid: int
    size: int
    arrived_at: datetime | None


class Folder:
    """An open folder. All methods raise `OSError` or `IMAPClientError` when the server fails.

    `uidvalidity` names the numbering: while it stays the same, a UID never means another mail. `next_uid` is what the
    next mail to arrive would get, `count` how many are there.
    """

    def __init__(self, client: IMAPClient, name: str) -> None:
        try:
            opened: dict[bytes, Any] = client.select_folder(name, readonly=True)
        except IMAPClientError as error:
            if isinstance(error, IMAPClient.AbortError):
                raise
            raise FolderMissing(str(error)) from error
        if b"UIDVALIDITY" not in opened:
            raise IMAPClientError("the server does not number its mails (no UIDVALIDITY)")
        self._client = client
        self.uidvalidity = int(opened[b"UIDVALIDITY"])
        self.count = int(opened.get(b"EXISTS", 0))
        self.next_uid = int(opened.get(b"UIDNEXT", 0)) or max(self.uids(1), default=0) + 1

    def refresh(self) -> None:
        """Let the server tell what has changed."""
        self._client.noop()

    def uids(self, first: int, *, since: date | None = None, not_deleted: bool = False) -> list[int]:
        """The UIDs from `first` on, in order; of mails that arrived on or after `since` only, where that is given."""
        criteria: list[object] = ["UID", f"{first}:*"]
        criteria += ["SINCE", since] if since else []
        criteria += ["UNDELETED"] if not_deleted else []
        # n:* holds the last mail even when its UID is below n (RFC 9051 section 6.4.4, seq-range).
        return sorted(uid for uid in self._client.search(criteria) if uid >= first)

    def present(self, uids: Iterable[int]) -> set[int]:
        """Those of `uids` that are still there."""
        return set(self._client.search(["UID", ",".join(map(str, uids))]))

    def listed(self, uids: Sequence[int]) -> list[Listed]:
        """What the server tells about these mails, in order of UID. One that was deleted meanwhile is left out."""
        answers = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        asked = set(uids)
        # What the server says unasked of other mails, without their UID, has no date.
        return [
            Listed(uid, int(one.get(b"RFC822.SIZE", 0)), _utc(one[b"INTERNALDATE"]))
            for uid, one in sorted(answers.items())
            if uid in asked and b"INTERNALDATE" in one
        ]

    def contents(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The mails as they are, by UID, and without marking them as read. The server may give fewer than asked."""
        return self._bodies(uids, "BODY.PEEK[]", b"BODY[]")

    def beginning(self, uid: int) -> bytes:
        """The first megabyte of a mail, b"" when it is gone."""
        return self._bodies([uid], f"BODY.PEEK[]<0.{FIRST_BYTES}>", b"BODY[]<0>").get(uid, b"")

    def wait(self, stopping: threading.Event) -> None:
        """Return when something may have happened, or it is time to look, or `stopping` is set."""
        if not self._client.has_capability("IDLE"):
            stopping.wait(POLL_SECONDS)
            return
        if any(len(said) > 1 and said[1] == b"EXISTS" for said in self._client.noop()[1]):
            return
        self._client.idle()
        self._until_told(stopping)
        self._client.idle_done()

    def close(self) -> None:
        """Say goodbye; a server that does not listen any more is left without."""
        try:
            self._client.socket().settimeout(2.0)
            self._client.logout()
        except (OSError, IMAPClientError):
            reaching.drop(self._client)

    def hang_up(self) -> None:
        """End the connection at once, from another thread: whoever reads from it finds its end."""
        with suppress(OSError):
            # Not SSLSocket's own shutdown, after which encrypted bytes would be read as if they were the mail.
            socket.socket.shutdown(self._client.socket(), socket.SHUT_RDWR)

    def _bodies(self, uids: Sequence[int], item: str, key: bytes) -> dict[int, bytes]:
        answers = self._client.fetch(uids, [item])
        asked = set(uids)
        return {uid: bytes(one[key]) for uid, one in answers.items() if uid in asked and one.get(key) is not None}

    def _until_told(self, stopping: threading.Event) -> None:
        until = time.monotonic() + IDLE_SECONDS
        at_once = 0
        while time.monotonic() < until and not stopping.is_set():
            asked = time.monotonic()
            if any(len(said) > 1 and said[1] == b"EXISTS" for said in self._client.idle_check(timeout=1.0)):
                return
            # At the end of a connection the client returns at once and says nothing.
            at_once = at_once + 1 if time.monotonic() - asked < 0.1 else 0
            if at_once > 20:
                raise HungUp("the server closed the connection")


def open_folder(box: ConnectedMailbox, sign_in: SignIn, *, deadline: Deadline | None = None) -> Folder:
    """Connect, sign in and open the folder of `box`. Raises what `diagnosis` explains."""
    client = reaching.connect(box, deadline=deadline)
    try:
        sign_in(client)
        # INTERNALDATE with its zone, instead of in the time of this machine.
        client.normalise_times = False
        return Folder(client, box.folder)
    except BaseException:
        reaching.drop(client)
        raise


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment and moment.tzinfo else None
