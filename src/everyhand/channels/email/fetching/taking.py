"""Taking in what is new in a folder: in order of UID, committed before the cursor moves, in one transaction with it.

Some servers give fewer mails than they were asked for, or break off at one of them. So what fails is asked for again
one mail at a time; a mail that can't be had however often we ask is set aside, visibly, and the next one is taken.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from everyhand.channels.email import queries
from everyhand.channels.email.accept import Arriving, accept_many
from everyhand.channels.email.fetching.server import Folder, Listed
from everyhand.channels.email.listener.space import FreeSpace
from everyhand.channels.email.models import ConnectedMailbox

log = structlog.get_logger(__name__)

LISTED_AT_ONCE: Final = 500
MAILS_A_BATCH: Final = 50
BYTES_A_BATCH: Final = 10_000_000
# So often a mail is asked for by itself before it is set aside.
TRIES: Final = 4
# History waits while so much of it is not filed yet, so that live mail never stands behind all of it.
HISTORY_IN_FLIGHT: Final = 300
CATCH_UP_SECONDS: Final = 60.0


class Withheld(Exception):
    """The server lists a mail and does not give it out."""


class NoSpace(Exception):
    """There is not enough space on our disk."""


class Disconnected(Exception):
    """Somebody disconnected the mailbox, or another process renumbered it: begin again with what is stored."""


class Taking:
    """Takes in the new mail of `box`; what it remembers of failed tries is lost with it, which only costs time."""

    def __init__(self, box: ConnectedMailbox, *, clock: Callable[[], datetime], stopping: threading.Event) -> None:
        self._box, self._clock, self._stopping = box, clock, stopping
        self._space = FreeSpace(settings.EVERYHAND.data, reserve=settings.EVERYHAND.free_space)
        self._failures: Counter[int] = Counter()
        self._one_by_one_until = 0

    def take_in(self, folder: Folder) -> int:
        """Everything new in `folder`, up to `stopping`; how many mails came in.

        Raises what fails, after everything before it has been taken in.
        """
        self._meet(folder)
        before = self._box.last_uid
        taken = 0
        for batch in self._batches(folder):
            if self._stopping.is_set() or not self._may_go_on(batch):
                return taken
            taken += self._take(folder, batch)
        if self._box.last_uid != before:
            log.info("mail fetched", mailbox=self._box.pk, mails=taken, last_uid=self._box.last_uid)
        return taken

    def _meet(self, folder: Folder) -> None:
        """Begin again when the server has numbered its mails anew; what we have already is known by its bytes."""
        if self._box.uidvalidity == folder.uidvalidity:
            return
        log.warning("the server has numbered its mails anew", mailbox=self._box.pk)
        changes = {
            "uidvalidity": folder.uidvalidity,
            "last_uid": 0,
            "history_until": folder.next_uid,
            "renumbered_at": self._clock(),
        }
        if not ConnectedMailbox.objects.filter(pk=self._box.pk, uidvalidity=self._box.uidvalidity).update(**changes):
            raise Disconnected
        for name, value in changes.items():
            setattr(self._box, name, value)

    def _batches(self, folder: Folder) -> Iterator[list[Listed]]:
        """What is to be fetched, a few mails at a time; mails that are passed over move the cursor on the way."""
        uids = self._wanted(folder)
        for begin in range(0, len(uids), LISTED_AT_ONCE):
            asked = uids[begin : begin + LISTED_AT_ONCE]
            listed = {one.uid: one for one in _list(folder, asked)}
            kept: list[Listed] = []
            for uid in asked:
                one = listed.get(uid) or Listed(uid, 0, None, deleted=False)
                if self._is_history(one) and one.deleted:
                    continue
                if kept and self._is_full(kept, one):
                    yield kept
                    kept = []
                kept.append(one)
            if kept:
                yield kept
            self._move_to(asked[-1])
        # Nothing older will ever be wanted.
        self._move_to(self._box.history_until - 1)

    def _wanted(self, folder: Folder) -> list[int]:
        first = self._box.last_uid + 1
        if first >= self._box.history_until:
            return folder.uids(first)
        history = folder.uids(first, since=self._box.import_since)
        since_then = folder.uids(self._box.history_until)
        return [uid for uid in history if uid < self._box.history_until] + since_then

    def _is_history(self, one: Listed) -> bool:
        if one.uid >= self._box.history_until:
            return False
        if self._box.renumbered_at is None:
            return True
        return one.arrived_at is not None and one.arrived_at < self._box.connected_at

    def _is_full(self, batch: Sequence[Listed], another: Listed) -> bool:
        return (
            len(batch) >= MAILS_A_BATCH
            or sum(one.size for one in batch) + another.size > BYTES_A_BATCH
            or batch[0].uid <= self._one_by_one_until
            or max(batch[0].size, another.size) > settings.EVERYHAND.smtp_max_size
            or self._is_history(batch[0]) != self._is_history(another)
        )

    def _may_go_on(self, batch: Sequence[Listed]) -> bool:
        """Wait until the worker has filed enough of the history; False when it does not get on with it."""
        if not self._is_history(batch[0]):
            return True
        for _second in range(int(CATCH_UP_SECONDS / 0.5)):
            if queries.history_in_flight() < HISTORY_IN_FLIGHT:
                return True
            if self._stopping.wait(0.5):
                return False
        return False

    def _take(self, folder: Folder, batch: Sequence[Listed]) -> int:
        """Fetch and commit one batch; how many mails were in it."""
        try:
            arriving, upto = self._fetch(folder, batch)
        except Exception:
            self._note_failure(batch)
            raise
        self._commit(arriving, upto)
        if upto < batch[-1].uid:
            self._note_failure([one for one in batch if one.uid > upto])
            raise Withheld(f"UID {upto + 1} and on")
        return len(arriving)

    def _fetch(self, folder: Folder, batch: Sequence[Listed]) -> tuple[list[Arriving], int]:
        """What came of `batch`, and the UID up to which everything is seen to."""
        if not self._space.holds(sum(one.size for one in batch)):
            raise NoSpace
        if self._failures[batch[0].uid] >= TRIES:
            return [self._stand_in(batch[0])], batch[0].uid
        if batch[0].size > settings.EVERYHAND.smtp_max_size:
            return self._begun(folder, batch[0]), batch[0].uid
        contents = folder.contents([one.uid for one in batch])
        missing = [one.uid for one in batch if one.uid not in contents]
        withheld = folder.present(missing) if missing else set()
        arriving, upto = [], self._box.last_uid
        for one in batch:
            if one.uid in withheld:
                break
            upto = one.uid
            if one.uid in contents:
                arriving.append(self._arriving(one, contents[one.uid]))
        return arriving, upto

    def _note_failure(self, batch: Sequence[Listed]) -> None:
        if self._stopping.is_set():
            return
        if len(batch) == 1:
            self._failures[batch[0].uid] += 1
        self._one_by_one_until = max(self._one_by_one_until, batch[-1].uid)

    def _begun(self, folder: Folder, one: Listed) -> list[Arriving]:
        beginning = folder.beginning(one.uid)
        limit = settings.EVERYHAND.smtp_max_size // 1_000_000
        why = (
            f"The mail is {one.size / 1_000_000:.0f} MB long; we take up to {limit} MB. Its first megabyte is here, "
            f"all of it is still in the mailbox {self._box}."
        )
        return [self._arriving(one, beginning, set_aside=why)] if beginning else []

    def _stand_in(self, one: Listed) -> Arriving:
        log.error("a mail can't be fetched and is set aside", mailbox=self._box.pk, uid=one.uid)
        why = f"{self._box.host} lists this mail but did not give it out. Read it in the mailbox {self._box}."
        name = f"Subject: A mail that could not be fetched\r\nX-Source: {self._source(one)}\r\n\r\n"
        return self._arriving(one, name.encode(), set_aside=why)

    def _arriving(self, one: Listed, raw: bytes, *, set_aside: str = "") -> Arriving:
        return Arriving(
            raw,
            self._source(one),
            fetched_into=self._box.mailbox,
            arrived_at=one.arrived_at,
            silent=self._is_history(one),
            set_aside=set_aside,
        )

    def _source(self, one: Listed) -> str:
        return f"imap {self._box} {self._box.uidvalidity}/{one.uid}"

    def _commit(self, arriving: Sequence[Arriving], upto: int) -> None:
        """The mails and the cursor behind them, both or neither."""
        with transaction.atomic():
            accept_many(arriving, at=self._clock())
            self._move_to(upto)

    def _move_to(self, uid: int) -> None:
        if uid <= self._box.last_uid:
            return
        same = ConnectedMailbox.objects.filter(pk=self._box.pk, uidvalidity=self._box.uidvalidity)
        if not same.update(last_uid=Greatest("last_uid", Value(uid))):
            raise Disconnected
        self._box.last_uid = max(self._box.last_uid, uid)


def _list(folder: Folder, uids: Sequence[int]) -> list[Listed]:
    """What the server tells of these mails. One it tells nonsense of is left out, and must not hide the others."""
    try:
        return folder.listed(uids)
    except (IMAPClientAbortError, OSError):
        raise
    except (IMAPClientError, ValueError):
        if len(uids) == 1:
            return []
        half = len(uids) // 2
        return _list(folder, uids[:half]) + _list(folder, uids[half:])
