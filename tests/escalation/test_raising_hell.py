"""Anyone may say that somebody must act now, at any hour, and who did may call it off."""

from __future__ import annotations

import pytest

from everyhand.desk import escalate
from everyhand.escalation.models import Escalation
from tests.cast import NOON, Cast
from tests.escalation.night import BEGINS, Night, anas, names, paged
from tests.notices.office import told


def test_anyone_may_raise_hell_up_to_the_chair_and_says_why(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    escalate.escalate(conversation, why="Ada stands at the door, in tears.", by=chair.carla, at=NOON, place=3)

    night.passes(1)

    assert names(paged(conversation)) == ["Ines"]
    assert told(chair.ines) == ["Carla Weiss needs you: somebody must act now"]
    note = conversation.messages.get(kind="note")
    assert (note.author_member, note.text) == (chair.carla, "Ada stands at the door, in tears.")


def test_without_any_ladder_hell_can_be_raised_all_the_same(cast: Cast, night: Night) -> None:
    conversation = anas(cast)
    escalate.escalate(conversation, why="The shop burns.", by=cast.carla, at=NOON)

    night.passes(26)

    assert names(paged(conversation)) == ["Ana", "Ben", "Ines"]  # the owner, who is there of the team, its chair


def test_hell_raised_again_goes_on_at_once_whoever_acts_already(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    escalate.escalate(conversation, why="It burns.", by=chair.carla, at=NOON)
    night.passes(1)
    escalate.act(conversation, by=chair.ana, at=night.now)

    escalate.escalate(conversation, why="It still burns.", by=chair.carla, at=night.now, place=3)
    night.passes(1)

    assert names(paged(conversation)) == ["Ana", "Ines"]
    assert Escalation.objects.count() == 1


def test_what_somebody_raised_they_or_whoever_acts_may_call_off_and_nobody_else(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    escalate.escalate(conversation, why="It burns.", by=chair.carla, at=NOON)
    with pytest.raises(escalate.NotYours):
        escalate.call_off(conversation, by=chair.ben, at=NOON)

    escalate.call_off(conversation, by=chair.carla, at=NOON)
    night.passes(30)

    assert paged(conversation) == []


def test_a_missing_answer_is_not_called_off(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    night.passes(BEGINS + 1)
    escalate.act(conversation, by=chair.ana, at=night.now)

    with pytest.raises(escalate.NotYours):
        escalate.call_off(conversation, by=chair.ana, at=night.now)
