"""Somebody else becomes responsible."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.conversations import actions as conversations
from everyhand.conversations import queries, turns
from everyhand.conversations.models import Conversation, Status
from everyhand.core.journal import Entry
from everyhand.people import actions as people
from everyhand.people.models import Member, Team
from everyhand.promises import actions as promises


@transaction.atomic
def hand_over(
    conversation: Conversation, *, owner: Member, team: Team | None, by: Member, at: datetime
) -> Entry | None:
    """Make `owner` responsible, promise included. Whoever hands it to themselves takes it; a sleeper wakes. The fact of
    it; None when it was so already. Raises `people.Gone` when `owner` was let go at this very moment, and
    `queries.Merged`.
    """
    conversation = queries.standing(conversation)
    people.stays(owner)
    if (conversation.owner, conversation.team) == (owner, team):
        return None
    because = {"code": "taken"} if owner == by else {"code": "assigned", "by": by.name}
    assigned = conversations.assign(conversation, owner=owner, team=team, because=because, by=by, at=at)
    promises.hand_over(conversation, owner=owner)
    if conversation.status == Status.ASLEEP:
        turns.take_up(conversation, at=at, because=turns.Because.MEMBER, by=by)
    return assigned
