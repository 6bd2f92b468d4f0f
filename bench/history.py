"""Years of conversations as they would stand in the database had they really happened, written in bulk.

Everything is there that the verbs of the desk leave behind: raw mails and their rows, customers, messages, attachments,
deliveries, promises, the journal, the index of words.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from random import Random
from typing import Final

from django.db import connection, transaction

from bench import tables
from bench.company import Company
from bench.conversation import Conversation as Written
from bench.tables import Rows, Table
from bench.words import Writer
from everyhand.channels.email.models import Mail, RawMail
from everyhand.conversations.models import Attachment, Conversation, Delivery, Message, Participant
from everyhand.core import search
from everyhand.core.blobs import Blob
from everyhand.core.journal import Entry
from everyhand.customers.models import Customer, Identity
from everyhand.promises.models import Promise

YEARS: Final = 4
CUSTOMERS_A_CONVERSATION: Final = 0.4
OPEN, WAITING = 0.05, 0.05  # of all conversations; the rest is closed
FILLED: Final = (
    *(Customer, Identity, Conversation, Participant, Message, Attachment, Blob, Delivery),
    *(Promise, Entry, RawMail, Mail, search.Document),
)


@dataclass(frozen=True)
class Batch:
    """Some conversations, ready to be written."""

    conversations: int
    rows: list[Rows]
    documents: list[search.Prepared]


class History:
    """Writes conversations, the same ones for the same `rng`. `until` is the moment at which the story ends."""

    def __init__(self, company: Company, writer: Writer, rng: Random, *, until: datetime) -> None:
        self.company, self.writer, self.rng, self.until = company, writer, rng, until
        self.teams = list(company.members_of)
        self._customers: list[tuple[int, int, str, str]] = []  # customer, identity, name, address
        self.documents: list[search.New] = []
        self._blobs: dict[str, int] = {}
        self.customer = Table(Customer, "name", "since")
        self.identity = Table(Identity, "customer_id", "value", "name")
        self.conversation = Table(
            Conversation,
            *("subject", "status", "customer_id", "owner_id", "team_id", "channel", "address", "owner_because"),
            *("opened_at", "closed_at", "last_message_at", "snippet", "reply_due", "secret"),
        )
        self.participant = Table(Participant, "conversation_id", "identity_id", "proposed_at", "approved_at")
        self.message = Table(
            Message,
            *("conversation_id", "direction", "author_member_id", "author_identity_id", "author_name", "subject"),
            *("text", "reply", "quoted", "message_id", "in_reply_to", "references", "recipients", "at", "sent_at"),
        )
        self.attachment = Table(Attachment, "message_id", "blob_id", "token", "name", "type", "size")
        self.blob = Table(Blob, "sha256", "size", "content")
        self.delivery = Table(Delivery, "message_id", "address", "name", "due_at", "attempts", "done_at", "answer")
        self.promise = Table(
            Promise,
            *("conversation_id", "owner_id", "kind", "made_at", "due_at", "kept_at", "broken_at", "withdrawn_at"),
        )
        self.entry = Table(Entry, "action", "actor", "subject", "particulars", "at")
        self.entry.next = (Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
        self.raw = Table(RawMail, "digest", "size", "content")
        self.mail = Table(
            Mail,
            *("raw_id", "source", "envelope_from", "envelope_to", "accepted_at", "due_at", "attempts", "done_at"),
            *("outcome", "fingerprint", "sender", "subject", "conversation_id", "message_id"),
        )
        self._tables = [one for one in vars(self).values() if isinstance(one, Table)]

    def batches(self, conversations: int) -> Iterator[Batch]:
        """This many conversations, oldest first, some of them at a time."""
        told_before = 0
        for number in range(conversations):
            opened_at = self.until - timedelta(days=365 * YEARS) * (1 - number / conversations)
            Written(self, number, opened_at, self._status(conversations - number, conversations)).happen()
            if self.message.is_full or number == conversations - 1:
                documents, self.documents = search.prepared(self.documents), []
                yield Batch(number + 1 - told_before, [table.take() for table in self._tables], documents)
                told_before = number + 1

    def _status(self, age: int, conversations: int) -> str:
        """The youngest are open or waiting, as in life."""
        if age > conversations * (OPEN + WAITING) * 2:
            return "closed"
        return self.rng.choice(("open", "waiting", "closed", "closed"))

    def customer_of(self, number: int, at: datetime) -> tuple[int, int, str, str]:
        """(customer, identity, name, address): somebody new, or, more often, somebody who was here before."""
        rng = self.rng
        if self._customers and rng.random() > CUSTOMERS_A_CONVERSATION:
            return self._customers[rng.randrange(len(self._customers))]
        name = self.writer.name()
        address = f"{name.replace(' ', '.').lower()}.{number}@{rng.choice(self.writer.vocabulary[:2_000])}.example"
        customer = self.customer.add(name, at)
        known = (customer, self.identity.add(customer, address, name), name, address)
        self._customers.append(known)
        return known

    def keep(self, content: bytes) -> int:
        """The blob with these bytes."""
        digest = hashlib.sha256(content).hexdigest()
        if digest not in self._blobs:
            self._blobs[digest] = self.blob.add(digest, len(content), content)
        return self._blobs[digest]


def write(history: History, conversations: int, *, told: Callable[[int], object]) -> None:
    """Write this many conversations of `history`; `told` hears again and again how many there were since.

    They are thought up in a process of their own while this one, which has the database, writes.
    """
    receiver, sender = Pipe(duplex=False)
    connection.close()
    thinker = get_context("fork").Process(target=_think, args=(history, conversations, sender, receiver), daemon=True)
    thinker.start()
    sender.close()
    try:
        for _ in iter(lambda: _write_next(receiver, told), False):
            pass
        thinker.join()
    finally:
        receiver.close()
        thinker.kill()
    if thinker.exitcode:
        raise RuntimeError("whoever thinks up the conversations stopped")


def _think(history: History, conversations: int, sender: Connection, receiver: Connection) -> None:
    receiver.close()  # the writer's: when that is gone there is nobody to think for
    for batch in history.batches(conversations):
        sender.send_bytes(pickle.dumps(batch, protocol=5))
    sender.close()


def _write_next(receiver: Connection, told: Callable[[int], object]) -> bool:
    """Whether there was more to write."""
    try:
        batch: Batch = pickle.loads(receiver.recv_bytes())  # noqa: S301 (from our own child)
    except EOFError:
        return False
    with transaction.atomic():
        tables.write(batch.rows)
        search.add_prepared(batch.documents)
    told(batch.conversations)
    return True
