"""Somebody must act now: anyone may say so, at any hour; and somebody says that they do."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.conversations import queries
from everyhand.conversations.models import Conversation, Status
from everyhand.desk.reply import write_note
from everyhand.escalation import actions as escalation
from everyhand.escalation.models import Escalation
from everyhand.escalation.queries import running_in
from everyhand.people.models import Member


class Settled(Exception):
    """It is closed: nobody needs to act. Open it again first."""


class NotYours(Exception):
    """Only whoever raised it or acts on it calls it off; and a missing answer is not called off, but given."""


@transaction.atomic
def escalate(conversation: Conversation, *, why: str, by: Member, at: datetime, place: int = 0) -> Escalation:
    """Page people from the rung at this place of the conversation's ladder on, until one of them acts. `why` is a note
    that they all read; whom it mentions is told as by any note.

    Raises `Settled`, `queries.Merged`, and `NothingToSend` without any words.
    """
    conversation = queries.standing(conversation)
    if conversation.status == Status.CLOSED:
        raise Settled
    note = write_note(conversation, author=by, text=why, at=at)
    return escalation.raise_hell(conversation, note=note, by=by, place=place, at=at)


@transaction.atomic
def act(conversation: Conversation, *, by: Member, at: datetime) -> Escalation | None:
    """`by` acts, so nobody else is paged; when they do not answer in time, climbing goes on. None when it was settled
    meanwhile. Raises `queries.Merged`.
    """
    return escalation.acknowledge(queries.standing(conversation), by=by, at=at)


@transaction.atomic
def call_off(conversation: Conversation, *, by: Member, at: datetime) -> Escalation | None:
    """What somebody raised needs nobody any more. None when it was settled. Raises `NotYours` and `queries.Merged`."""
    conversation = queries.standing(conversation)
    running = running_in(conversation)
    if running and not may_call_off(running, by):
        raise NotYours
    return escalation.end(conversation, because=Escalation.Ended.CALLED_OFF, by=by, at=at)


def may_call_off(running: Escalation, member: Member) -> bool:
    answer_missing = running.promise is not None and running.promise.kept_at is None
    return not answer_missing and member.pk in (running.raised_by_id, running.acknowledged_by_id)
