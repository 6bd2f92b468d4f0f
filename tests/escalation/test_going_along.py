"""An escalation goes where its conversation goes: closed and undone, taken back, merged, split, erased."""

from __future__ import annotations

from datetime import timedelta

from everyhand.desk import join, undo
from everyhand.desk.close import close, reopen
from everyhand.desk.reply import take_back
from everyhand.escalation.models import Climb, Escalation, Page
from tests.cast import NOON, Cast
from tests.escalation.night import BEGINS, Night, ada_writes, anas, names, paged
from tests.web.house import answers


def test_closing_ends_it_and_undoing_that_goes_on_where_it_was(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    night.passes(BEGINS + 1)
    closed = close(conversation, by=chair.ana, at=night.now)
    assert closed
    night.passes(20)
    assert names(paged(conversation)) == ["Ana"]

    undo.undo(closed, by=chair.ana, at=night.now)
    night.passes(1)

    assert names(paged(conversation)) == ["Ana", "Ben"]


def test_opening_again_after_a_while_is_a_new_promise(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    night.passes(BEGINS + 1)
    close(conversation, by=chair.ana, at=night.now)
    night.passes(200)
    reopen(conversation, by=chair.ana, at=night.now)

    night.passes(60)

    assert names(paged(conversation)) == ["Ana"]


def test_a_reply_that_is_taken_back_goes_on_where_it_was(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    night.passes(BEGINS + 1)
    reply = answers(chair.ana, conversation, "It is on its way.", at=night.now)

    assert take_back(reply, by=chair.ana, at=night.now + timedelta(seconds=3))
    night.passes(10)

    assert names(paged(conversation)) == ["Ana", "Ben"]
    conversation.refresh_from_db()
    assert conversation.escalated_at is not None


def test_a_merged_conversation_takes_its_escalation_along_and_back(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    night.passes(BEGINS + 1)
    other = ada_writes(at=night.now)
    made = join.join(other, conversation, by=chair.ines, at=night.now)
    other.refresh_from_db()
    assert other.escalated_at
    night.passes(10)
    assert names(paged(other)) == ["Ana", "Carla"]  # it belongs to no team, so nobody leads it

    join.undo(made, by=chair.ines, at=night.now)

    conversation.refresh_from_db()
    other.refresh_from_db()
    assert conversation.escalated_at
    assert other.escalated_at is None


def test_where_both_are_escalated_one_does_for_both(chair: Cast, night: Night) -> None:
    kept, merged = anas(chair), anas(chair)
    night.passes(BEGINS + 1)

    made = join.join(kept, merged, by=chair.ines, at=night.now)
    assert [one.ended_because for one in Escalation.objects.order_by("pk")] == ["", "merged"]
    join.undo(made, by=chair.ines, at=night.now)

    assert Escalation.objects.filter(ended_at=None).count() == 2


def test_a_split_takes_the_escalation_where_its_question_goes(chair: Cast, night: Night) -> None:
    conversation = ada_writes()
    answers(chair.ines, conversation, "Which route?", at=NOON)
    later = ada_writes(at=NOON)
    join.join(conversation, later, by=chair.ines, at=NOON)
    night.passes(BEGINS + 1)
    conversation.refresh_from_db()
    assert conversation.escalated_at
    question = conversation.messages.filter(direction="in").order_by("-pk")[0]

    made = join.split(question, by=chair.ines, at=night.now)

    conversation.refresh_from_db()
    made.refresh_from_db()
    assert (conversation.escalated_at is None, made.escalated_at is None) == (True, False)


def test_what_is_erased_takes_its_pages_with_it(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    night.passes(BEGINS + 1)

    conversation.delete()

    assert (Escalation.objects.count(), Page.objects.count(), Climb.objects.count()) == (0, 0, 0)
