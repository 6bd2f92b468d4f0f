"""What the journal tells of escalations."""

from __future__ import annotations

from datetime import datetime

from everyhand.core import journal
from everyhand.escalation.models import Escalation
from everyhand.people.models import Member


def note_down(what: str, escalation: Escalation, *, by: Member | None, at: datetime, **more: object) -> None:
    """A fact about its conversation: "escalation.raised", "escalation.climbed" and the like."""
    journal.note(
        f"escalation.{what}",
        subject=f"conversation:{escalation.conversation_id}",
        actor=by,
        at=at,
        escalation=escalation.pk,
        **more,
    )
