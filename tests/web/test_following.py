"""Whoever wants to know how a conversation goes on follows it, and hears of it until they have had enough."""

from __future__ import annotations

from typing import Any

from django.test import Client

from everyhand.conversations import following
from everyhand.conversations.models import Conversation, Follower, Message
from tests.cast import NOON
from tests.notices.office import Office, told
from tests.web.house import House, arrives, browser_of


def presses(browser: Client, conversation: Conversation, what: str = "following") -> str:
    answer: Any = browser.post(f"/conversations/{conversation.pk}/{what}", follow=True)
    return str(answer.content.decode())


def beside(page: str) -> str:
    """What stands under “Who follows it”."""
    return page.partition('id="following"')[2].partition("</section>")[0]


def test_ben_follows_what_ana_answers_and_is_told_of_what_comes(house: House) -> None:
    office = Office()
    conversation = arrives().conversation
    browser = browser_of(house.ben)
    assert "Nobody yet" in beside(browser.get(f"/conversations/{conversation.pk}").content.decode())

    page = presses(browser, conversation)

    assert "Ben Okoro" in beside(page)
    assert "Don’t follow it any more" in beside(page)
    arrives("Still no paper.", proof=conversation.pk)
    office.reacts(Message.objects.latest("pk").at)
    assert told(house.ben) == ["Ada Brown wrote"]


def test_who_has_had_enough_hears_nothing_more(house: House) -> None:
    office = Office()
    conversation = arrives().conversation
    browser = browser_of(house.ben)
    presses(browser, conversation)
    presses(browser, conversation)
    assert Follower.objects.count() == 1

    page = presses(browser, conversation, "following/end")

    assert "Ben Okoro" not in beside(page)
    assert "Follow it" in beside(page)
    arrives("Still no paper.", proof=conversation.pk)
    office.reacts(Message.objects.latest("pk").at)
    assert told(house.ben) == []


def test_a_member_who_saw_it_for_that_reason_alone_is_led_to_the_inbox(house: House) -> None:
    conversation = arrives().conversation
    following.mention(conversation, members=[house.carla], by=house.ana, at=NOON)
    browser = browser_of(house.carla)
    assert "Carla Weiss" in beside(browser.get(f"/conversations/{conversation.pk}").content.decode())

    answer = browser.post(f"/conversations/{conversation.pk}/following/end", follow=True)

    assert answer.redirect_chain[-1][0].startswith("/inbox/")
    assert browser.get(f"/conversations/{conversation.pk}").status_code == 404
    assert browser.post(f"/conversations/{conversation.pk}/following").status_code == 404


def test_what_somebody_follows_is_found_again(house: House) -> None:
    followed, other = arrives(subject="Wet cellar").conversation, arrives(subject="No water").conversation
    browser = browser_of(house.ben)
    presses(browser, followed)
    for path in ("/inbox/everyone?in=followed", "/search?q=in:followed+paper"):
        page = browser.get(path).content.decode()
        assert (f"/conversations/{followed.pk}" in page, f"/conversations/{other.pk}" in page) == (True, False), path


def test_who_left_follows_nothing_in_sight(house: House) -> None:
    conversation = arrives().conversation
    presses(browser_of(house.ben), conversation)
    house.ben.is_active = False
    house.ben.save()
    assert "Ben Okoro" not in beside(browser_of(house.ana).get(f"/conversations/{conversation.pk}").content.decode())
