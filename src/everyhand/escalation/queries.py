"""Reading escalations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from everyhand.conversations.models import Conversation
from everyhand.core import work
from everyhand.escalation.models import Climb, Escalation, Page

# A rung is climbed within a second or two.
LATE: Final = timedelta(minutes=1)


def running_in(conversation: Conversation) -> Escalation | None:
    """The escalation that runs in it, with its promise, its reason and who acts."""
    running = Escalation.objects.filter(conversation=conversation, ended_at=None)
    return running.select_related("promise", "note", "raised_by", "acknowledged_by").order_by("-pk").first()


def pages_of(escalation: Escalation) -> list[Page]:
    """Who was paged, the first one first."""
    return list(Page.objects.filter(escalation=escalation).select_related("member").order_by("pk"))


def next_climb(escalation: Escalation) -> Climb | None:
    """The rung that is climbed next, and when."""
    return Climb.objects.filter(escalation=escalation, done_at=None).order_by("-pk").first()


def is_late(*, at: datetime) -> bool:
    """Whether a rung should have been climbed a while ago, so that nobody is woken who should be."""
    return work.late(Climb, at=at, by=LATE).exists() or work.quarantined(Climb).exists()
