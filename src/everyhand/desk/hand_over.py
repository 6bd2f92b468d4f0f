"""Somebody else becomes responsible."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.conversations import actions as conversations
from everyhand.conversations import queries
from everyhand.conversations.models import Conversation
from everyhand.people.models import Member, Team
from everyhand.promises import actions as promises


@transaction.atomic
def hand_over(conversation: Conversation, *, owner: Member, team: Team | None, by: Member, at: datetime) -> None:
    """Make `owner` responsible, promise included. Whoever hands it to themselves takes it."""
    conversation = queries.locked(conversation)
    because = {"code": "taken"} if owner == by else {"code": "assigned", "by": by.name}
    conversations.assign(conversation, owner=owner, team=team, because=because, by=by, at=at)
    promises.hand_over(conversation, owner=owner)
