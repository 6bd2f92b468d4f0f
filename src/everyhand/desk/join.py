"""Two conversations turn out to be one, or two after all; one turns out to be about two things."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.conversations import joining, queries, sight, whose
from everyhand.conversations.models import Conversation, Joining, Message
from everyhand.escalation import joining as escalations
from everyhand.people.models import Member
from everyhand.promises import joining as promises


class NotYours(Exception):
    """Not both of them are for this member to see."""


class MovedOn(Exception):
    """The kept conversation was itself merged since; that has to be undone first."""


@transaction.atomic
def join(kept: Conversation, merged: Conversation, *, by: Member, at: datetime) -> Joining:
    """Everything said in `merged` stands in `kept`. Nothing is sent.

    Raises `NotYours`, and ValueError when both are the same one or either was merged before.
    """
    if kept.pk == merged.pk:
        raise ValueError("a conversation can't be merged into itself")
    kept, merged = _both(kept, merged)
    if kept.merged_into_id or merged.merged_into_id:
        raise ValueError("one of them was merged before")
    _check(kept.pk, merged.pk, by=by)
    made = joining.join(kept, merged, by=by, at=at)
    made.promises = promises.joined(kept, merged, by=by, at=at)
    made.escalations = escalations.joined(kept, merged, by=by, at=at)
    made.save(update_fields=["promises", "escalations"])
    _index_again(kept, merged, at=at)
    return made


@transaction.atomic
def undo(made: Joining, *, by: Member | None, at: datetime) -> None:
    """They are two again. Undoing twice changes nothing. Raises `NotYours` and `MovedOn`.

    Without `by`, it is the program that must part them (see `stand_alone`).
    """
    made = Joining.objects.select_related("kept", "merged").get(pk=made.pk)
    if by:
        _check(made.kept_id, by=by)
    kept, merged = _both(made.kept, made.merged)
    made.refresh_from_db()  # as it is now that nobody else can undo it
    if made.undone_at:
        return
    made.kept, made.merged = kept, merged
    if made.kept.merged_into_id:
        raise MovedOn
    joining.part(made, by=by, at=at)
    promises.parted(made.promises, made.kept, made.merged, by=by, at=at)
    escalations.parted(made.escalations, made.kept, made.merged, at=at)
    _index_again(made.kept, made.merged, at=at)


@transaction.atomic
def stand_alone(conversation: Conversation, *, at: datetime) -> None:
    """Part it from whatever it was merged into and from all that was merged into it: its customer is to be erased, and
    nobody else's words may go with theirs, nor theirs stay with somebody else's.
    """
    into = Joining.objects.filter(merged=conversation, undone_at=None).select_related("kept").first()
    if into:
        stand_alone(into.kept, at=at)
    for made in Joining.objects.filter(kept=conversation, undone_at=None).order_by("-pk"):
        undo(made, by=None, at=at)


@transaction.atomic
def split(message: Message, *, by: Member, at: datetime) -> Conversation:
    """This message and what came after it are a conversation of their own; merging it back is the undo.

    Raises ValueError when it is the first, so that nothing would stay behind.
    """
    before = queries.holding(message)
    made = joining.split(message, by=by, at=at)
    promises.split(before, made, at=at)
    escalations.split(before, made)
    _index_again(made, at=at)
    return made


def _index_again(*conversations: Conversation, at: datetime) -> None:
    """What moved is to be found by the subject and the customer of where it stands now."""
    for customer in {one.customer_id: one.customer for one in conversations}.values():
        whose.find_by_new_name(customer, at=at)


def _check(*keys: int, by: Member) -> None:
    if sight.visible_to(by).filter(pk__in=keys).count() != len(keys):
        raise NotYours


def _both(one: Conversation, other: Conversation) -> tuple[Conversation, Conversation]:
    """Both locked, always in the same order, so that nobody who does the same waits for us while we wait for them."""
    first, second = sorted((one, other), key=lambda conversation: conversation.pk)
    locked = {first.pk: queries.locked(first), second.pk: queries.locked(second)}
    return locked[one.pk], locked[other.pk]
