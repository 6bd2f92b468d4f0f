"""A conversation as a row: in the inbox, in search, on a member's and a team's page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from everyhand.conversations import tags
from everyhand.conversations.models import Conversation, Tag
from everyhand.customers.models import Customer, Identity
from everyhand.people.models import Member, Team, initials
from everyhand.promises.models import Promise

SOON = timedelta(minutes=30)


@dataclass(frozen=True)
class Face:
    """Somebody outside: by their name, or by their address while they told us none."""

    id: int
    name: str
    address: str

    @property
    def initials(self) -> str:
        return initials(self.name)


@dataclass(frozen=True)
class PromiseShown:
    """An open promise and how it stands: "calm", "soon" or "broken"."""

    kind: str
    due_at: datetime
    state: str
    kept_at: datetime | None = None
    broken_at: datetime | None = None


@dataclass(frozen=True)
class Row:
    id: int
    subject: str
    status: str
    snippet: str
    customer: Face
    owner: Member
    team: Team | None
    last_message_at: datetime
    sleeps_until: datetime | None
    promise: PromiseShown | None
    waiting_since: datetime | None
    tags: Sequence[Tag] = ()

    @property
    def standing(self) -> str:
        return self.promise.state if self.promise else "none"


def rows(conversations: Sequence[Conversation], *, at: datetime) -> list[Row]:
    """At most three reads however many there are; `conversations` come with customer, owner and team, and those of the
    inbox with a mark, `tagged`, so that a list without tags costs no read for them.
    """
    faces_of = faces({one.customer for one in conversations})
    open_promises = Promise.objects.filter(conversation__in=conversations, kept_at=None, withdrawn_at=None)
    promises = {one.conversation_id: one for one in open_promises} if conversations else {}
    tagged = [one for one in conversations if getattr(one, "tagged", True)]
    tags_of = tags.on(tagged) if tagged else {}
    return [
        _row(one, faces_of[one.customer_id], promises.get(one.pk), tags_of.get(one.pk, []), at) for one in conversations
    ]


def _row(conversation: Conversation, customer: Face, promise: Promise | None, its_tags: list[Tag], at: datetime) -> Row:
    return Row(
        id=conversation.pk,
        subject=conversation.subject,
        status=conversation.status,
        snippet=conversation.snippet,
        customer=customer,
        owner=conversation.owner,
        team=conversation.team,
        last_message_at=conversation.last_message_at,
        sleeps_until=conversation.sleeps_until,
        promise=promise_shown(promise, at=at),
        waiting_since=promise.made_at if promise else None,
        tags=its_tags,
    )


def faces(customers: Iterable[Customer]) -> dict[int, Face]:
    """By primary key. Addresses are read only of those whose name we don't know; the others show none."""
    everybody = {customer.pk: customer for customer in customers}
    nameless = [pk for pk, customer in everybody.items() if not customer.name]
    # Newest first, so that of several the first one they had stays.
    identities = Identity.objects.filter(customer__in=nameless, kind=Identity.EMAIL).order_by("-pk")
    addresses: dict[int, str] = dict(identities.values_list("customer", "value")) if nameless else {}
    return {pk: face(customer, addresses.get(pk, "")) for pk, customer in everybody.items()}


def face(customer: Customer, address: str) -> Face:
    return Face(customer.pk, customer.name or address or str(customer), address)


def promise_shown(promise: Promise | None, *, at: datetime) -> PromiseShown | None:
    if promise is None:
        return None
    state = "broken" if promise.due_at <= at else "soon" if promise.due_at <= at + SOON else "calm"
    return PromiseShown(promise.kind, promise.due_at, state, promise.kept_at, promise.broken_at)
