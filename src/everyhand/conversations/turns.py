"""Whose turn it is: a conversation sleeps until a time, waits for the customer, and is taken up again.

What is promised is not touched by any of it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from everyhand.conversations.actions import wait_for
from everyhand.conversations.models import Conversation, Sleep, Status
from everyhand.core import journal
from everyhand.core.journal import Entry
from everyhand.people.models import Member

# As it stands when nobody expects anything to be done to it.
QUIET = (Status.ASLEEP, Status.WAITING)


class Because(StrEnum):
    """Why a conversation is taken up again."""

    MEMBER = "member"
    TIME = "time"
    CUSTOMER = "customer"
    PROMISE = "promise"
    NOT_REACHED = "not-reached"


def fall_asleep(conversation: Conversation, *, until: datetime, by: Member, at: datetime) -> Entry:
    """Nobody needs to look at it before `until`; then a row of work brings it back. A sleeper sleeps on until then.

    The fact tells how it stood before.
    """
    before = status_before(conversation) if conversation.status == Status.ASLEEP else conversation.status
    Sleep.objects.create(conversation=conversation, before=before, due_at=until)
    conversation.status, conversation.sleeps_until = Status.ASLEEP, until
    conversation.save(update_fields=["status", "sleeps_until"])
    return journal.note(
        "conversation.fell_asleep", subject=conversation, actor=by, at=at, until=until.isoformat(), before=before
    )


def wait_for_customer(conversation: Conversation, *, by: Member, at: datetime) -> Entry:
    """They have the next word, though nothing was sent to them. The fact tells how it stood before."""
    before = conversation.status
    wait_for(conversation, Status.WAITING)
    return journal.note("conversation.waits", subject=conversation, actor=by, at=at, before=before)


def take_up(
    conversation: Conversation,
    *,
    at: datetime,
    because: Because,
    by: Member | None = None,
    status: Status = Status.OPEN,
    **more: Any,
) -> None:
    """It is worked on again."""
    before = conversation.status
    wait_for(conversation, status)
    journal.note("conversation.taken_up", subject=conversation, actor=by, at=at, why=because, before=before, **more)


def status_before(conversation: Conversation) -> Status:
    """How a sleeping conversation stood before it fell asleep."""
    last = Sleep.objects.filter(conversation=conversation).order_by("-pk").first()
    return Status(last.before) if last else Status.OPEN
