"""What becomes of promises when two conversations become one, and when one becomes two."""

from __future__ import annotations

from datetime import datetime

from everyhand.conversations import actions as conversations
from everyhand.conversations import queries
from everyhand.conversations.models import Conversation, Status
from everyhand.core import journal
from everyhand.people.models import Member
from everyhand.promises import actions as promises
from everyhand.promises.models import Promise

Joined = dict[str, int]


def joined(kept: Conversation, merged: Conversation, *, by: Member, at: datetime) -> Joined:
    """The earlier of both promises counts for the one they are now; the owner of `kept` answers for it.

    Returns what `parted` needs: the promise that "counts", the one that "moved", the one "withdrawn"; primary keys.
    """
    ours, theirs = promises.open_of(kept), promises.open_of(merged)
    if theirs is None:
        return {}
    conversations.set_reply_due(merged, None)
    if ours and ours.due_at <= theirs.due_at:
        _withdraw(theirs, by, at)
        return {"counts": ours.pk, "withdrawn": theirs.pk}
    if ours:
        _withdraw(ours, by, at)
    theirs.conversation, theirs.owner = kept, kept.owner
    theirs.save(update_fields=["conversation", "owner"])
    conversations.set_reply_due(kept, theirs.due_at)
    return {"counts": theirs.pk, "moved": theirs.pk, **({"withdrawn": ours.pk} if ours else {})}


def parted(record: Joined, kept: Conversation, merged: Conversation, *, by: Member | None, at: datetime) -> None:
    """Each has its promise again, with its old time; none, if what they both were was answered meanwhile."""
    counts = Promise.objects.filter(pk=record.get("counts", 0)).first()
    if counts is None:
        return
    if record.get("moved"):
        counts.conversation, counts.owner = merged, merged.owner
        counts.save(update_fields=["conversation", "owner"])
    withdrawn = Promise.objects.filter(pk=record.get("withdrawn", 0)).first()
    if withdrawn and counts.kept_at is None and counts.withdrawn_at is None:
        withdrawn.withdrawn_at = None
        withdrawn.save(update_fields=["withdrawn_at"])
        journal.note("promise.stands_again", subject=withdrawn.conversation, actor=by, at=at, promise=withdrawn.pk)
    for conversation in (kept, merged):
        standing = promises.open_of(conversation)
        conversations.set_reply_due(conversation, standing.due_at if standing else None)


def split(before: Conversation, made: Conversation, *, at: datetime) -> None:
    """Whoever waits in either waits until what was promised: the promise goes where its question went, and what was
    asked after it has the same time.
    """
    promise = promises.open_of(before)
    if promise is None:
        return
    asked = queries.customer_spoke_last(before)
    if asked and queries.customer_spoke_last(made):
        Promise.objects.create(
            conversation=made, owner=made.owner, kind=promise.kind, made_at=promise.made_at, due_at=promise.due_at
        )
    elif not asked:
        promise.conversation = made
        promise.save(update_fields=["conversation"])
        conversations.set_reply_due(before, None)
        conversations.wait_for(before, Status.WAITING)
    if standing := promises.open_of(made):
        conversations.set_reply_due(made, standing.due_at)
        journal.note("promise.made", subject=made, at=at, promise=standing.pk, due_at=standing.due_at.isoformat())
    elif made.status == Status.OPEN:
        conversations.wait_for(made, Status.WAITING)


def _withdraw(promise: Promise, by: Member, at: datetime) -> None:
    promise.withdrawn_at = at
    promise.save(update_fields=["withdrawn_at"])
    journal.note("promise.withdrawn", subject=promise.conversation, actor=by, at=at, promise=promise.pk)
