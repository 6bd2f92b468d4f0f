"""A conversation is settled, or turns out not to be."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from everyhand.conversations import actions as conversations
from everyhand.conversations import queries
from everyhand.conversations.models import Conversation, Status
from everyhand.core.journal import Entry
from everyhand.desk.let_go import find_owner
from everyhand.escalation import actions as escalation
from everyhand.escalation.models import Escalation
from everyhand.people.models import Member
from everyhand.promises import actions as promises

# Why something is closed that nobody was helped with: an advertisement, a mail that went astray.
NOT_FOR_US: Final = "not_for_us"


@transaction.atomic
def close(conversation: Conversation, *, by: Member, at: datetime, why: str = "") -> Entry | None:
    """Settle it, or put it away (`why` is NOT_FOR_US). The fact of it; None when it was closed, and nothing changes.

    Raises `queries.Merged`.
    """
    conversation = queries.standing(conversation)
    if conversation.status == Status.CLOSED:
        return None
    closed = conversations.close(conversation, by=by, at=at, why=why)
    promises.withdraw(conversation, by=by, at=at)
    if conversation.escalated_at:
        escalation.end(conversation, because=Escalation.Ended.CLOSED, by=by, at=at)
    return closed


@transaction.atomic
def reopen(conversation: Conversation, *, by: Member, at: datetime) -> Entry | None:
    """Take it up again. If the customer spoke last, they wait for us and are promised an answer. The fact of it; None
    when it was open. Raises `queries.Merged`.
    """
    conversation = queries.standing(conversation)
    if conversation.status != Status.CLOSED:
        return None
    reopened = conversations.reopen(conversation, by=by, at=at)
    if not conversation.owner.is_active:
        find_owner(conversation, by=by, at=at)
    if queries.customer_spoke_last(conversation):
        promises.customer_waiting(conversation, at=at)
    else:
        conversations.wait_for(conversation, Status.WAITING)
    return reopened
