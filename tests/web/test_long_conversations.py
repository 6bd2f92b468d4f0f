"""A conversation of many messages: its page holds the newest, and those before them are there for the asking."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from everyhand.conversations.models import Conversation, Message
from everyhand.desk.inbound import Address
from tests.web.house import House, answers, arrives, browser_of


@pytest.fixture
def long(house: House) -> Conversation:
    """Ada wrote "Line 0"; "Line 1" to "Line 74" followed, a minute each."""
    return written(arrives().conversation, range(1, 75), Message.Kind.MESSAGE)


def written(conversation: Conversation, lines: range, kind: Message.Kind) -> Conversation:
    Message.objects.filter(conversation=conversation).update(text="Line 0", reply="Line 0")
    first = Message.objects.get(conversation=conversation)
    Message.objects.bulk_create(
        Message(
            conversation=conversation,
            kind=kind,
            direction=Message.Direction.IN if kind == Message.Kind.MESSAGE else Message.Direction.OUT,
            author_identity=first.author_identity if kind == Message.Kind.MESSAGE else None,
            author_member=conversation.owner if kind == Message.Kind.NOTE else None,
            text=f"Line {number}",
            reply=f"Line {number}",
            at=first.at + timedelta(minutes=number),
        )
        for number in lines
    )
    return conversation


def lines(page: str) -> list[int]:
    return [int(number) for number in re.findall(r">Line (\d+)<", page)]


def read(browser: Client, address: str, *, by_script: bool = False) -> str:
    return browser.get(address, headers={"HX-Request": "true"} if by_script else {}).content.decode()


def earlier(page: str) -> str:
    """Where the page leads to for what is before it; "" when nothing is."""
    found = re.search(r'hx-get="([^"]+\?before=\d+)"', page)
    return found[1] if found else ""


def test_the_page_holds_the_newest_and_leads_to_those_before(house: House, long: Conversation) -> None:
    browser = browser_of(house.ana)
    page = read(browser, f"/conversations/{long.pk}")
    assert lines(page) == [*range(45, 75)]
    assert "45 earlier messages are not shown." in page

    before = read(browser, earlier(page), by_script=True)
    assert lines(before) == [*range(15, 45)]
    assert "15 earlier messages are not shown." in before
    assert "<html" not in before

    start = read(browser, earlier(before), by_script=True)
    assert lines(start) == [*range(15)]
    assert earlier(start) == ""
    # Nothing can be split off before the first message of all.
    assert len(re.findall("/split", start)) == 14
    assert len(re.findall("/split", before)) == 30


def test_without_scripts_the_page_goes_back_by_links(house: House, long: Conversation) -> None:
    browser = browser_of(house.ana)
    page = read(browser, f"/conversations/{long.pk}")
    page = read(browser, earlier(page))
    assert lines(page) == [*range(15, 75)]
    page = read(browser, earlier(page))
    assert lines(page) == [*range(75)]
    assert earlier(page) == ""


def test_everything_can_be_shown_at_once(house: House, long: Conversation) -> None:
    page = read(browser_of(house.ana), f"/conversations/{long.pk}?from=start")
    assert lines(page) == [*range(75)]
    assert 'id="earlier"' not in page


def test_a_link_to_an_old_message_finds_it(house: House, long: Conversation) -> None:
    old = Message.objects.get(conversation=long, text="Line 20")
    page = read(browser_of(house.ana), f"/conversations/{long.pk}?from={old.pk}")
    assert lines(page) == [*range(20, 75)]
    assert f'id="message-{old.pk}"' in page


@pytest.mark.parametrize("asked", ["?from=0", "?from=x", "?from=99999999", "?before=99999999", "?before=x", "?from=²"])
def test_an_address_that_names_no_message_shows_the_newest(house: House, long: Conversation, asked: str) -> None:
    assert lines(read(browser_of(house.ana), f"/conversations/{long.pk}{asked}")) == [*range(45, 75)]


def test_a_message_of_another_conversation_is_no_place_in_this_one(house: House, long: Conversation) -> None:
    other = arrives("the other", sender=Address("Bo", "bo@example.org")).message
    browser = browser_of(house.ana)
    assert lines(read(browser, f"/conversations/{long.pk}?from={other.pk}")) == [*range(45, 75)]
    assert lines(read(browser, f"/conversations/{long.pk}?before={other.pk}", by_script=True)) == []


def test_what_is_not_theirs_is_not_read_in_stretches(house: House) -> None:
    secret = arrives("about my boss", to="hr@courier.test").message
    address = f"/conversations/{secret.conversation_id}?before={secret.pk}"
    assert browser_of(house.ana).get(address, headers={"HX-Request": "true"}).status_code == 404


def test_what_happened_stands_between_the_messages_it_happened_between(house: House, long: Conversation) -> None:
    browser = browser_of(house.ana)
    browser.post(f"/conversations/{long.pk}/closure")
    page = read(browser, f"/conversations/{long.pk}?from=start")
    whole = [*re.findall(r"closed it|>Line \d+<", page)]
    stretch = read(browser, f"/conversations/{long.pk}")
    parts = [*re.findall(r"closed it|>Line \d+<", stretch)]
    while earlier(stretch):
        stretch = read(browser, earlier(stretch), by_script=True)
        parts = [*re.findall(r"closed it|>Line \d+<", stretch), *parts]
    assert whole.count("closed it") == 1
    assert parts == whole


def test_a_reply_is_not_stopped_by_notes_that_fill_the_page(house: House) -> None:
    conversation = written(arrives().conversation, range(1, 40), Message.Kind.NOTE)
    page = read(browser_of(house.ana), f"/conversations/{conversation.pk}")
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    assert int(seen[1]) == Message.objects.get(conversation=conversation, kind="message").pk
    assert answers(house.ana, conversation, "It is on its way").pk


def test_old_messages_that_a_merge_brought_stand_in_their_place(house: House, long: Conversation) -> None:
    old = arrives().message
    first = Message.objects.filter(conversation=long).order_by("at")[0]
    said = {"text": "Line 1000", "reply": "Line 1000", "at": first.at + timedelta(seconds=30)}
    Message.objects.filter(pk=old.pk).update(**said)
    browser = browser_of(house.ana)
    browser.post(f"/conversations/{long.pk}/joining", {"other": old.conversation_id})
    page = read(browser, f"/conversations/{long.pk}")
    assert lines(page) == [*range(45, 75)]
    assert "46 earlier messages are not shown." in page
    assert lines(read(browser, f"/conversations/{long.pk}?from={old.pk}"))[:3] == [1000, 1, 2]


def test_a_page_costs_the_same_however_long_it_is(
    house: House, long: Conversation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(house.ana)
    page = read(browser, f"/conversations/{long.pk}")
    with django_assert_num_queries(17):  # one more than a short one, for how many come before
        read(browser, f"/conversations/{long.pk}")
    with django_assert_num_queries(12):
        read(browser, earlier(page), by_script=True)
