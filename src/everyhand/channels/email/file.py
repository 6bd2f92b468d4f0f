"""Filing: from stored bytes to a conversation. The worker's part of the journey of a mail.

Mails are understood by parsers in processes of their own, some ahead of those that are being filed; what is understood
is settled several at once, with one commit.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Final

from django.conf import settings
from django.db import transaction

from everyhand.channels.email import outcomes, settle
from everyhand.channels.email.authentication import Arrival, Judge
from everyhand.channels.email.fetching import receivers
from everyhand.channels.email.fingerprint import either, fingerprint_of
from everyhand.channels.email.models import Mail, RawMail
from everyhand.channels.email.outcomes import Filed
from everyhand.channels.email.parsing.isolated import IsolatedParser, ParseFailed
from everyhand.channels.email.parsing.limits import TooHostile
from everyhand.channels.email.settle import Understood
from everyhand.core import work
from everyhand.core.prepared import prepared_for_several
from everyhand.core.sqlite.scouting import scouts
from everyhand.customers.actions import normalised
from everyhand.desk.inbound import Inbound

# Short, since what a dead worker had in hand waits for its end. Losing it costs nothing: a mail is filed and its row
# completed in one transaction.
LEASE: Final = timedelta(seconds=30)
# How many mails share a commit when so many wait. More would save little and keep other writers waiting: a batch takes
# some 100 ms.
TOGETHER: Final = 64
# After fewer than so many, while mails come in, so long is waited for the next ones.
FEW: Final = TOGETHER // 2
A_MOMENT: Final = 0.015  # seconds
# What is read ahead of being filed, in mails and bytes: the parsers must never wait, nor memory fill with big mails.
AHEAD: Final = 2 * TOGETHER
BYTES_AHEAD: Final = 8_000_000
# What settling looks for, and writes, under keys that lie anywhere: the letter, its Message-ID, whoever wrote it.
_UNDER_RANDOM_KEYS: Final = """SELECT
  EXISTS (SELECT 1 FROM email_mail WHERE fingerprint IN (?, ?)),
  EXISTS (SELECT 1 FROM conversations_message WHERE message_id = ? AND NOT (message_id = '')),
  EXISTS (SELECT 1 FROM customers_identity WHERE value = ? AND kind = 'email'),
  EXISTS (SELECT 1 FROM customers_identity WHERE domain = ?)"""


class Filer:
    """Files mails, understanding several at once, with parsers in processes of their own. Close it when done."""

    def __init__(self, parsers: int = 1, judge: Judge | None = None) -> None:
        self._parser = IsolatedParser(processes=parsers)
        # More than there are parsers, since asking the DNS about a sender is mostly waiting.
        self._threads = ThreadPoolExecutor(4 * parsers, thread_name_prefix="understand")
        self._scouts = scouts(_UNDER_RANDOM_KEYS)
        self._judge = judge or Judge(
            trusted_receiver=settings.EVERYHAND.trusted_receiver,
            verify=settings.EVERYHAND.verify_senders,
            forwarders=settings.EVERYHAND.trusted_forwarders,
        )

    def close(self) -> None:
        self._threads.shutdown()
        self._parser.close()
        if self._scouts:
            self._scouts.close()

    def rest(self) -> None:
        """There is nothing to file: keep no more parsers than are needed."""
        self._parser.rest()

    def file(self, mails: Sequence[Mail], *, at: datetime) -> list[Filed]:
        """File the mails, which must be claimed. Each ends filed, suppressed, quarantined, a duplicate, or is tried
        again later; none of them can stop the others. Any number of threads may ask for that.
        """
        hand, filed = Hand(self), list[Filed]()
        hand.take(mails)
        while hand.mails:
            filed += hand.file_some(TOGETHER, at=at)
        return filed

    def read(self, mail: Mail, raw: bytes) -> Inbound | TooHostile | ParseFailed:
        """What a mail says, without filing it or asking who wrote it."""
        try:
            return self._parser.parse(raw, source=mail.source, recipients=tuple(mail.envelope_to), at=mail.accepted_at)
        except (TooHostile, ParseFailed) as refused:
            return refused

    def understand(self, mail: Mail, raw: bytes, receiver: str) -> Future[Understood]:
        """What it says and who says so, as soon as a parser has time for it."""
        return self._threads.submit(self._understand, mail, raw, receiver)

    def _understand(self, mail: Mail, raw: bytes, receiver: str) -> Understood:
        """What it says and who says so; here, because nobody parses or asks the DNS in a transaction."""
        inbound = self.read(mail, raw)
        if not isinstance(inbound, Inbound):
            return inbound
        arrival = Arrival(raw, mail.source, inbound.sender.email, mail.envelope_from, mail.helo, receiver)
        verdict = self._judge.judge(arrival)
        letter = settle.Letter(replace(inbound, verdict=verdict), fingerprint_of(raw, inbound.automatic or ""))
        if self._scouts:
            sender = normalised(inbound.sender.email)
            domain = sender.rpartition("@")[2]
            letters = either([letter.fingerprint or ""])
            self._scouts.look(*letters, inbound.message_id, sender, domain)
        return letter


class Hand:
    """The mails somebody has in hand, who files with `filer`: while some are settled the next ones are understood."""

    def __init__(self, filer: Filer) -> None:
        self._filer = filer
        # With the size of each in bytes: those that wait for room, and those that are being understood.
        self._waiting: deque[tuple[Mail, int]] = deque()
        self._reading: deque[tuple[Mail, int, Future[Understood]]] = deque()
        self._just_filed = 0

    @property
    def mails(self) -> list[Mail]:
        """What was taken and is not settled yet."""
        return [*(mail for mail, _size, _understood in self._reading), *(mail for mail, _size in self._waiting)]

    def wait_for_more(self) -> None:
        """When a few were just filed, more are coming in: wait for them a moment. Whoever accepts mail waits for each
        commit here, and brings no more at once than there are connections; so the next commit would be of as few.
        """
        just_filed, self._just_filed = self._just_filed, 0
        if 0 < just_filed < FEW:
            time.sleep(A_MOMENT)

    def take(self, mails: Sequence[Mail]) -> None:
        """Begin to understand these, which must be claimed."""
        if not mails:
            return
        sizes = dict(_sizes()([mail.raw_id for mail in mails]))
        self._waiting += [(mail, sizes[mail.raw_id]) for mail in mails]
        self._read_ahead()

    def file_next(self, *, at: datetime, claim: settle.Claim = list) -> list[Filed]:
        """File some of them, with one commit: what is understood by now, and at least every other one, so that the
        parsers have the next ones to read meanwhile. What `claim` claims is taken in hand: a commit of its own would
        have to wait for another turn to write.
        """
        return self.file_some(-(-len(self._reading) // 2), at=at, claim=claim)

    def file_some(self, least: int, *, at: datetime, claim: settle.Claim = list) -> list[Filed]:
        """The same, but at least so many; they are waited for."""
        self._read_ahead()
        batch: list[tuple[Mail, Understood]] = []
        while self._reading and len(batch) < TOGETHER and (len(batch) < least or self._reading[0][2].done()):
            mail, _size, understood = self._reading.popleft()
            # It is waited for here, so that the transaction waits for nobody.
            batch.append((mail, _outcome(understood)))
        self._just_filed = len(batch)
        filed, claimed = settle.together(batch, at=at, claim=claim)
        self.take(claimed)
        return filed

    def _read_ahead(self) -> None:
        """Begin to understand further mails, always one at least. The bytes are read here: the threads that understand
        have no connection to the database that could break. Where they can't be read the mails are in hand no longer,
        and come again when their leases have run out: what stayed would be in the way of all others.
        """
        room = BYTES_AHEAD - sum(size for _mail, size, _understood in self._reading)
        next_ones: list[tuple[Mail, int]] = []
        while self._waiting and len(self._reading) + len(next_ones) < AHEAD:
            room -= self._waiting[0][1]
            if room < 0 and (self._reading or next_ones):
                break
            next_ones.append(self._waiting.popleft())
        if not next_ones:
            return
        contents = dict(_contents()([mail.raw_id for mail, _size in next_ones]))
        believed = receivers.of_mails([mail for mail, _size in next_ones])
        for mail, size in next_ones:
            raw, receiver = bytes(contents[mail.raw_id]), believed.get(mail.pk, "")
            self._reading.append((mail, size, self._filer.understand(mail, raw, receiver)))


@cache
def _sizes() -> Callable[[Collection[int]], list[tuple[int, int]]]:
    sizes = RawMail.objects.order_by().values_list("pk", "size")
    return prepared_for_several(lambda keys: sizes.filter(pk__in=keys))


@cache
def _contents() -> Callable[[Collection[int]], list[tuple[int, bytes | memoryview]]]:
    contents = RawMail.objects.order_by().values_list("pk", "content")
    return prepared_for_several(lambda keys: contents.filter(pk__in=keys))


def claim(*, at: datetime, limit: int, only: Sequence[int] | None = None) -> list[Mail]:
    """Mails to file now."""
    given_up = partial(outcomes.given_up, at=at)
    return work.claim(Mail, at=at, limit=limit, lease=LEASE, only=only, given_up=given_up)


@transaction.atomic
def retry(mail: Mail, *, at: datetime) -> None:
    """A person asks to try a quarantined mail again."""
    work.retry(mail, at=at)
    Mail.objects.filter(pk=mail.pk, done_at=None).update(outcome=Mail.Outcome.PENDING, why="")


def _outcome(understood: Future[Understood]) -> Understood:
    """What came out of it; an error nobody expected is handed on like any other, so that it stops only its own mail."""
    error = understood.exception()
    return error if isinstance(error, Exception) else understood.result()
