"""A small world of mail: two installations of ours, machines that answer or return whatever they get, and a list.

Time passes only here. A mail takes a minute; a party answers with the mails it sends at once or after its delay. The two
installations are the real filing, acknowledging, replying and composing, each on a database and with a secret of its own.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from everyhand.channels.email import accept, file, tokens
from everyhand.channels.email.models import Mailbox, SystemMail
from everyhand.channels.email.outbound.compose import compose
from everyhand.conversations.models import Conversation, Delivery, Status
from everyhand.core import work
from everyhand.customers.models import Customer
from everyhand.desk.close import close
from everyhand.desk.reply import NothingToSend, reply
from tests.cast import NOON, Cast, minutes

_numbers = count(1)


@dataclass(frozen=True)
class Envelope:
    """A mail under way. `sender` is "" for the null sender."""

    sender: str
    recipient: str
    raw: bytes

    @cached_property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)


Answer = Callable[[Envelope], list[Envelope]]


@dataclass
class Machine:
    """Somebody who answers by a rule, `delay` after each mail."""

    answer: Answer
    delay: timedelta = timedelta(0)


@contextmanager
def copies_of_the_database(*names: str, directory: Path) -> Iterator[list[str]]:
    """The test's own database, as it is now, once for each of `names`: what Django is to connect to instead."""
    if connection.vendor == "sqlite":
        files = [str(directory / f"{name}.sqlite3") for name in names]
        with connection.cursor() as cursor:
            for file_name in files:
                cursor.execute("VACUUM INTO %s", [file_name])
        yield files
        connection.close()
        return
    original, databases = connection.settings_dict["NAME"], [f"everyhand_{name}" for name in names]
    connection.close()
    with connection._nodb_cursor() as cursor:
        # A database is copied while nobody is connected to it, and removed likewise.
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [original])
        for database in databases:
            cursor.execute(f'CREATE DATABASE "{database}" TEMPLATE "{original}"')
    try:
        yield databases
    finally:
        connection.close()
        with connection._nodb_cursor() as cursor:
            for database in databases:
                cursor.execute(f'DROP DATABASE "{database}" WITH (FORCE)')


class House:
    """One installation, on its own copy of the database."""

    def __init__(self, domain: str, database: str, filer: file.Filer) -> None:
        self.address, self.domain, self._database, self._filer = f"help@{domain}", domain, database, filer
        with self.inside():
            self._cast = Cast()
            Mailbox.objects.create(address=self.address)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be this installation: its database, its secret."""
        elsewhere, secret = connection.settings_dict["NAME"], settings.SECRET_KEY
        connection.close()
        connection.settings_dict["NAME"], settings.SECRET_KEY = self._database, f"secret of {self.domain}" * 4
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"], settings.SECRET_KEY = elsewhere, secret

    def take(self, envelope: Envelope, at: datetime) -> list[Envelope]:
        """A mail arrives and is filed; what leaves the house because of it."""
        with self.inside():
            arriving = accept.Arriving(envelope.raw, "smtp 192.0.2.1", envelope.sender, (envelope.recipient,), "x.test")
            accept.accept(arriving, at=at)
            self._filer.file(file.claim(at=at, limit=100), at=at)
            self._answer_new_customers(at)
            return list(self._leaving(at + timedelta(minutes=1)))

    def close_everything(self, at: datetime) -> None:
        with self.inside():
            for conversation in Conversation.objects.exclude(status=Status.CLOSED):
                close(conversation, by=self._cast.ana, at=at)

    def count(self, of: Callable[[], Any]) -> Any:
        with self.inside():
            return of()

    def _answer_new_customers(self, at: datetime) -> None:
        """A person answers everybody once; nobody is fooled by a machine twice."""
        for customer in Customer.objects.exclude(conversations__messages__direction="out"):
            for conversation in customer.conversations.all()[:1]:
                try:
                    reply(
                        conversation,
                        author=self._cast.ana,
                        text="We look into it.",
                        at=at,
                        message_id_for=lambda pk: tokens.message_id(pk, self.address),
                    )
                except NothingToSend:
                    continue

    def _leaving(self, at: datetime) -> Iterator[Envelope]:
        for delivery in work.claim(Delivery, at=at, limit=100):
            work.complete(delivery, at=at)
            yield Envelope(tokens.return_path(delivery), delivery.address, compose(delivery.message))
        for mail in work.claim(SystemMail, at=at, limit=100):
            work.complete(mail, at=at)
            yield Envelope(mail.envelope_from, mail.address, bytes(mail.content))


@dataclass
class World:
    houses: list[House]
    machines: dict[str, Machine]
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    _under_way: list[tuple[datetime, int, Envelope]] = field(default_factory=list)

    def send(self, envelope: Envelope, at: datetime) -> None:
        self.sent[_party(_author(envelope)), _party(envelope.recipient)] += 1
        heapq.heappush(self._under_way, (at + minutes(1), next(_numbers), envelope))

    def live(self, hours: int) -> None:
        """Let so many hours pass, closing every conversation at the end of each."""
        for hour in range(1, hours + 1):
            end = NOON + timedelta(hours=hour)
            while self._under_way and self._under_way[0][0] <= end:
                at, _number, envelope = heapq.heappop(self._under_way)
                self._deliver(envelope, at)
            for house in self.houses:
                house.close_everything(end)

    def _deliver(self, envelope: Envelope, at: datetime) -> None:
        domain = envelope.recipient.rpartition("@")[2]
        for house in self.houses:
            if house.domain == domain:
                for leaving in house.take(envelope, at):
                    self.send(leaving, at)
        machine = self.machines.get(domain)
        if machine:
            for answer in machine.answer(envelope):
                self.send(answer, at + machine.delay)


def letter(
    sender: str, to: str, subject: str, text: str = "Hello.", *, envelope: str | None = None, **fields: str
) -> Envelope:
    """A mail, with more header fields (underscores for hyphens)."""
    number = next(_numbers)
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    raw = (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\n"
        f"Message-ID: <{number}@{sender.rpartition('@')[2]}>\r\n{more}\r\n{text} ({number})\r\n"
    )
    return Envelope(sender if envelope is None else envelope, to, raw.encode())


def _author(envelope: Envelope) -> str:
    return envelope.sender or str(envelope.mail["From"].addresses[0].addr_spec)


def _party(address: str) -> str:
    """The address without its tag: whatever comes from help+42-...@ comes from help@."""
    return re.sub(r"\+[^@]*", "", address.lower())
