"""What a member asks a colleague or a partner beside a conversation, and what they answer.

An aside is a conversation of its own with other participants, so that all that holds for mail holds for it: signed
reply addresses, deliveries, bounces, automatic mail. Whoever may see the conversation it was asked beside sees it, and
nobody else does; neither side's words go over by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from everyhand.conversations import actions, taking_part
from everyhand.conversations.models import Conversation, Message, Participant, Status
from everyhand.core import journal, search
from everyhand.customers.actions import normalised
from everyhand.customers.models import Identity
from everyhand.people.models import Member

# Marks a conversation beside which something was asked, so that the others cost no read for it.
HAS_ASIDES = Exists(Conversation.objects.filter(aside_of=OuterRef("pk")))


def begin(
    conversation: Conversation, *, by: Member, subject: str, of: Sequence[Identity], address: str, at: datetime
) -> Conversation:
    """An aside in which those who are asked (`of`, at least one) take part; `address` of ours asks them."""
    aside = Conversation.objects.create(
        aside_of=conversation,
        subject=subject[:500],
        customer=of[0].customer,
        owner=by,
        team=conversation.team,
        channel="email",
        address=address[:320],
        status=Status.CLOSED,
        opened_at=at,
        closed_at=at,
        last_message_at=at,
    )
    Participant.objects.bulk_create(
        Participant(conversation=aside, identity=one, proposed_at=at, approved_at=at) for one in of
    )
    journal.note("aside.asked", subject=conversation, actor=by, at=at, aside=aside.pk)
    return aside


def kept_from(conversation: Conversation, addresses: Iterable[str]) -> list[str]:
    """Those among `addresses` that never get what is asked aside: the customer's, and whose owner takes part."""
    named = {normalised(one): one for one in addresses}
    takes_part = Q(participations__in=taking_part.within(conversation))
    theirs = Identity.objects.filter(
        takes_part | Q(customer=conversation.customer_id), kind=Identity.EMAIL, value__in=named
    )
    return sorted({named[value] for value in theirs.values_list("value", flat=True)})


def answered(aside: Conversation, message: Message, copied: Sequence[Identity], *, at: datetime) -> None:
    """What they wrote came in, and they copied others in. Told beside the conversation it belongs to, so that open
    pages show it.
    """
    beside = aside.aside_of
    if beside and copied:
        inside = kept_from(beside, [one.value for one in copied])
        actions.propose(aside, [one for one in copied if one.value not in inside], at=at)
    journal.note(
        "aside.answered", subject=f"conversation:{aside.aside_of_id}", at=at, aside=aside.pk, message=message.pk
    )


def of(conversation: Conversation) -> QuerySet[Conversation]:
    """Those beside this conversation, oldest first, with whoever asked."""
    return Conversation.objects.filter(aside_of=conversation).select_related("owner").order_by("opened_at", "pk")


def move(asides: QuerySet[Conversation], *, to: Conversation) -> list[int]:
    """They stand beside `to` from now on; their primary keys."""
    moved = list(asides.values_list("pk", flat=True))
    if moved:
        Conversation.objects.filter(pk__in=moved).update(aside_of=to)
        said = Message.objects.filter(conversation__in=moved).values_list("pk", flat=True)
        search.move(list(said), group=to.pk)
    return moved
