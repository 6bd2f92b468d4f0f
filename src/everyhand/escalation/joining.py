"""What becomes of escalations when two conversations become one, and when one becomes two."""

from __future__ import annotations

from datetime import datetime

from everyhand.conversations import actions as conversations
from everyhand.conversations.models import Conversation
from everyhand.escalation import actions as escalation
from everyhand.escalation.models import Escalation
from everyhand.escalation.queries import running_in
from everyhand.people.models import Member

Joined = dict[str, int]


def joined(kept: Conversation, merged: Conversation, *, by: Member, at: datetime) -> Joined:
    """What runs in `merged` runs in `kept` now; where something runs already, that does for both.

    Returns what `parted` needs: the one that "moved", or the one that "ended"; primary keys.
    """
    theirs = running_in(merged)
    if theirs is None:
        return {}
    if running_in(kept):
        escalation.end(merged, because=Escalation.Ended.MERGED, by=by, at=at)
        return {"ended": theirs.pk}
    _move(theirs, before=merged, now=kept)
    return {"moved": theirs.pk}


def parted(record: Joined, kept: Conversation, merged: Conversation, *, at: datetime) -> None:
    """Each has again what ran in it, unless what they both were was settled meanwhile."""
    running = running_in(kept)
    if running is None:
        return
    if running.pk == record.get("moved"):
        _move(running, before=kept, now=merged)
    ended = Escalation.objects.filter(pk=record.get("ended", 0), ended_because=Escalation.Ended.MERGED).first()
    if ended:
        escalation.open_again(ended, at=at)
        conversations.set_escalated(merged, ended.begun_at)


def split(before: Conversation, made: Conversation) -> None:
    """An escalation goes where the promise went that it is for."""
    running = running_in(before)
    if running and running.promise and running.promise.conversation_id == made.pk:
        _move(running, before=before, now=made)


def _move(running: Escalation, *, before: Conversation, now: Conversation) -> None:
    running.conversation = now
    running.save(update_fields=["conversation"])
    conversations.set_escalated(before, None)
    conversations.set_escalated(now, running.begun_at)
