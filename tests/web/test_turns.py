"""Whose turn it is: putting a conversation off, waiting for its customer, taking it up again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from everyhand.conversations.models import Conversation, Sleep, Status
from everyhand.core import work
from everyhand.desk import turns
from everyhand.promises import actions as promises
from everyhand.promises.models import Promise
from everyhand.web.sleeping_times import Typed, offers, read
from tests.web.house import House, answers, arrives, browser_of

MONDAY_MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def words(response: Any) -> str:
    return str(response.content.decode())


def standing(conversation: Conversation) -> tuple[str, datetime | None]:
    conversation.refresh_from_db()
    return conversation.status, conversation.sleeps_until


def the_worker_looks(*, at: datetime) -> None:
    for row in work.claim(Sleep, at=at, limit=10):
        turns.wake(row, at=at)


def test_what_ana_puts_off_leaves_her_inbox_and_comes_back_at_its_time(house: House) -> None:
    conversation = arrives(subject="The hedge").conversation
    browser, until = browser_of(house.ana), timezone.now() + timedelta(hours=1)
    said = browser.post(f"/conversations/{conversation.pk}/sleep", {"until": until.isoformat()}, follow=True)
    assert "It comes back on" in words(said)
    assert "Sleeps until" in words(said)
    assert "Ana Silva put it off until" in words(said)
    assert "The hedge" not in words(browser.get("/inbox/mine"))
    assert "The hedge" in words(browser.get("/inbox/mine?status=asleep"))

    the_worker_looks(at=until - timedelta(seconds=1))
    assert standing(conversation) == (Status.ASLEEP, until)
    the_worker_looks(at=until)
    assert standing(conversation) == (Status.OPEN, None)
    assert "The hedge" in words(browser.get("/inbox/mine"))
    assert "It came back at the time it was put off to" in words(browser.get(f"/conversations/{conversation.pk}"))


def test_it_is_back_at_once_when_ada_writes(house: House) -> None:
    first = arrives()
    answers(house.ana, first.conversation, "We look into it.")
    turns.sleep(first.conversation, until=timezone.now() + timedelta(days=3), by=house.ana, at=timezone.now())
    arrives("Still nothing.", proof=first.conversation.pk)
    assert standing(first.conversation) == (Status.OPEN, None)
    page = words(browser_of(house.ana).get(f"/conversations/{first.conversation.pk}"))
    assert "It came back, since the customer wrote" in page
    the_worker_looks(at=timezone.now() + timedelta(days=3))
    assert words(browser_of(house.ana).get(f"/conversations/{first.conversation.pk}")).count("It came back") == 1


def test_a_promise_is_said_beside_the_button_runs_on_and_brings_it_back_when_it_runs_out(house: House) -> None:
    received = arrives()
    conversation, promise = received.conversation, received.promise
    assert promise
    browser = browser_of(house.ana)
    assert "Putting it off does not move that" in words(browser.get(f"/conversations/{conversation.pk}"))
    until = promise.due_at + timedelta(days=1)
    turns.sleep(conversation, until=until, by=house.ana, at=timezone.now())
    assert Promise.objects.get().due_at == promise.due_at

    assert promises.tick(at=promise.due_at - timedelta(seconds=1)) == 0
    assert standing(conversation) == (Status.ASLEEP, until)
    assert promises.tick(at=promise.due_at) == 1
    assert standing(conversation) == (Status.OPEN, None)
    assert "since the promised time passed" in words(browser.get(f"/conversations/{conversation.pk}"))


def test_it_is_woken_as_it_stood_before(house: House) -> None:
    open_one = arrives().conversation
    waiting_one = arrives("And the other paper?").conversation
    answers(house.ana, waiting_one, "Tomorrow.")
    browser, until = browser_of(house.ana), timezone.now() + timedelta(hours=1)
    for conversation in (open_one, waiting_one):
        for later in (until, until + timedelta(hours=1)):  # put off twice
            browser.post(f"/conversations/{conversation.pk}/sleep", {"until": later.isoformat()})
        browser.post(f"/conversations/{conversation.pk}/taking-up")
    assert standing(open_one) == (Status.OPEN, None)
    assert standing(waiting_one) == (Status.WAITING, None)


def test_ana_waits_for_ada_by_hand_and_takes_it_up_again(house: House) -> None:
    received = arrives()
    conversation, browser = received.conversation, browser_of(house.ana)
    page = words(browser.post(f"/conversations/{conversation.pk}/waiting", follow=True))
    assert "Ana Silva waits for the customer" in page
    assert "It is our turn" in page
    assert standing(conversation) == (Status.WAITING, None)
    assert Promise.objects.get(kept_at=None, withdrawn_at=None) == received.promise
    assert "Ana Silva took it up again" in words(
        browser.post(f"/conversations/{conversation.pk}/taking-up", follow=True)
    )
    assert standing(conversation) == (Status.OPEN, None)


def undone(browser: Client, page: str) -> str:
    facts = re.search(r'name="facts"\s+value="([\d,]+)"', page)
    assert facts
    return words(browser.post("/triage/undoings", {"facts": facts[1], "back": "/inbox/mine"}, follow=True))


def test_both_are_undone_where_they_are_said(house: House) -> None:
    conversation, browser = arrives().conversation, browser_of(house.ana)
    path, until = f"/conversations/{conversation.pk}", timezone.now() + timedelta(hours=1)
    for noun in ("sleep", "waiting"):
        page = words(browser.post(f"{path}/{noun}", {"until": until.isoformat()}, follow=True))
        assert standing(conversation)[0] != Status.OPEN
        assert "1 undone" in undone(browser, page)
        assert standing(conversation) == (Status.OPEN, None)


def test_a_sleeper_that_was_closed_by_mistake_sleeps_on(house: House) -> None:
    conversation, browser = arrives().conversation, browser_of(house.ana)
    until = timezone.now() + timedelta(hours=1)
    turns.sleep(conversation, until=until, by=house.ana, at=timezone.now())
    page = words(browser.post(f"/conversations/{conversation.pk}/closure", follow=True))
    assert standing(conversation) == (Status.CLOSED, None)
    undone(browser, page)
    assert standing(conversation) == (Status.ASLEEP, until)
    the_worker_looks(at=until)
    assert standing(conversation) == (Status.OPEN, None)


def test_whoever_is_handed_a_sleeper_finds_it_awake(house: House) -> None:
    conversation = arrives().conversation
    turns.sleep(conversation, until=timezone.now() + timedelta(days=1), by=house.ana, at=timezone.now())
    browser_of(house.ana).post(f"/conversations/{conversation.pk}/assignment", {"owner": house.ben.pk})
    assert standing(conversation) == (Status.OPEN, None)


def test_what_is_closed_can_not_be_put_off(house: House) -> None:
    conversation, browser = arrives().conversation, browser_of(house.ana)
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    browser.post(f"/conversations/{conversation.pk}/sleep", {"until": until})
    browser.post(f"/conversations/{conversation.pk}/closure")
    assert standing(conversation) == (Status.CLOSED, None)
    for path in ("sleep", "waiting"):
        said = browser.post(f"/conversations/{conversation.pk}/{path}", {"until": until}, follow=True)
        assert "It is closed. Open it again first." in words(said)
    assert standing(conversation) == (Status.CLOSED, None)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Choose a day and a time"),
        ("soon", "Choose a day and a time"),
        ("2026-13-45T99:99", "Choose a day and a time"),
        ("2001-01-01T09:00", "That time has passed"),
        ("9999-12-31T23:59", "more than a year away"),
    ],
)
def test_a_time_that_can_not_be_is_told_beside_its_field(house: House, typed: str, said: str) -> None:
    conversation = arrives().conversation
    refused = browser_of(house.ana).post(f"/conversations/{conversation.pk}/sleep", {"until": typed})
    assert refused.status_code == 422
    assert said in words(refused)
    assert f'value="{typed}"' in words(refused)
    assert standing(conversation) == (Status.OPEN, None)


def test_times_are_those_of_the_readers_clock() -> None:
    with timezone.override(ZoneInfo("America/New_York")):  # 4:30 in the morning there
        found = {offer.name: offer.until for offer in offers(MONDAY_MORNING)}
        assert found == {
            "This afternoon": datetime(2026, 3, 2, 19, 0, tzinfo=UTC),
            "Tomorrow morning": datetime(2026, 3, 3, 14, 0, tzinfo=UTC),
            "In a week": datetime(2026, 3, 9, 13, 0, tzinfo=UTC),  # summer time began in between
        }
        assert read("2026-03-02T14:00", MONDAY_MORNING) == datetime(2026, 3, 2, 19, 0, tzinfo=UTC)


def test_on_a_thursday_evening_monday_is_offered_and_this_afternoon_is_not() -> None:
    names = [offer.name for offer in offers(MONDAY_MORNING + timedelta(days=3, hours=9))]
    assert names == ["Tomorrow morning", "Monday morning", "In a week"]
    assert isinstance(read("2026-03-05T10:00", MONDAY_MORNING + timedelta(days=3, hours=9)), Typed)
