"""Whatever ladder there is and whatever people do in the night, nobody is forgotten and nobody is paged twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyhand.conversations.models import Conversation, Status
from everyhand.core import work
from everyhand.desk import escalate
from everyhand.desk.close import close, reopen
from everyhand.desk.hand_over import hand_over
from everyhand.desk.reply import take_back
from everyhand.escalation.models import Climb, Escalation, Ladder, Page, Whom
from tests.cast import NOON, Cast, minutes
from tests.escalation.night import Night, a_ladder, ada_writes
from tests.web.house import answers

Do = Callable[[Conversation, Cast, Night], object]


def _raise(conversation: Conversation, cast: Cast, night: Night) -> None:
    if conversation.status != Status.CLOSED:
        escalate.escalate(conversation, why="It burns.", by=cast.carla, at=night.now, place=1)


def _answer_and_regret(conversation: Conversation, cast: Cast, night: Night) -> None:
    reply = answers(cast.ana, conversation, "Soon.", at=night.now)
    take_back(reply, by=cast.ana, at=night.now + timedelta(seconds=2))


DEEDS: dict[str, Do] = {
    "ten minutes pass": lambda _one, _cast, night: night.passes(10),
    "an hour passes": lambda _one, _cast, night: night.passes(60),
    "a worker dies with a rung": lambda _one, _cast, night: work.claim(Climb, at=night.now, limit=1),
    "Ana answers": lambda one, cast, night: answers(cast.ana, one, "Soon.", at=night.now),
    "Ana answers and regrets it": _answer_and_regret,
    "Ana closes": lambda one, cast, night: close(one, by=cast.ana, at=night.now),
    "Ana opens again": lambda one, cast, night: reopen(one, by=cast.ana, at=night.now),
    "Ben acts": lambda one, cast, night: escalate.act(one, by=cast.ben, at=night.now),
    "Carla raises hell": _raise,
    "Ines hands it to Ben": lambda one, cast, night: hand_over(
        one, owner=cast.ben, team=cast.delivery, by=cast.ines, at=night.now
    ),
}
RUNGS = st.lists(st.tuples(st.sampled_from(list(Whom)[:4]), st.integers(0, 30)), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RUNGS, st.lists(st.sampled_from(sorted(DEEDS)), max_size=8))
def test_what_runs_is_climbed_in_time_and_what_does_not_is_not(
    cast: Cast, rungs: list[tuple[Whom, int]], deeds: list[str]
) -> None:
    for kind in (Escalation, Ladder):  # of the example before
        kind.objects.all().delete()
    a_ladder(cast.ines, *rungs)
    night = Night(NOON + minutes(100))
    conversation = ada_writes()
    hand_over(conversation, owner=cast.ana, team=cast.delivery, by=cast.ines, at=NOON)
    for deed in deeds:
        DEEDS[deed](conversation, cast, night)
        conversation.refresh_from_db()
        running = Escalation.objects.filter(conversation=conversation, ended_at=None)
        waiting = Climb.objects.filter(escalation__conversation=conversation, done_at=None)
        assert conversation.escalated_at == (running[0].begun_at if running else None)
        assert len(running) == len(waiting) <= 1
        assert not (running and conversation.status == Status.CLOSED)
    night.passes(work.LEASE.total_seconds() / 60 + 1)
    assert not work.late(Climb, at=night.now, by=timedelta(seconds=60)).exists()
    night.passes(24 * 60)
    pages = [(one.escalation_id, one.round, one.member_id) for one in Page.objects.all()]
    assert len(pages) == len(set(pages))
    conversation.refresh_from_db()
    if conversation.reply_due is not None:
        # A customer without an answer: within a day somebody was asked for.
        assert conversation.escalated_at is not None
        assert Page.objects.filter(escalation__conversation=conversation, escalation__ended_at=None).exists()
