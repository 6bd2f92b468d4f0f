"""Who outside takes part in a conversation: a member decides, and each reply may go to others.

Whoever takes part gets replies, and what they write joins the conversation. To write to somebody lets them take part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db import transaction
from django.db.models import QuerySet

from everyhand.conversations.models import Conversation, Participant
from everyhand.core import journal
from everyhand.core.prepared import Given, prepared
from everyhand.customers.models import Identity
from everyhand.people.models import Member

Addressee = tuple[str, str]  # an address and a name, which may be ""


@dataclass(frozen=True)
class Addressees:
    """Whom a reply goes to, and who gets a copy that everybody sees."""

    to: Sequence[Addressee]
    cc: Sequence[Addressee] = ()

    @property
    def everybody(self) -> list[Addressee]:
        """Each address once, the first it goes to first."""
        known: dict[str, Addressee] = {}
        for address, name in (*self.to, *self.cc):
            known.setdefault(address.casefold(), (address, name))
        return list(known.values())


def addressees(conversation: Conversation) -> Addressees:
    """Whom a reply goes to unless its writer chooses others: the customer, and in copy who else was approved.

    Aside it is whoever was asked, and whom they copied in: those have read what we were answered.
    """
    return among(_participants()(conversation=conversation.pk), conversation)


@cache
def _participants() -> Callable[..., list[Participant]]:
    rows = Participant.objects.filter(
        conversation=Given("conversation"), declined_at=None, identity__kind=Identity.EMAIL
    )
    return prepared(rows.select_related("identity__customer").order_by("pk"))


def within(conversation: Conversation) -> QuerySet[Participant]:
    """Those who were let take part."""
    return Participant.objects.filter(conversation=conversation, approved_at__isnull=False, declined_at=None)


def among(participants: Iterable[Participant], conversation: Conversation) -> Addressees:
    """The same, of these participants, read with their customers."""
    to: list[Addressee] = []
    cc: list[Addressee] = []
    for one in participants:
        gets_it = one.approved_at or conversation.aside_of_id
        if gets_it and not one.declined_at and one.identity.kind == Identity.EMAIL:
            is_customer = one.identity.customer_id == conversation.customer_id
            (to if is_customer else cc).append((one.identity.value, one.identity.name or one.identity.customer.name))
    return Addressees(to, cc) if to else Addressees(cc)


@transaction.atomic
def let_in(conversation: Conversation, identities: Iterable[Identity], *, by: Member, at: datetime) -> None:
    """A member writes to them, and that lets them take part, as `approve` does."""
    for identity in identities:
        participant, _made = Participant.objects.get_or_create(
            conversation=conversation, identity=identity, defaults={"proposed_at": at}
        )
        if not participant.approved_at or participant.declined_at:
            approve(participant, by=by, at=at)


@transaction.atomic
def approve(participant: Participant, *, by: Member, at: datetime) -> None:
    """From now on replies go to them too, and what they write joins the conversation."""
    participant.approved_at, participant.declined_at = at, None
    participant.save(update_fields=["approved_at", "declined_at"])
    journal.note("participant.approved", subject=participant.conversation, actor=by, at=at, participant=participant.pk)


@transaction.atomic
def decline(participant: Participant, *, by: Member, at: datetime) -> None:
    """They hear nothing from us; what they write opens a conversation of its own."""
    participant.approved_at, participant.declined_at = None, at
    participant.save(update_fields=["approved_at", "declined_at"])
    journal.note("participant.declined", subject=participant.conversation, actor=by, at=at, participant=participant.pk)
