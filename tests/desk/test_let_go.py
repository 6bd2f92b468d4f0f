"""Somebody leaves: they are out at once, their customers find somebody else, and they may come back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from everyhand.conversations.models import Conversation, Status
from everyhand.core import journal, work
from everyhand.desk import close as closing
from everyhand.desk import let_go
from everyhand.people.models import Member
from everyhand.promises.models import Promise
from everyhand.routing import reasons
from everyhand.routing.models import Departure, Rule
from tests.web.house import House, answers, arrives


@pytest.fixture
def house(db: None) -> House:
    return House()


def leaves(house: House, member: Member, *, heir: Member | None = None, at: datetime | None = None) -> None:
    """They are let go, and the worker does its part."""
    now = at or timezone.now()
    let_go.let_go(member, by=house.ines, at=now, heir=heir)
    for departure in work.claim(Departure, at=now, limit=10):
        let_go.place(departure, at=now)


def why(conversation: Conversation) -> str:
    with translation.override("en"):
        return reasons.in_words(conversation.owner_because, conversation.owner.name)


def again(conversation: Conversation) -> Conversation:
    return Conversation.objects.select_related("owner", "team").get(pk=conversation.pk)


def test_what_belongs_to_a_team_stays_in_it_with_its_promise(house: House) -> None:
    received = arrives()
    Conversation.objects.update(team=house.delivery)
    leaves(house, house.ana)
    conversation = again(received.conversation)
    assert conversation.owner == house.ben
    assert why(conversation) == (
        "Ana Silva is not here any more, and it belongs to the team Delivery, and Ben Okoro is on duty"
    )
    promise = Promise.objects.get()
    assert received.promise
    assert (promise.owner, promise.due_at) == (house.ben, received.promise.due_at)
    assert conversation.reply_due == promise.due_at
    told = journal.about(conversation).filter(action="conversation.assigned").get()
    assert (told.actor, told.particulars["owner"]) == (f"member:{house.ines.pk}", house.ben.pk)


def test_the_map_says_who_answers_now(house: House) -> None:
    conversation = arrives("your column").conversation
    leaves(house, house.carla)
    assert again(conversation).owner == house.ines
    assert "belonged to Carla Weiss, who is not here any more, so Ines Hart has it" in why(again(conversation))
    Rule.objects.filter(pattern="column").update(member=house.ben)
    other = arrives("No paper").conversation
    Conversation.objects.filter(pk=other.pk).update(owner=house.ana)
    leaves(house, house.ana)
    assert again(other).owner == house.ines
    assert why(again(other)).startswith("Ana Silva is not here any more, and no rule of the ownership map names it")


def test_an_heir_gets_everything_but_what_is_private(house: House) -> None:
    open_one = arrives("your column").conversation
    kept = arrives("my boss shouts", to="hr@courier.test").conversation
    edda = Member.objects.create_member("edda@courier.test", "Edda Moor")
    house.hr.members.add(edda)
    Conversation.objects.filter(pk=open_one.pk).update(owner=house.dora)
    leaves(house, house.dora, heir=house.ben)
    assert again(open_one).owner == house.ben
    assert (again(kept).owner, again(kept).team) == (edda, house.hr)


def test_many_conversations_are_given_away_and_closed_ones_are_history(house: House) -> None:
    some = [arrives(f"No paper on route 4, {number}").conversation for number in range(45)]
    closing.close(some[0], by=house.ana, at=timezone.now())
    leaves(house, house.ana)
    left = Conversation.objects.filter(owner=house.ana)
    assert [one.pk for one in left] == [some[0].pk]
    assert not work.open_rows(Departure).exists()


def test_a_worker_that_dies_half_way_is_followed_by_another(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(25):
        arrives(f"No paper on route 4, {number}")
    now = timezone.now()
    let_go.let_go(house.ana, by=house.ines, at=now)
    (departure,) = work.claim(Departure, at=now, limit=1)
    with monkeypatch.context() as patched:
        patched.setattr(work, "keep", lambda rows, at: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            let_go.place(departure, at=now)
    assert Conversation.objects.filter(owner=house.ana).count() == 5
    later = now + work.LEASE + timedelta(seconds=1)
    (departure,) = work.claim(Departure, at=later, limit=1)
    let_go.place(departure, at=later)
    assert not Conversation.objects.filter(owner=house.ana).exists()


def test_a_customer_who_writes_again_to_somebody_gone_finds_somebody_else(house: House) -> None:
    conversation = arrives().conversation
    closing.close(conversation, by=house.ana, at=timezone.now())
    leaves(house, house.ana)
    arrives("Still no paper", proof=conversation.pk)
    found = again(conversation)
    assert (found.status, found.owner) == (Status.OPEN, house.ines)
    assert Promise.objects.filter(kept_at=None, withdrawn_at=None).get().owner == house.ines


def test_whoever_comes_back_gets_what_nobody_has_answered(house: House) -> None:
    untouched, answered, moved = (arrives(f"your column, {number}").conversation for number in range(3))
    leaves(house, house.carla)
    answers(house.ines, again(answered), "I stand in.")
    Conversation.objects.filter(pk=moved.pk).update(owner=house.ben, owner_because={"code": "taken"})
    let_go.take_back(house.carla, by=house.ines, at=timezone.now())
    house.carla.refresh_from_db()
    assert house.carla.is_active
    assert [again(one).owner for one in (untouched, answered, moved)] == [house.carla, house.ines, house.ben]
    assert why(again(untouched)) == "Carla Weiss is here again"


def test_the_last_administrator_stays(house: House) -> None:
    with pytest.raises(ValidationError):
        let_go.let_go(house.ines, by=house.ines, at=timezone.now())
    assert not Departure.objects.exists()
