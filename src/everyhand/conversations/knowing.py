"""Knowing a customer: their addresses, and everything we ever said to each other, as far as the reader may see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from everyhand.conversations import finding, sight
from everyhand.conversations.listed import Listed, listed
from everyhand.conversations.models import Message, Status, taken_back
from everyhand.customers.models import Customer, Identity
from everyhand.people.models import Member

# Of each conversation so many of its last messages stand on the page.
LAST = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Known:
    """One of a customer's identities. `address` is "" when they gave none; `verdict` is what was found about the last
    message that came from it (see `desk.verdict`), {} when nobody looked.
    """

    id: int
    address: str
    name: str
    undeliverable_at: datetime | None
    last_heard_at: datetime | None
    verdict: dict[str, object]


@dataclass(frozen=True)
class Spoken:
    """The first words of a message or note."""

    kind: str
    direction: str
    author: str
    words: str
    at: datetime


def identities(customer: Customer) -> list[Known]:
    """All of a customer's, the first one they had first; two reads."""
    theirs = list(Identity.objects.filter(customer=customer).annotate(last=Max("messages__pk")).order_by("pk"))
    heard = Message.objects.only("at", "verdict").in_bulk([one.last for one in theirs if one.last])
    return [
        Known(
            one.pk,
            one.address,
            one.name,
            one.undeliverable_at,
            heard[one.last].at if one.last in heard else None,
            heard[one.last].verdict if one.last in heard else {},
        )
        for one in theirs
    ]


def conversations_with(customer: Customer, member: Member, *, before: str = "", limit: int) -> tuple[list[Listed], str]:
    """Those that `member` may see, the latest first, and the cursor of the page after them ("" when there is none)."""
    theirs = sight.visible_to(member).filter(customer=customer)
    moment, _, key = before.partition(".")
    if moment.isdecimal() and key.isdecimal() and len(moment) < 18 and len(key) < 19:
        last = EPOCH + timedelta(microseconds=int(moment))
        theirs = theirs.filter(Q(last_message_at__lt=last) | Q(last_message_at=last, pk__lt=int(key)))
    found = list(listed(theirs).order_by("-last_message_at", "-pk")[: limit + 1])
    shown = found[:limit]
    if len(found) <= limit:
        return shown, ""
    return shown, f"{(shown[-1].last_message_at - EPOCH) // timedelta(microseconds=1)}.{shown[-1].pk}"


def spoken(conversations: Iterable[int]) -> dict[int, list[Spoken]]:
    """The last words of each of the conversations with these keys, oldest first; one read. Not what was taken back."""
    newest_first = Window(RowNumber(), partition_by=F("conversation"), order_by=[F("at").desc(), F("id").desc()])
    written = Message.objects.filter(~taken_back(), conversation__in=conversations)
    numbered = written.annotate(place=newest_first)
    messages = (
        numbered.filter(place__lte=LAST)
        .select_related("author_member", "author_identity")
        .defer("text", "html", "quoted", "references", "recipients")
    )
    last: dict[int, list[Spoken]] = defaultdict(list)
    for one in sorted(messages, key=lambda message: (message.at, message.pk)):
        words = " ".join(one.reply[:600].split())[:240]
        last[one.conversation_id].append(Spoken(one.kind, one.direction, one.author, words, one.at))
    return last


def found(member: Member, words: str, *, limit: int) -> list[Customer]:
    """Customers by a name, an address, or the beginning of one; only those of whom `member` may see something."""
    begins = _beginning(words.lower())
    by_address = _visible(Customer.objects.filter(pk__in=begins.values("customer")), member)[:limit]
    everybody = {one.pk: one for one in by_address}
    wrote = {hit.conversation.customer_id for hit in finding.find(member, words, limit=limit)} - everybody.keys()
    others = Customer.objects.prefetch_related("identities").in_bulk(wrote)
    everybody |= {pk: one for pk, one in others.items() if _is_called(one, words)}
    return list(_visible(Customer.objects.filter(pk__in=list(everybody)[:limit]), member))


def latest(member: Member, *, limit: int) -> list[Customer]:
    """Whoever wrote last, the latest first."""
    # One status after the other, since an index walks through each of them in that order.
    visible = sight.visible_to(member).order_by("-last_message_at", "-pk")
    walks = [visible.filter(status=one).values_list("last_message_at", "pk", "customer") for one in Status.values]
    newest = sorted((row for walk in walks for row in walk[: 4 * limit]), reverse=True)
    keys = list(dict.fromkeys(customer for _at, _pk, customer in newest[: 4 * limit]))[:limit]
    customers = Customer.objects.prefetch_related("identities").in_bulk(keys)
    return [customers[key] for key in keys]


def _beginning(value: str) -> QuerySet[Identity]:
    """Addresses that begin like this, by the index of either database."""
    addresses = Identity.objects.filter(kind=Identity.EMAIL)
    if connection.vendor == "postgresql":
        return addresses.filter(value__startswith=value)
    return addresses.filter(value__gte=value, value__lt=value + "\U0010ffff")


def _visible(customers: QuerySet[Customer], member: Member) -> QuerySet[Customer]:
    visible = customers & sight.customers_visible_to(member)
    return visible.prefetch_related("identities").order_by("name", "pk")


def _is_called(customer: Customer, words: str) -> bool:
    """Whether every word begins a word of their name or is part of an address, not only of what they wrote."""
    names = _words([customer.name])
    addresses = [one.address for one in customer.identities.all()]
    return all(
        any(name.startswith(word) for name in names) or any(word in address for address in addresses)
        for word in _words([words])
    )


def _words(texts: Iterable[str]) -> list[str]:
    return [word for text in texts for word in text.casefold().split()]
