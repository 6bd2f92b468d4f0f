"""The past of the made-up company as any desk can have had it: who works there, and every conversation in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Final

from everyhand.conversations.models import Conversation, Message
from everyhand.customers.models import Identity
from everyhand.people.models import Member, Team

AT_ONCE: Final = 5_000


@dataclass(frozen=True)
class Person:
    """A member or a customer. `number` tells members, or customers, from each other."""

    number: int
    name: str
    address: str


@dataclass(frozen=True)
class Said:
    """A message. `number` is unique among all; `author` is None when the customer wrote it."""

    number: int
    author: int | None
    at: datetime
    message_id: str
    text: str


@dataclass(frozen=True)
class Ticket:
    """A conversation, as other desks call it. `status` is open, waiting or closed; `team` None is none of them."""

    number: int
    subject: str
    status: str
    customer: int
    owner: int
    team: int | None
    opened_at: datetime
    said: tuple[Said, ...]

    @property
    def changed_at(self) -> datetime:
        return self.said[-1].at


class Past:
    """Read from the company's database, as often as it is asked for."""

    def __init__(self) -> None:
        self.members = [Person(one.pk, one.name, one.email) for one in Member.objects.order_by("pk")]
        self.teams = dict(Team.objects.order_by("pk").values_list("pk", "slug"))

    def customers(self) -> Iterator[Person]:
        known = Identity.objects.order_by("customer_id").values_list("customer_id", "name", "value")
        for number, name, address in known.iterator(AT_ONCE):
            yield Person(number, name, address)

    def tickets(self) -> Iterator[Ticket]:
        """Oldest first."""
        asked = ("pk", "subject", "status", "customer_id", "owner_id", "team_id", "opened_at")
        conversations = Conversation.objects.order_by("pk").values_list(*asked).iterator(AT_ONCE)
        about = ("conversation_id", "pk", "author_member_id", "at", "message_id", "text")
        messages = Message.objects.order_by("conversation_id", "at", "pk").values_list(*about).iterator(AT_ONCE)
        said = groupby(messages, key=itemgetter(0))
        for conversation, (number, theirs) in zip(conversations, said, strict=True):
            if conversation[0] != number:
                raise RuntimeError(f"conversation {conversation[0]} has no message")
            yield Ticket(*conversation, tuple(Said(*row[1:]) for row in theirs))  # type: ignore[call-arg]
