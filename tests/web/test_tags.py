"""Tags: put on and taken off, one or several at a time; found by; renamed, merged, deleted, and everything undone."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from everyhand.conversations import tags
from everyhand.conversations.models import Conversation, Tag, Tagging
from everyhand.desk.inbound import Address
from everyhand.desk.join import join, undo
from tests.cast import NOON
from tests.web.house import House, arrives, browser_of
from tests.web.test_triage import does, letters, undoes


def tagged(browser: Client, *conversations: Conversation, names: str) -> str:
    return does(browser, "taggings", *conversations, names=names)


def names_on(conversation: Conversation) -> list[str]:
    return [tag.name for tag in tags.on([conversation.pk]).get(conversation.pk, [])]


def named_letters(number: int) -> list[Conversation]:
    """From people whose names we know, so that no address is read for their rows."""
    senders = [Address(f"Reader {one}", f"reader{one}@example.org") for one in range(number)]
    return [arrives(sender=sender).conversation for sender in senders]


def words(response: Any) -> str:
    return str(response.content.decode())


def test_carla_types_a_tag_and_everybody_sees_it_where_the_conversation_stands(house: House) -> None:
    conversation = arrives("about your column").conversation
    page = tagged(browser_of(house.carla), conversation, names="late paper,  #Refund ")
    assert "1 has its tags." in page
    assert names_on(conversation) == ["late paper", "Refund"]
    shown = words(browser_of(house.ana).get(f"/conversations/{conversation.pk}"))
    assert "Carla Weiss tagged it late paper, Refund" in shown
    assert "Take off the tag Refund" in shown
    assert "Refund" in words(browser_of(house.ana).get("/inbox/everyone"))


def test_the_same_word_in_other_letters_is_the_same_tag(house: House) -> None:
    one, other = letters(2)
    browser = browser_of(house.ana)
    tagged(browser, one, names="Refund")
    assert "tagged so already" in tagged(browser, one, names="REFUND")
    tagged(browser, other, names="refund")
    assert Tag.objects.count() == 1
    assert names_on(other) == ["Refund"]


def test_several_are_tagged_at_once_and_it_is_undone(house: House) -> None:
    three = letters(3)
    browser = browser_of(house.ana)
    tagged(browser, three[0], names="refund")
    page = tagged(browser, *three, names="refund, vip")
    assert [names_on(one) for one in three] == [["refund", "vip"]] * 3
    assert "3 undone" in undoes(browser, page)
    assert [names_on(one) for one in three] == [["refund"], [], []]
    assert "took the tagging back" in words(browser.get(f"/conversations/{three[1].pk}"))


def test_what_was_taken_off_is_put_back(house: House) -> None:
    conversation = letters(1)[0]
    browser = browser_of(house.ana)
    tagged(browser, conversation, names="refund")
    page = does(browser, "taggings", conversation, off=str(Tag.objects.get().pk))
    assert names_on(conversation) == []
    undoes(browser, page)
    assert names_on(conversation) == ["refund"]


def test_a_tag_that_can_not_be_is_told_and_nothing_typed_is_lost(house: House) -> None:
    conversation = letters(1)[0]
    browser = browser_of(house.ana)
    no_word = "told from a number"
    for typed, why in (("x" * 41, "at most 40 letters"), ("2024", no_word), ("none", no_word)):
        data = {"conversation": conversation.pk, "names": f"vip, {typed}", "back": "/inbox/mine"}
        answer = browser.post("/triage/taggings", data)
        assert answer.status_code == 422
        assert why in words(answer)
        assert f'value="vip, {typed}"' in words(answer)
    assert not Tag.objects.exists()
    assert "Type a tag" in tagged(browser, conversation, names=" ,, ")


def test_a_view_is_narrowed_by_a_tag_and_so_is_a_search(house: House) -> None:
    with_it, without = arrives(subject="The gate").conversation, arrives(subject="The hedge").conversation
    browser = browser_of(house.ana)
    tagged(browser, with_it, names="late paper")
    key = Tag.objects.get().pk
    for address in (
        f"/inbox/mine?tag={key}",
        "/inbox/mine?tag=late+p",
        "/search?q=tag:%22late+paper%22",
        "/search?q=tag:late+paper",
    ):
        found = words(browser.get(address))
        assert "The gate" in found
        assert "The hedge" not in found
    assert "The hedge" in words(browser.get("/inbox/mine?tag=none"))
    assert "The gate" not in words(browser.get("/inbox/mine?tag=none"))
    assert "There is no tag called" in words(browser.get("/search?q=tag:refund"))
    browser.post(f"/inbox/mine/saving?tag={key}", {"name": "Late ones"})
    assert "Late ones" in words(browser.get("/inbox/mine"))
    assert names_on(without) == []


def test_nobody_learns_of_a_tag_that_stands_only_on_what_they_may_not_see(house: House) -> None:
    secret = arrives("about my pay", to="hr@courier.test").conversation
    tagged(browser_of(house.dora), secret, names="notice to quit")
    key, mine = Tag.objects.get().pk, letters(1)[0]
    browser = browser_of(house.ana)
    pages = (
        f"/conversations/{mine.pk}/tags",
        "/tags",
        "/inbox/everyone/filters",
        f"/inbox/everyone?tag={key}",
        "/search?q=tag:notice",
    )
    assert not [one for one in pages if "notice to quit" in words(browser.get(one))]
    assert browser.post(f"/tags/{key}/removal").status_code == 404
    does(browser, "taggings", secret, names="mine")
    assert names_on(secret) == ["notice to quit"]
    does(browser, "taggings", mine, on=str(key), names="hers")
    assert names_on(mine) == ["hers"]


def test_a_tag_is_renamed_and_coloured_and_that_is_undone(house: House) -> None:
    conversation = letters(1)[0]
    browser = browser_of(house.ana)
    tagged(browser, conversation, names="refnd")
    tag = Tag.objects.get()
    page = words(browser.post(f"/tags/{tag.pk}/details", {"name": "Refund", "tone": "brick"}, follow=True))
    assert "tag--brick" in page
    assert names_on(conversation) == ["Refund"]
    undoes(browser, page)
    assert [(one.name, one.tone) for one in Tag.objects.all()] == [("refnd", "plain")]
    tagged(browser, conversation, names="vip")
    refused = browser.post(f"/tags/{tag.pk}/details", {"name": "VIP", "tone": "brick"})
    assert refused.status_code == 422
    assert "There is a tag of this name" in words(refused)
    assert 'value="VIP"' in words(refused)


def test_two_tags_become_one_and_are_two_again(house: House) -> None:
    first, second = letters(2)
    browser = browser_of(house.ana)
    tagged(browser, first, names="refund")
    tagged(browser, second, names="refund, money back")
    kept, merged = Tag.objects.get(name="refund"), Tag.objects.get(name="money back")
    third = letters(1)[0]
    tagged(browser, third, names="money back")
    before = [names_on(one) for one in (first, second, third)]
    page = words(browser.post(f"/tags/{merged.pk}/merging", {"into": kept.pk}, follow=True))
    assert [names_on(one) for one in (first, second, third)] == [["refund"]] * 3
    fourth = letters(1)[0]
    tagged(browser, fourth, names="Money Back")
    assert names_on(fourth) == ["refund"]
    assert "The hedge" not in words(browser.get(f"/inbox/mine?tag={merged.pk}"))
    undoes(browser, page)
    assert [names_on(one) for one in (first, second, third)] == before
    assert names_on(fourth) == ["refund"]


def test_a_deleted_tag_stands_nowhere_and_comes_back(house: House) -> None:
    conversation = letters(1)[0]
    browser = browser_of(house.ana)
    tagged(browser, conversation, names="refund")
    page = words(browser.post(f"/tags/{Tag.objects.get().pk}/removal", follow=True))
    assert names_on(conversation) == []
    assert "No tags yet" in page
    undoes(browser, page)
    assert names_on(conversation) == ["refund"]


def test_tags_come_along_when_conversations_are_merged_and_go_back_when_they_part(house: House) -> None:
    kept, merged = letters(2)
    browser = browser_of(house.ana)
    tagged(browser, kept, names="refund")
    tagged(browser, merged, names="refund, vip")
    joining = join(kept, merged, by=house.ana, at=NOON)
    assert names_on(kept) == ["refund", "vip"]
    undo(joining, by=house.ana, at=NOON)
    assert (names_on(kept), names_on(merged)) == (["refund"], ["refund", "vip"])


def test_tags_are_handed_out_with_what_is_kept_about_a_customer(house: House) -> None:
    conversation = letters(1)[0]
    tagged(browser_of(house.ana), conversation, names="refund")
    answer = browser_of(house.ines).post(f"/customers/{conversation.customer_id}/export")
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    assert json.loads(packed.read("customer.json"))["conversations"][0]["tags"] == ["refund"]


@pytest.mark.parametrize("tags_each", [0, 1, 5])
def test_tags_cost_an_inbox_one_read_and_none_when_there_are_none(
    house: House, django_assert_num_queries: DjangoAssertNumQueries, tags_each: int
) -> None:
    conversations = named_letters(6)
    browser = browser_of(house.ana)
    if tags_each:
        tagged(browser, *conversations, names=",".join(f"tag {one}" for one in range(tags_each)))
    browser.get("/inbox/mine")
    with django_assert_num_queries(9 if tags_each else 8):
        assert browser.get("/inbox/mine").status_code == 200


def test_no_more_stand_on_one_than_anybody_reads(house: House) -> None:
    conversation = arrives(sender=Address("", "many@example.org")).conversation
    page = tagged(browser_of(house.ana), conversation, names=",".join(f"tag {one}" for one in range(21)))
    assert "20 tags are on it" in page
    assert not Tagging.objects.exists()
