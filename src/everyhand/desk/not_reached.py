"""An answer that reached nobody: its customer still waits, so the conversation is ours again, until it gets there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Final

from everyhand.conversations import actions as conversations
from everyhand.conversations import queries, turns
from everyhand.conversations.models import Conversation, Delivery, Message, Status
from everyhand.conversations.turns import Because
from everyhand.core import journal, rows
from everyhand.customers.actions import normalised
from everyhand.customers.models import Identity
from everyhand.desk.let_go import find_owner
from everyhand.escalation import actions as escalation
from everyhand.escalation.models import Escalation
from everyhand.promises import actions as promises

# So many answers of ours in a row are looked at.
ANSWERS: Final = 20


@rows.together()
def came_to_nothing(delivery: Delivery, *, at: datetime) -> None:
    """`delivery` failed for good or came back. Call it in the transaction that writes so down.

    Where none of the customer's addresses got the answer, nor any that we gave since they spoke, the conversation is
    open again and what was promised stands again with its old time. Nothing happens while it may still arrive, of what
    was asked aside, once somebody closed it or the customer spoke, and a second time.
    """
    conversation = queries.holding(delivery.message)
    if conversation.aside_of_id or conversation.status == Status.CLOSED or _is_known(delivery.message):
        return
    newest = list(queries.said(conversation).order_by("-at", "-id").prefetch_related("deliveries")[: ANSWERS + 1])
    answers = list(takewhile(lambda one: one.direction == Message.Direction.OUT, newest))
    lost = _lost(answers, conversation)
    if delivery.message not in lost:
        return
    if conversation.status in turns.QUIET:
        if not conversation.owner.is_active:
            find_owner(conversation, by=None, at=at)
        because = Because.NOT_REACHED
        turns.take_up(conversation, at=at, because=because, message=delivery.message_id, delivery=delivery.pk)
    if len(lost) == len(answers) < len(newest):
        moments = [one.at for one in lost]
        promises.answer_taken_back(conversation, answered_at=moments, at=at)
        for moment in moments:
            escalation.stands_again(conversation, ended_at=moment, by=None, at=at)


@rows.together()
def arrived_after_all(delivery: Delivery, *, at: datetime) -> None:
    """`delivery` was tried again and got there. Call it in the transaction that writes so down.

    Where that was the answer which had come to nothing, and nobody has said anything since, the customer has it now.
    """
    conversation, message = queries.holding(delivery.message), delivery.message
    if conversation.aside_of_id or conversation.status != Status.OPEN or not _is_known(message):
        return
    newest = queries.said(conversation).order_by("-at", "-id").prefetch_related("deliveries").first()
    if newest != message or newest.author_member is None or _lost([newest], conversation):
        return
    with conversations.changing(conversation):
        conversations.wait_for(conversation, Status.WAITING)
        promises.answered(conversation, by=newest.author_member, at=at)
        if conversation.escalated_at:
            escalation.end(conversation, because=Escalation.Ended.ANSWERED, by=newest.author_member, at=at)


def _is_known(message: Message) -> bool:
    """Whether it came to nothing before: it was tried again, say."""
    taken_up = journal.about(message.conversation).filter(action="conversation.taken_up")
    return any(one.particulars.get("message") == message.pk for one in taken_up)


def _lost(answers: Sequence[Message], conversation: Conversation) -> list[Message]:
    """Those at the start, the newest first, that did not reach the customer and never will."""
    bounced = journal.about(conversation).filter(action="delivery.bounced")
    returned = {one.particulars["delivery"] for one in bounced}
    theirs = set(_addresses(conversation))
    return list(takewhile(lambda one: _is_lost(one, theirs, returned), answers))


def _addresses(conversation: Conversation) -> list[str]:
    identities = Identity.objects.filter(customer=conversation.customer_id, kind=Identity.EMAIL)
    return list(identities.values_list("value", flat=True))


def _is_lost(message: Message, theirs: Collection[str], returned: Collection[int]) -> bool:
    """Of what went to others alone, they count."""
    everybody = list(message.deliveries.all())
    counts = [one for one in everybody if normalised(one.address) in theirs] or everybody
    return bool(counts) and all(one.state == "failed" or one.pk in returned for one in counts)
