"""Making, keeping and breaking promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache

from django.db import transaction

from everyhand.conversations import actions as conversations
from everyhand.conversations import queries, turns
from everyhand.conversations.models import Conversation
from everyhand.core import journal, rows
from everyhand.core.prepared import Given, prepared
from everyhand.people.models import Member
from everyhand.promises import terms
from everyhand.promises.known import Known
from everyhand.promises.models import Promise


def customer_waiting(
    conversation: Conversation, *, at: datetime, opened: bool = False, known: Known | None = None
) -> Promise:
    """The customer wrote and waits: promise an answer, unless one is already promised (then the earlier time counts).
    `opened` says that it is the first message of a new conversation, of which nothing needs to be looked up; no more
    does what is `known`.

    Times run around the clock: a customer waits on Sundays too.
    """
    how_soon = known.how_soon if known else terms.current()
    known = Known([]) if opened else known if known and conversation.pk in known.open else Known([conversation.pk])
    promise = known.open.get(conversation.pk)
    if promise is None:
        answered_before = conversation.pk in known.answered
        kind, within = (
            (Promise.Kind.NEXT_REPLY, how_soon.next_reply)
            if answered_before
            else (Promise.Kind.FIRST_REPLY, how_soon.first_reply)
        )
        promise = rows.create(
            Promise, conversation=conversation, owner=conversation.owner, kind=kind, made_at=at, due_at=at + within
        )
        known.open[conversation.pk] = promise
        conversations.set_reply_due(conversation, promise.due_at)
        journal.note("promise.made", subject=conversation, at=at, promise=promise.pk, due_at=promise.due_at.isoformat())
    return promise


def answered(conversation: Conversation, *, by: Member, at: datetime) -> None:
    """Somebody answered personally: the promise is kept, late or in time."""
    promise = open_of(conversation)
    if promise is None:
        return
    promise.kept_at = at
    if at > promise.due_at and promise.broken_at is None:
        promise.broken_at = promise.due_at
    rows.save(promise, ["kept_at", "broken_at"])
    conversations.set_reply_due(conversation, None)
    journal.note("promise.kept", subject=conversation, actor=by, at=at, promise=promise.pk, late=at > promise.due_at)


def answer_taken_back(conversation: Conversation, *, answered_at: Sequence[datetime], at: datetime) -> None:
    """The replies of `answered_at` were undone or reached nobody, and the customer waits: what one of them kept stands
    again, with its old time.
    """
    promise = Promise.objects.filter(conversation=conversation, kept_at__in=answered_at).order_by("-pk").first()
    if promise is None or open_of(conversation) is not None:
        customer_waiting(conversation, at=at)
        return
    promise.kept_at, promise.owner = None, conversation.owner
    if promise.broken_at and promise.due_at > at:
        promise.broken_at = None
    promise.save(update_fields=["kept_at", "broken_at", "owner"])
    conversations.set_reply_due(conversation, promise.due_at)
    journal.note("promise.stands_again", subject=conversation, at=at, promise=promise.pk)


def withdraw(conversation: Conversation, *, by: Member | None, at: datetime) -> None:
    """Nothing is owed any more (the conversation was closed)."""
    promise = open_of(conversation)
    if promise is None:
        return
    promise.withdrawn_at = at
    promise.save(update_fields=["withdrawn_at"])
    conversations.set_reply_due(conversation, None)
    journal.note("promise.withdrawn", subject=conversation, actor=by, at=at, promise=promise.pk)


def stands_again(conversation: Conversation, *, withdrawn_at: datetime, by: Member, at: datetime) -> None:
    """What was withdrawn at `withdrawn_at` is owed again, with its old time; unless something newer is."""
    promise = Promise.objects.filter(conversation=conversation, withdrawn_at=withdrawn_at).order_by("-pk").first()
    if promise is None or open_of(conversation) is not None:
        return
    promise.withdrawn_at, promise.owner = None, conversation.owner
    promise.save(update_fields=["withdrawn_at", "owner"])
    conversations.set_reply_due(conversation, promise.due_at)
    journal.note("promise.stands_again", subject=conversation, actor=by, at=at, promise=promise.pk)


def hand_over(conversation: Conversation, *, owner: Member) -> None:
    """The new owner answers for the open promise; its time does not change."""
    Promise.objects.filter(conversation=conversation, kept_at=None, withdrawn_at=None).update(owner=owner)


def tick(*, at: datetime, limit: int = 200) -> int:
    """Note every promise whose time has passed; how many there were. A conversation that sleeps or waits comes back."""
    overdue = list(
        Promise.objects.filter(kept_at=None, withdrawn_at=None, broken_at=None, due_at__lte=at)
        .select_related("conversation")
        .order_by("due_at")[:limit]
    )
    if not overdue:
        return 0  # most of the time; on SQLite whoever writes would wait for a transaction that finds nothing
    quiet = [promise for promise in overdue if promise.conversation.status in turns.QUIET]
    with transaction.atomic():
        broken = sum(_break(promise, at) for promise in overdue if promise not in quiet)
    for promise in quiet:
        # One at a time, and the conversation first, as whoever answers does: so that neither waits for the other.
        with transaction.atomic():
            conversation = queries.locked(promise.conversation)
            if _break(promise, at):
                broken += 1
                if conversation.status in turns.QUIET:
                    turns.take_up(conversation, at=at, because=turns.Because.PROMISE)
    return broken


def _break(promise: Promise, at: datetime) -> int:
    """1, or 0 when a reply kept it at this very moment."""
    now_broken = Promise.objects.filter(pk=promise.pk, kept_at=None, withdrawn_at=None, broken_at=None)
    if not now_broken.update(broken_at=promise.due_at):
        return 0
    journal.note("promise.broken", subject=promise.conversation, at=at, promise=promise.pk)
    return 1


def open_of(conversation: Conversation) -> Promise | None:
    """The promise that runs in it."""
    return next(iter(_open_of()(conversation=conversation.pk)), None)


@cache
def _open_of() -> Callable[..., list[Promise]]:
    rows = Promise.objects.filter(conversation=Given("conversation"), kept_at=None, withdrawn_at=None)
    return prepared(rows.order_by("pk")[:1])
