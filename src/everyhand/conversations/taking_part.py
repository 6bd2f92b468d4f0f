"""Whether somebody who was copied in takes part in a conversation: a member decides."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.conversations.models import Participant
from everyhand.core import journal
from everyhand.people.models import Member


@transaction.atomic
def approve(participant: Participant, *, by: Member, at: datetime) -> None:
    """From now on replies go to them too, and what they write joins the conversation."""
    participant.approved_at, participant.declined_at = at, None
    participant.save(update_fields=["approved_at", "declined_at"])
    journal.note("participant.approved", subject=participant.conversation, actor=by, at=at, participant=participant.pk)


@transaction.atomic
def decline(participant: Participant, *, by: Member, at: datetime) -> None:
    """They hear nothing from us; what they write opens a conversation of its own."""
    participant.approved_at, participant.declined_at = None, at
    participant.save(update_fields=["approved_at", "declined_at"])
    journal.note("participant.declined", subject=participant.conversation, actor=by, at=at, participant=participant.pk)
