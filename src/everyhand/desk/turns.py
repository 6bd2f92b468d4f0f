"""A member puts a conversation off, waits for its customer, or takes it up again; the worker brings back what slept."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.conversations import queries, turns
from everyhand.conversations.models import Conversation, Sleep, Status
from everyhand.conversations.turns import Because
from everyhand.core import work
from everyhand.core.journal import Entry
from everyhand.desk.let_go import find_owner
from everyhand.people.models import Member


class Closed(Exception):
    """It is settled: nobody waits, and there is nothing to come back to."""


@transaction.atomic
def sleep(conversation: Conversation, *, until: datetime, by: Member, at: datetime) -> Entry:
    """Put it off. It is back at `until`, when the customer writes, and when a promise runs out: whichever is first.

    The fact of it. Raises `Closed`, `queries.Merged`, and ValueError when `until` has passed.
    """
    if until <= at:
        raise ValueError(f"{until} has passed")
    return turns.fall_asleep(_not_closed(conversation), until=until, by=by, at=at)


@transaction.atomic
def wait_for_customer(conversation: Conversation, *, by: Member, at: datetime) -> Entry | None:
    """The customer has the next word; doing so twice changes nothing. The fact of it. Raises as `sleep` does."""
    conversation = _not_closed(conversation)
    if conversation.status == Status.WAITING:
        return None
    return turns.wait_for_customer(conversation, by=by, at=at)


@transaction.atomic
def take_up(conversation: Conversation, *, by: Member, at: datetime) -> None:
    """Undo either: a sleeper stands again as it did before, what waited is ours to answer. Twice changes nothing.

    Raises `queries.Merged`.
    """
    conversation = queries.standing(conversation)
    if conversation.status in turns.QUIET:
        sleeps = conversation.status == Status.ASLEEP
        status = turns.status_before(conversation) if sleeps else Status.OPEN
        turns.take_up(conversation, at=at, because=Because.MEMBER, by=by, status=status)


@transaction.atomic
def wake(sleep: Sleep, *, at: datetime) -> None:
    """Its time has come. Nothing happens to what was taken up or put off further since. Completes the row."""
    conversation = queries.locked(sleep.conversation)
    if conversation.status == Status.ASLEEP and conversation.sleeps_until == sleep.due_at:
        if not conversation.owner.is_active:
            find_owner(conversation, by=None, at=at)
        turns.take_up(conversation, at=at, because=Because.TIME)
    work.complete(sleep, at=at)


def _not_closed(conversation: Conversation) -> Conversation:
    conversation = queries.standing(conversation)
    if conversation.status == Status.CLOSED:
        raise Closed
    return conversation
