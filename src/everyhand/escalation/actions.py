"""Escalating: by itself when a promise is about to break, and whenever somebody asks, until one acts.

What changes the state is called by a verb of the desk, in its transaction; rungs are rows of work (`climbing`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from everyhand.conversations import actions as conversations
from everyhand.conversations import following, queries
from everyhand.conversations.models import Conversation, Message
from everyhand.escalation import ladders
from everyhand.escalation.facts import note_down
from everyhand.escalation.models import Climb, Escalation, Ladder, Page
from everyhand.escalation.queries import running_in
from everyhand.notices import actions as notices
from everyhand.notices.news import Settled
from everyhand.people.models import Member
from everyhand.promises.models import Promise

READ_AT_ONCE: Final = 200


def begin_due(*, at: datetime, limit: int = 50) -> int:
    """Escalate where the promised answer is missing so shortly before its time as the ladder says; how many there were.

    Before half of the time has passed nobody is paged. It must be asked before promises are broken, since it looks only
    at those that are not: so its cost does not grow with what broke long ago.
    """
    watching = list(Ladder.objects.filter(watches_promises=True))
    if not watching:
        return 0
    teams = Ladder.objects.filter(team__isnull=False).values("team")
    begun = 0
    for ladder in watching:
        of_it = Q(conversation__team=ladder.team) if ladder.team_id else ~Q(conversation__team__in=teams)
        if ladder.team_id is None:
            of_it |= Q(conversation__team=None)
        for promise in _about_to_break(of_it, by=at + timedelta(minutes=ladder.begins_before)):
            if begun < limit and promise.made_at + (promise.due_at - promise.made_at) / 2 <= at:
                begun += _begin_for(promise, at)
    return begun


@transaction.atomic
def raise_hell(conversation: Conversation, *, note: Message, by: Member, at: datetime, place: int = 0) -> Escalation:
    """`by` wants somebody to act now, from the rung at this place on; `note` says why. If it is escalated, it goes on
    there at once, whoever acts already. The conversation must be locked.
    """
    running = running_in(conversation)
    if running is None:
        return _begin(conversation, promise=None, raised_by=by, note=note, place=place, at=at)
    running.raised_by, running.note = by, note
    running.acknowledged_by = running.acknowledged_at = running.acts_until = None
    running.save(update_fields=["raised_by", "note", "acknowledged_by", "acknowledged_at", "acts_until"])
    _stop_climbing(running, at)
    last = Climb.objects.filter(escalation=running).order_by("-round").values_list("round", flat=True)[0]
    Climb.objects.create(escalation=running, round=last + 1, place=place, due_at=at)
    note_down("raised", running, by=by, at=at)
    return running


@transaction.atomic
def acknowledge(conversation: Conversation, *, by: Member, at: datetime) -> Escalation | None:
    """ "I act": nobody else is paged, unless the customer has no answer when the time of the ladder for that is over.

    None when nothing runs. The conversation must be locked.
    """
    escalation = running_in(conversation)
    if escalation is None:
        return None
    within = ladders.of_team(conversation.team_id).acts_within
    escalation.acknowledged_by, escalation.acknowledged_at = by, at
    escalation.acts_until = at + timedelta(minutes=within)
    escalation.save(update_fields=["acknowledged_by", "acknowledged_at", "acts_until"])
    Climb.objects.filter(escalation=escalation, done_at=None).update(due_at=escalation.acts_until)
    note_down("acknowledged", escalation, by=by, at=at)
    following.follow(conversation, member=by, at=at)
    _settle(escalation, at)
    return escalation


def end(conversation: Conversation, *, because: Escalation.Ended, by: Member | None, at: datetime) -> Escalation | None:
    """Nobody needs to act any more. Call it in the transaction that makes it so; None when nothing ran."""
    escalation = running_in(conversation)
    conversations.set_escalated(conversation, None)
    if escalation:
        escalation.ended_at, escalation.ended_because = at, because
        escalation.save(update_fields=["ended_at", "ended_because"])
        _stop_climbing(escalation, at)
        note_down("ended", escalation, by=by, at=at, ended=because.value)
        _settle(escalation, at)
    return escalation


def stands_again(conversation: Conversation, *, ended_at: datetime, by: Member | None, at: datetime) -> None:
    """What ended it at `ended_at` is undone: it goes on where it was; unless another one runs."""
    escalation = Escalation.objects.filter(conversation=conversation, ended_at=ended_at).order_by("-pk").first()
    if escalation and running_in(conversation) is None:
        open_again(escalation, at=at)
        conversations.set_escalated(conversation, escalation.begun_at)
        note_down("stands_again", escalation, by=by, at=at)


def open_again(escalation: Escalation, *, at: datetime) -> None:
    """It did not end after all. Whoever marks its conversation, and says so, is the caller."""
    escalation.ended_at, escalation.ended_because = None, ""
    escalation.save(update_fields=["ended_at", "ended_because"])
    last = Climb.objects.filter(escalation=escalation).order_by("-pk")[0]
    last.due_at, last.done_at, last.claim, last.claimed_until = max(last.due_at, at), None, "", None
    last.save(update_fields=["due_at", "done_at", "claim", "claimed_until"])


def _about_to_break(of_it: Q, *, by: datetime) -> list[Promise]:
    standing = Promise.objects.filter(kept_at=None, withdrawn_at=None, broken_at=None, due_at__lte=by)
    escalated = Exists(Escalation.objects.filter(promise=OuterRef("pk")))
    return list(standing.filter(of_it, ~escalated).select_related("conversation").order_by("due_at")[:READ_AT_ONCE])


@transaction.atomic
def _begin_for(promise: Promise, at: datetime) -> int:
    """1, or 0 when it was answered at this very moment."""
    conversation = queries.locked(promise.conversation)
    if not Promise.objects.filter(pk=promise.pk, kept_at=None, withdrawn_at=None, conversation=conversation).exists():
        return 0
    running = running_in(conversation)
    if running is None:
        _begin(conversation, promise=promise, raised_by=None, note=None, place=0, at=at)
    else:
        running.promise = promise
        running.save(update_fields=["promise"])
    return 1


def _begin(
    conversation: Conversation,
    *,
    promise: Promise | None,
    raised_by: Member | None,
    note: Message | None,
    place: int,
    at: datetime,
) -> Escalation:
    escalation = Escalation.objects.create(
        conversation=conversation, promise=promise, raised_by=raised_by, note=note, begun_at=at
    )
    Climb.objects.create(escalation=escalation, place=place, due_at=at)
    conversations.set_escalated(conversation, at)
    note_down("raised" if raised_by else "begun", escalation, by=raised_by, at=at)
    return escalation


def _stop_climbing(escalation: Escalation, at: datetime) -> None:
    Climb.objects.filter(escalation=escalation, done_at=None).update(done_at=at)


def _settle(escalation: Escalation, at: datetime) -> None:
    """Those who were paged need not look any more."""
    pages = Page.objects.filter(escalation=escalation).values_list("pk", flat=True)
    if things := tuple(f"page:{pk}" for pk in pages):
        notices.announce([Settled(things)], at=at)
