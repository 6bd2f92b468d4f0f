"""A note calls colleagues in with @: they see the conversation, follow it and are told, once."""

from __future__ import annotations

import pytest
from django.test import Client

from everyhand.conversations import sight
from everyhand.conversations.models import Conversation, Draft, Follower, Message
from everyhand.people.models import Member
from tests.cast import member
from tests.notices.office import Office, told
from tests.web.house import House, arrives, browser_of


def notes(author: Member, conversation: Conversation, text: str) -> str:
    """They keep a note; the page that follows."""
    answer = browser_of(author).post(f"/conversations/{conversation.pk}/notes", {"text": text}, follow=True)
    return str(answer.content.decode())


def offered(browser: Client, conversation: Conversation, words: str = "") -> list[tuple[str, str]]:
    found = browser.get(f"/conversations/{conversation.pk}/colleagues", {"q": words}).json()["found"]
    return [(one["name"], one["as"]) for one in found]


@pytest.mark.parametrize(
    "text",
    [
        "@Carla can you look?",
        "Please look, @[Carla Weiss].",
        "@carla weiss: yours?",
        "ask @carla",
        "@Carla@Courier.test",
    ],
)
def test_carla_is_called_in_by_any_of_her_names(house: House, text: str) -> None:
    conversation = arrives().conversation
    assert not sight.visible_to(house.carla).exists()

    page = notes(house.ana, conversation, text)

    assert '<strong class="mention">@' in page
    assert sight.visible_to(house.carla).get() == conversation
    assert Follower.objects.get().member == house.carla
    note = Message.objects.get(kind="note")
    assert note.mentions
    assert note.mentions[0]["member"] == house.carla.pk


@pytest.mark.parametrize("text", ["Write to carla@courier.test", "@nobody knows", "a@carla.example", "@Carlas", "@"])
def test_an_at_that_names_nobody_is_just_that(house: House, text: str) -> None:
    assert 'class="mention"' not in notes(house.ana, arrives().conversation, text)
    assert not Follower.objects.exists()


def test_whoever_is_mentioned_is_told_once_and_nobody_of_their_own(house: House) -> None:
    office = Office()
    conversation = arrives().conversation
    for text in ("@Ben @Ana Silva have a look", "@Ben, and once more @Ben Okoro"):
        notes(house.ana, conversation, text)
    office.reacts(Message.objects.latest("pk").at)
    assert told(house.ben) == ["Ana Silva mentions you", "Ana Silva mentions you"]
    assert told(house.ana) == ["A new conversation is yours"]
    assert Follower.objects.get().member == house.ben


def test_nobody_is_called_into_a_private_team_from_outside(house: House) -> None:
    conversation = arrives("My boss", to="hr@courier.test").conversation
    page = notes(house.dora, conversation, "@Ana Silva do you know her?")
    assert "Ana Silva can’t be called in here: this belongs to the team HR, which is private." in page
    assert "@Ana Silva do you know her?</textarea>" in page
    assert not Message.objects.filter(kind="note").exists()
    assert Draft.objects.get().text == "@Ana Silva do you know her?"
    assert offered(browser_of(house.dora), conversation) == []


def test_a_name_of_several_is_asked_about(house: House) -> None:
    other = member("Bendix Okoro")
    other.name = "Ben Amari"
    other.save()
    conversation = arrives().conversation
    assert "@Ben could be several colleagues" in notes(house.ana, conversation, "@Ben look")
    notes(house.ana, conversation, "@Ben Amari look")
    assert Follower.objects.get().member == other


def test_colleagues_are_offered_as_they_can_be_called(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    assert offered(browser, conversation, "o") == [("Ben Okoro", "@Ben Okoro")]
    assert offered(browser, conversation, "ben ok") == [("Ben Okoro", "@Ben Okoro")]
    assert ("Ana Silva", "@Ana Silva") not in offered(browser, conversation)
    house.ben.is_active = False
    house.ben.save()
    assert offered(browser, conversation, "ben") == []


def test_what_a_note_says_is_text_around_a_mention(house: House) -> None:
    page = notes(house.ana, arrives().conversation, "@Ben <img src=x onerror=alert(1)> https://x.example/@Ben")
    assert '<strong class="mention">@Ben</strong> &lt;img' in page
    assert 'href="https://x.example/@Ben"' in page
