"""Somebody who gave no address gets one: from now on they can be answered."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.conversations import queries, taking_part, whose
from everyhand.conversations.models import Conversation
from everyhand.customers import actions as customers
from everyhand.people.models import Member


@transaction.atomic
def give_address(conversation: Conversation, *, email: str, by: Member, at: datetime) -> bool:
    """The customer of this conversation is answered at `email` here. False when somebody else is known by it.

    Raises `queries.Merged`.
    """
    conversation = queries.standing(conversation)
    identity = customers.give_address(conversation.customer, email=email, by=by, at=at)
    if identity is None:
        return False
    taking_part.let_in(conversation, [identity], by=by, at=at)
    whose.find_by_new_name(conversation.customer, at=at)
    return True
