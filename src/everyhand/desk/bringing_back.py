"""What somebody removed from the house comes back as it was: a view, a canned reply, a rule of the ownership map."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError

from everyhand.conversations import canned_replies, saved_views
from everyhand.conversations.models import CannedReply, SavedView
from everyhand.core.journal import Entry
from everyhand.people.models import Member
from everyhand.routing import actions as routing
from everyhand.routing.models import Rule

FACTS: Final[dict[str, tuple[Any, Callable[..., None]]]] = {
    "saved_view.removed": (SavedView.kept, saved_views.bring_back),
    "canned_reply.removed": (CannedReply.kept, canned_replies.bring_back),
    "ownership.rule_removed": (Rule.kept, routing.bring_back_rule),
}


def undo(entry: Entry, *, by: Member, at: datetime) -> None:
    """As it was before one of FACTS. Raises ValueError when it is back already, or can't stand there any more."""
    rows, bring_back = FACTS[entry.action]
    row = rows.filter(pk=int(entry.subject.partition(":")[2]), gone_at=entry.at).first()
    if row is None:
        raise ValueError(f"{entry.subject} is not gone")
    try:
        bring_back(row, by=by, at=at, undoes=entry.pk)
    except ValidationError as full:
        raise ValueError(" ".join(full.messages)) from full
