"""A conversation is settled, or turns out not to be."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.conversations import actions as conversations
from everyhand.conversations import queries
from everyhand.conversations.models import Conversation, Status
from everyhand.desk.let_go import find_owner
from everyhand.people.models import Member
from everyhand.promises import actions as promises


@transaction.atomic
def close(conversation: Conversation, *, by: Member, at: datetime) -> None:
    """Settle it; closing twice changes nothing."""
    conversation = queries.locked(conversation)
    if conversation.status == Status.CLOSED:
        return
    conversations.close(conversation, by=by, at=at)
    promises.withdraw(conversation, by=by, at=at)


@transaction.atomic
def reopen(conversation: Conversation, *, by: Member, at: datetime) -> None:
    """Take it up again. If the customer spoke last, they wait for us and are promised an answer."""
    conversation = queries.locked(conversation)
    if conversation.status != Status.CLOSED:
        return
    conversations.reopen(conversation, by=by, at=at)
    if not conversation.owner.is_active:
        find_owner(conversation, by=by, at=at)
    if queries.customer_spoke_last(conversation):
        promises.customer_waiting(conversation, at=at)
    else:
        conversations.wait_for(conversation, Status.WAITING)
