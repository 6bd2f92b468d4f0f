"""Two conversations are linked by hand: both sides show it, to whoever may see the other, and it is undone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from everyhand.conversations.models import Conversation, Link
from everyhand.desk.inbound import Address
from everyhand.desk.join import join, undo
from everyhand.people.models import Membership
from tests.cast import NOON
from tests.web.house import House, arrives, browser_of
from tests.web.test_triage import undoes

CY = Address("Cy Marsh", "cy@readers.example")


def words(response: Any) -> str:
    return str(response.content.decode())


def beside(browser: Client, conversation: Conversation) -> str:
    """What stands under “Belongs together” on its page."""
    page = words(browser.get(f"/conversations/{conversation.pk}"))
    return page.partition('id="linked"')[2].partition("</section>")[0]


def links(browser: Client, one: Conversation, other: Conversation, reason: str = "The same burst pipe") -> str:
    fields = {"other": other.pk, "reason": reason}
    return words(browser.post(f"/conversations/{one.pk}/linking", fields, follow=True))


@pytest.fixture
def two(house: House) -> tuple[Conversation, Conversation]:
    here, there = arrives(subject="Wet cellar"), arrives(subject="No water", sender=CY)
    return here.conversation, there.conversation


def test_both_sides_show_the_other_with_the_reason(house: House, two: tuple[Conversation, Conversation]) -> None:
    here, there = two
    browser = browser_of(house.ana)
    page = links(browser, here, there)
    assert "Linked." in page
    assert "Ana Silva linked it with another conversation" in page
    for one, other in ((here, "No water"), (there, "Wet cellar")):
        section = beside(browser, one)
        assert other in section
        assert "The same burst pipe" in section
        assert "linked by Ana Silva" in section
    assert "They were linked already." in links(browser, there, here)
    assert Link.objects.count() == 1


def test_a_follow_up_of_the_very_customer_is_not_told_as_a_strangers(house: House) -> None:
    first = arrives(subject="Wet cellar").conversation
    second = arrives(subject="Re: Wet cellar").conversation
    assert second.linked_to == first
    assert "but nothing in the mail proved it" in beside(browser_of(house.ana), second)
    assert "The same customer wrote again, but nothing in that mail proved" in beside(browser_of(house.ana), first)


def test_of_somebody_who_takes_no_part_it_is_said_that_they_take_none(house: House) -> None:
    first = arrives(subject="Wet cellar").conversation
    second = arrives(subject="Re: Wet cellar", sender=CY, proof=first.pk).conversation
    assert second.linked_to == first
    for one in (first, second):
        assert "without taking part in it" in beside(browser_of(house.ana), one)


ADDRESS = "https://desk.courier.test/conversations/{pk}?from=3#newest"


@pytest.mark.parametrize("typed", ["{pk}", "#{pk}", ADDRESS, "water"])
def test_the_other_is_found_by_number_address_or_words(
    house: House, two: tuple[Conversation, Conversation], typed: str
) -> None:
    here, there = two
    page = browser_of(house.ana).get(f"/conversations/{here.pk}/linking", {"q": typed.format(pk=there.pk)})
    assert re.search(rf'name="other" value="{there.pk}"', words(page))


def test_looking_for_it_keeps_the_reason_that_was_typed_and_links_nothing(
    house: House, two: tuple[Conversation, Conversation]
) -> None:
    here, there = two
    typed = {"q": "water", "reason": "The same burst pipe", "look": ""}
    page = words(browser_of(house.ana).post(f"/conversations/{here.pk}/linking", typed))
    assert f'name="other" value="{there.pk}"' in page
    assert 'value="The same burst pipe"' in page
    assert 'value="water"' in page
    assert not Link.objects.exists()


def test_a_link_is_taken_away_and_put_back(house: House, two: tuple[Conversation, Conversation]) -> None:
    here, there = two
    browser = browser_of(house.ana)
    undoes(browser, links(browser, here, there))
    assert "No water" not in beside(browser, here)
    links(browser, here, there)
    page = words(browser.post(f"/conversations/{there.pk}/unlinking", {"other": here.pk}, follow=True))
    assert "not linked any more" in page
    assert "Wet cellar" not in beside(browser, there)
    undoes(browser, page)
    assert "No water" in beside(browser, here)
    assert "The same burst pipe" in beside(browser, here)


def test_nobody_learns_of_a_conversation_that_they_may_not_see(
    house: House, two: tuple[Conversation, Conversation]
) -> None:
    here, _there = two
    secret = arrives("about my pay", subject="Notice to quit", to="hr@courier.test").conversation
    ana, dora = browser_of(house.ana), browser_of(house.dora)
    for browser, one, other in ((ana, here, secret), (dora, secret, here)):
        assert browser.post(f"/conversations/{one.pk}/linking", {"other": other.pk}).status_code == 404
        assert browser.post(f"/conversations/{one.pk}/unlinking", {"other": other.pk}).status_code == 404
    looked_for = words(ana.get(f"/conversations/{here.pk}/linking", {"q": secret.pk}))
    assert f'name="other" value="{secret.pk}"' not in looked_for
    # Somebody who sees both links them: whoever sees one only learns nothing.
    membership = Membership.objects.create(team=house.hr, member=house.ana)
    links(ana, here, secret)
    membership.delete()
    page = words(ana.get(f"/conversations/{here.pk}"))
    assert "Notice to quit" not in page
    assert "linked it with another" not in page
    assert f"/conversations/{secret.pk}" not in page
    assert "Wet cellar" not in words(dora.get(f"/conversations/{secret.pk}"))


def test_a_guess_stands_in_the_same_place_on_both_sides_and_is_taken_away(house: House) -> None:
    first = arrives(subject="The gate").conversation
    second = arrives(subject="Re: The gate").conversation
    Conversation.objects.filter(pk=second.pk).update(linked_to=first)
    browser = browser_of(house.ana)
    assert "stands on its own" in beside(browser, second)
    assert "Re: The gate" in beside(browser, first)
    page = words(browser.post(f"/conversations/{first.pk}/unlinking", {"other": second.pk}, follow=True))
    assert "Re: The gate" not in beside(browser, first)
    undoes(browser, page)
    assert "stands on its own" in beside(browser, second)


def test_links_come_along_when_conversations_are_merged_and_go_back(
    house: House, two: tuple[Conversation, Conversation]
) -> None:
    here, there = two
    kept = arrives(subject="The street").conversation
    browser = browser_of(house.ana)
    links(browser, here, there)
    made = join(kept, here, by=house.ana, at=NOON)
    assert "No water" in beside(browser, kept)
    assert "The street" in beside(browser, there)
    undo(made, by=house.ana, at=NOON)
    assert "No water" not in beside(browser, kept)
    assert "Wet cellar" in beside(browser, there)


def test_a_conversation_is_not_linked_to_itself(house: House, two: tuple[Conversation, Conversation]) -> None:
    here, _there = two
    assert "Choose another one" in links(browser_of(house.ana), here, here)
    assert not Link.objects.exists()


@pytest.mark.parametrize("page", ["linking", "joining"])
def test_no_level_of_headings_is_left_out_where_conversations_are_offered(
    house: House, two: tuple[Conversation, Conversation], page: str
) -> None:
    here, _there = two
    arrives(subject="The street")
    main = words(browser_of(house.ana).get(f"/conversations/{here.pk}/{page}")).partition("<main")[2]
    assert "The street" in main
    assert re.findall(r"<h(\d)", main)[:3] == ["1", "2", "3"]
