"""Going through the inbox: several at once, told what was left and why, and everything can be undone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from everyhand.conversations.models import Conversation, Status
from everyhand.core import journal
from everyhand.core.journal import Entry
from everyhand.desk.close import close
from everyhand.desk.inbound import Address
from everyhand.promises.models import Promise
from tests.web.house import House, answers, arrives, browser_of


def letters(number: int, text: str = "route 4") -> list[Conversation]:
    return [arrives(text, sender=Address("", f"reader{one}@example.org")).conversation for one in range(number)]


def does(browser: Client, noun: str, *conversations: Conversation, **fields: str) -> str:
    """The page that comes back, after the redirect."""
    keys = [str(one.pk) for one in conversations]
    data: dict[str, Any] = {"conversation": keys, "back": "/inbox/mine", **fields}
    return browser.post(f"/triage/{noun}", data, follow=True).content.decode()


def undoes(browser: Client, page: str) -> str:
    """Press the Undo of the summary on this page."""
    facts = re.search(r'name="facts"\s+value="([\d,]+)"', page)
    assert facts, page
    return browser.post("/triage/undoings", {"facts": facts[1], "back": "/inbox/mine"}, follow=True).content.decode()


def standing(conversation: Conversation) -> tuple[object, ...]:
    """All that a verb of the inbox changes."""
    now = Conversation.objects.get(pk=conversation.pk)
    promises = list(Promise.objects.filter(conversation=now).values_list("owner", "due_at", "withdrawn_at"))
    return now.status, now.owner_id, now.team_id, now.owner_because, now.closed_at, now.reply_due, promises


def test_several_are_closed_at_once_and_undone_as_they_were(house: House) -> None:
    three = letters(3)
    before = [standing(one) for one in three]
    browser = browser_of(house.ana)
    page = does(browser, "closures", *three)
    assert "3 closed." in page
    assert {Conversation.objects.get(pk=one.pk).status for one in three} == {Status.CLOSED}
    assert not Promise.objects.filter(withdrawn_at=None).exists()
    assert "3 undone" in undoes(browser, page)
    assert [standing(one) for one in three] == before
    facts = [entry.action for entry in journal.about(three[0])][-4:]
    assert facts == ["conversation.closed", "promise.withdrawn", "conversation.reopened", "promise.stands_again"]


def test_a_hand_over_is_undone_with_its_reason_and_its_promise(house: House) -> None:
    conversation = letters(1)[0]
    before = standing(conversation)
    browser = browser_of(house.ana)
    page = does(browser, "assignments", conversation, to=f"member:{house.carla.pk}")
    assert "1 handed over to Carla Weiss." in page
    assert Conversation.objects.get(pk=conversation.pk).owner == house.carla
    undoes(browser, page)
    assert standing(conversation) == before
    assert "took the hand-over back" in browser.get(f"/conversations/{conversation.pk}").content.decode()


def test_what_was_opened_again_is_closed_since_when_it_was(house: House) -> None:
    conversation = letters(1)[0]
    close(conversation, by=house.ana, at=timezone.now() - timedelta(days=3))
    closed_at = Conversation.objects.get(pk=conversation.pk).closed_at
    browser = browser_of(house.ana)
    undoes(browser, does(browser, "reopenings", conversation))
    now = Conversation.objects.get(pk=conversation.pk)
    assert (now.status, now.closed_at, now.reply_due) == (Status.CLOSED, closed_at, None)


def test_a_team_gives_it_to_whoever_of_it_has_the_fewest(house: House) -> None:
    four = letters(4, "your column")
    does(browser_of(house.ines), "assignments", *four, to=f"team:{house.delivery.pk}")
    owners = [Conversation.objects.get(pk=one.pk).owner for one in four]
    assert sorted(owner.name for owner in owners) == ["Ana Silva", "Ana Silva", "Ben Okoro", "Ben Okoro"]


def test_what_is_not_for_us_is_put_away_without_thanks(house: House) -> None:
    conversation = letters(1)[0]
    browser = browser_of(house.ana)
    page = does(browser, "closures", conversation, why="not_for_us")
    assert f"Put away, not for us: {conversation.customer}." in page
    assert "Ana Silva put it away: not for us" in browser.get(f"/conversations/{conversation.pk}").content.decode()


def test_what_was_not_done_is_told_with_the_reason(house: House) -> None:
    mine, closed = letters(2)
    close(closed, by=house.ana, at=timezone.now())
    private = arrives("my boss", to="hr@courier.test").conversation
    page = does(browser_of(house.ana), "closures", mine, closed, private)
    assert f"Closed: {mine.customer}." in page
    assert "2 were left as they are" in page
    assert "1 × closed already" in page
    assert "1 × not there any more, or not for you to see" in page
    assert Conversation.objects.get(pk=private.pk).status == Status.OPEN


def test_whoever_owns_it_is_not_offered_themselves_first(house: House) -> None:
    hers, his = letters(1)[0], arrives("your column").conversation

    def first_offered(*conversations: Conversation) -> str:
        page = does(browser_of(house.ana), "choice", *conversations)
        return page.split('name="to"')[1].split("<option")[1]

    assert "Choose a person or a team" in first_offered(hers)
    assert "Me, Ana Silva" in first_offered(hers, his)


def test_nothing_selected_says_how_to_select(house: House) -> None:
    assert "Nothing was selected" in does(browser_of(house.ana), "closures")


def test_nobody_undoes_what_moved_on_or_was_somebody_elses(house: House) -> None:
    one, other = letters(2)
    ana, ben = browser_of(house.ana), browser_of(house.ben)
    page = does(ana, "closures", one, other)
    assert "It was not yours to undo" in undoes(ben, page)
    does(ben, "reopenings", one)
    again = undoes(ana, page)
    assert "1 undone: as it was before." in again
    assert "1 was left as it is: Something has happened to it since." in again


def test_yesterday_is_not_undone(house: House) -> None:
    conversation = letters(1)[0]
    browser = browser_of(house.ana)
    page = does(browser, "closures", conversation)
    Entry.objects.filter(action="conversation.closed").update(at=timezone.now() - timedelta(days=1))
    assert "long ago" in undoes(browser, page)
    assert Conversation.objects.get(pk=conversation.pk).status == Status.CLOSED


def test_only_those_who_may_see_it_say_that_they_write(house: House) -> None:
    conversation = arrives("my boss", to="hr@courier.test").conversation
    assert browser_of(house.dora).post(f"/conversations/{conversation.pk}/writing").status_code == 204
    assert browser_of(house.ana).post(f"/conversations/{conversation.pk}/writing").status_code == 404


def test_the_choice_names_teams_and_people_and_keeps_the_selection(house: House) -> None:
    conversation = letters(1)[0]
    data = {"conversation": [conversation.pk], "back": "/inbox/mine"}
    page = browser_of(house.ana).post("/triage/choice", data).content.decode()
    assert f'value="team:{house.delivery.pk}"' in page
    assert f'name="conversation" value="{conversation.pk}"' in page


def test_a_list_goes_back_to_itself_and_nowhere_else(house: House) -> None:
    browser = browser_of(house.ana)
    ours = "/inbox/teams?has=attachment"
    for back, expected in ((ours, ours), ("https://evil.example/", "/"), ("//evil.example", "/")):
        response = browser.post("/triage/closures", {"conversation": letters(1)[0].pk, "back": back})
        assert response["Location"] == expected


@pytest.mark.parametrize("strange", ["", "x", "9" * 30, "-1", "²"])
def test_strange_selections_do_no_harm(house: House, strange: str) -> None:
    browser = browser_of(house.ana)
    for noun in ("closures", "reopenings", "choice"):
        assert browser.post(f"/triage/{noun}", {"conversation": strange}).status_code in (200, 302)
    assert browser.post("/triage/undoings", {"facts": strange}).status_code == 302
    assert browser.post("/triage/assignments", {"to": f"member:{strange}"}).status_code == 302


def test_a_reply_is_not_undone_by_undoing_what_came_before_it(house: House) -> None:
    conversation = letters(1)[0]
    browser = browser_of(house.ana)
    page = does(browser, "closures", conversation)
    answers(house.ben, conversation, "Once more, thank you.")
    assert "Something has happened to it since." in undoes(browser, page)


def test_several_are_put_off_at_once_and_undone(house: House) -> None:
    three = letters(3)
    close(three[2], by=house.ana, at=timezone.now())
    before = [standing(one) for one in three]
    browser, until = browser_of(house.ana), timezone.now() + timedelta(days=1)
    asked = browser.post("/triage/later", {"conversation": [one.pk for one in three], "back": "/inbox/mine"})
    assert "Put these 3 off" in asked.content.decode()
    page = does(browser, "sleeps", *three, until=until.isoformat())
    assert "2 come back on" in page
    assert "closed already" in page
    asleep = [Conversation.objects.get(pk=one.pk) for one in three[:2]]
    assert [(one.status, one.sleeps_until) for one in asleep] == [(Status.ASLEEP, until)] * 2
    undoes(browser, page)
    assert [standing(one) for one in three] == before


def test_a_time_that_has_passed_is_told_and_nothing_selected_is_lost(house: House) -> None:
    conversation = letters(1)[0]
    data = {"conversation": conversation.pk, "until": "2020-01-01T09:00", "back": "/inbox/mine"}
    answer = browser_of(house.ana).post("/triage/sleeps", data)
    assert answer.status_code == 422
    assert "That time has passed" in answer.content.decode()
    assert f'name="conversation" value="{conversation.pk}"' in answer.content.decode()
