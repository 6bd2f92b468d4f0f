"""Climbing: a rung that is due pages whom it reaches, and writes the next one down."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from everyhand.conversations import following, queries
from everyhand.core import work
from everyhand.escalation import ladders, reach
from everyhand.escalation.facts import note_down
from everyhand.escalation.models import A_DAY, Climb, Escalation, Page, Rung
from everyhand.notices import actions as notices
from everyhand.notices.models import Kind
from everyhand.notices.news import News
from everyhand.people.models import Member

# Rungs may be climbed at the same moment; from the foot again it goes after so long at the earliest.
BETWEEN_ROUNDS: Final = 5  # minutes


@transaction.atomic
def climb(step: Climb, *, at: datetime) -> None:
    """Page whom this rung reaches, or the next one that reaches anybody, and write down when to go on. Completes the
    row: it happens once, or not at all. While somebody acts it waits for them.
    """
    conversation = queries.locked(step.escalation.conversation)
    escalation = Escalation.objects.get(pk=step.escalation_id)
    escalation.conversation = conversation
    if escalation.ended_at:
        work.complete(step, at=at)
        return
    if escalation.acts_until and at < escalation.acts_until:
        work.put_off(step, "", until=escalation.acts_until)
        return
    if escalation.acknowledged_at:
        _goes_on(escalation, at)
    rungs = ladders.rungs_of(ladders.of_team(conversation.team_id))
    place, members = _reached(escalation, rungs, step.round, step.place, at)
    work.complete(step, at=at)
    if members:
        _page(escalation, members, step.round, at)
    _write_down_the_next(escalation, rungs, step.round, place, at)


def _goes_on(escalation: Escalation, at: datetime) -> None:
    """Whoever said that they act did not answer in time."""
    silent = escalation.acknowledged_by
    escalation.acknowledged_by = escalation.acknowledged_at = escalation.acts_until = None
    escalation.save(update_fields=["acknowledged_by", "acknowledged_at", "acts_until"])
    note_down("went_on", escalation, by=None, at=at, member=silent.pk if silent else None)


def _reached(
    escalation: Escalation, rungs: list[Rung], turn: int, place: int, at: datetime
) -> tuple[int, list[Member]]:
    """By the rung at which place, and who; nobody once all whom the ladder reaches were paged in this round. Each round
    reaches somebody, as far as anybody works here.
    """
    paged = {*Page.objects.filter(escalation=escalation, round=turn).values_list("member", flat=True)}
    left_out = {*paged, escalation.raised_by_id}
    for rung in rungs[place:] if paged else [*rungs[place:], *rungs[:place]]:
        found = reach.by_rung(rung, escalation.conversation, at=at)
        if new := [one for one in found if one.pk not in left_out]:
            return rung.place, new
    return len(rungs) - 1, [] if paged else reach.at_last(escalation.conversation)


def _page(escalation: Escalation, members: list[Member], turn: int, at: datetime) -> None:
    """They may see it from now on, and are told at once, at any hour."""
    conversation, promise = escalation.conversation, escalation.promise
    pages = Page.objects.bulk_create(
        [Page(escalation=escalation, member=member, round=turn, at=at) for member in members]
    )
    following.call_in(conversation, members=[one for one in members if one != conversation.owner], at=at)
    due = {"due_at": promise.due_at.isoformat()} if promise else {}
    news = (
        News(
            [page.member],
            Kind.PAGED,
            thing=f"page:{page.pk}",
            happened_at=at,
            conversation=conversation,
            message=escalation.note,
            by=escalation.raised_by,
            particulars=due,
        )
        for page in pages
    )
    notices.announce(news, at=at)
    note_down("climbed", escalation, by=None, at=at, members=[one.pk for one in members])


def _write_down_the_next(escalation: Escalation, rungs: list[Rung], turn: int, place: int, at: datetime) -> None:
    """Each round takes twice as long as the one before, up to a day a rung: nobody is forgotten, nobody is hammered."""
    last = place + 1 >= len(rungs)
    minutes = max(rungs[place].minutes, BETWEEN_ROUNDS if last else 0)
    minutes = min(minutes * 2 ** min(turn - 1, 12), A_DAY)
    turn, place = (turn + 1, 0) if last else (turn, place + 1)
    Climb.objects.create(escalation=escalation, round=turn, place=place, due_at=at + timedelta(minutes=minutes))
