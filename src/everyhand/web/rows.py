"""A conversation as a row: in the inbox, in search, on a member's and a team's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from django.db.models import QuerySet

from everyhand.conversations import tags
from everyhand.conversations.listed import Listed
from everyhand.core.prepared import Given, prepared_for_several
from everyhand.customers.models import NAMELESS, Customer, Identity
from everyhand.people.models import initials
from everyhand.promises.models import Promise

SOON = timedelta(minutes=30)


class Face(NamedTuple):
    """Somebody outside: by their name, or by their address while they told us none."""

    id: int
    name: str
    address: str

    @property
    def initials(self) -> str:
        return initials(self.name)


class Owner(NamedTuple):
    id: int
    name: str
    picture: str = ""

    @property
    def initials(self) -> str:
        return initials(self.name)


class TagShown(NamedTuple):
    pk: int
    name: str
    tone: str


class PromiseShown(NamedTuple):
    """An open promise and how it stands: "calm", "soon" or "broken"."""

    kind: str
    due_at: datetime
    state: str
    kept_at: datetime | None = None
    broken_at: datetime | None = None


class Row(NamedTuple):
    """What is drawn of a conversation, all of it: rows that are equal look the same."""

    id: int
    subject: str
    status: str
    snippet: str
    customer: Face
    owner: Owner
    team: str
    last_message_at: datetime
    sleeps_until: datetime | None
    promise: PromiseShown | None
    waiting_since: datetime | None
    escalated: bool = False
    tags: tuple[TagShown, ...] = ()

    @property
    def standing(self) -> str:
        return self.promise.state if self.promise else "none"


def rows(conversations: Sequence[Listed], *, at: datetime) -> list[Row]:
    """At most three reads however many there are, and none for tags where no conversation has any."""
    if not conversations:
        return []
    faces_of = faces({one.customer_id: one.customer_name for one in conversations})
    promises = {promise.conversation_id: promise for promise in _open_promises([one.pk for one in conversations])}
    tagged = [one.pk for one in conversations if one.tagged]
    tags_of = tags.on(tagged) if tagged else {}
    return [
        Row(
            id=one.pk,
            subject=one.subject,
            status=one.status,
            snippet=one.snippet,
            customer=faces_of[one.customer_id],
            owner=Owner(one.owner_id, one.owner_name, one.owner_picture),
            team=one.team_name or "",
            last_message_at=one.last_message_at,
            sleeps_until=one.sleeps_until,
            promise=promise_shown(promises.get(one.pk), at=at),
            escalated=one.escalated_at is not None,
            waiting_since=promises[one.pk].made_at if one.pk in promises else None,
            tags=tuple(TagShown(tag.pk, tag.name, tag.tone) for tag in tags_of.get(one.pk, ())),
        )
        for one in conversations
    ]


class _OpenPromise(NamedTuple):
    conversation_id: int
    kind: str
    made_at: datetime
    due_at: datetime
    kept_at: datetime | None
    broken_at: datetime | None


def _open_promises(conversations: Sequence[int]) -> list[_OpenPromise]:
    return [_OpenPromise._make(row) for row in _promises_of()(conversations)]


@cache
def _promises_of() -> Callable[[Sequence[int]], list[tuple[Any, ...]]]:
    def still_open(conversations: Given) -> QuerySet[Promise, tuple[Any, ...]]:
        promises = Promise.objects.filter(conversation__in=conversations, kept_at=None, withdrawn_at=None)
        return promises.values_list(*_OpenPromise._fields)

    return prepared_for_several(still_open)


def faces(customers: Mapping[int, str]) -> dict[int, Face]:
    """By primary key, as the names are given. Addresses are read only of those whose name we don't know; the others
    show none.
    """
    nameless = [pk for pk, name in customers.items() if not name]
    addresses: dict[int, str] = dict(_addresses_of()(nameless)) if nameless else {}
    return {
        pk: Face(pk, name or addresses.get(pk) or str(NAMELESS), addresses.get(pk, ""))
        for pk, name in customers.items()
    }


@cache
def _addresses_of() -> Callable[[Sequence[int]], list[tuple[int, str]]]:
    def addresses(customers: Given) -> QuerySet[Identity, tuple[int, str]]:
        # Newest first, so that of several the first one they had stays.
        theirs = Identity.objects.filter(customer__in=customers, kind=Identity.EMAIL).order_by("-pk")
        return theirs.values_list("customer", "value")

    return prepared_for_several(addresses)


def face(customer: Customer, address: str) -> Face:
    return Face(customer.pk, customer.name or address or str(customer), address)


def promise_shown(promise: Promise | _OpenPromise | None, *, at: datetime) -> PromiseShown | None:
    if promise is None:
        return None
    state = "broken" if promise.due_at <= at else "soon" if promise.due_at <= at + SOON else "calm"
    return PromiseShown(promise.kind, promise.due_at, state, promise.kept_at, promise.broken_at)
