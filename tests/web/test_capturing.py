"""Whoever a customer meets writes down what they said: it has an owner and a promise like any letter."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.utils import timezone

from everyhand.channels.email.models import Mailbox
from everyhand.conversations import finding, quoting
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.people.models import Member
from everyhand.promises.models import Promise
from everyhand.routing import actions as routing
from tests.notices.office import Office, told
from tests.web.house import House, answers, arrives, browser_of

HEARD = {"name": "Ada Brown", "email": "ada@example.org", "how": "in_person", "said": "No paper on route 4,\nagain."}


def writes_down(member: Member, **fields: str) -> Any:
    return browser_of(member).post("/capture", {**HEARD, **fields}, follow=True)


def words(response: Any) -> str:
    return str(response.content.decode())


def test_carla_hears_it_in_the_hallway_and_ana_answers(house: House) -> None:
    office = Office()
    page = words(writes_down(house.carla, beside="She was upset."))

    conversation = Conversation.objects.get()
    assert (conversation.owner, conversation.channel) == (house.ana, "in_person")
    assert conversation.subject == "No paper on route 4,"
    assert Promise.objects.get().conversation == conversation
    assert "Written down. Ana Silva answers for it." in page
    for shown in ("Passed on by Carla Weiss", "They said it in person.", "She was upset.", "again."):
        assert shown in page
    office.reacts(conversation.opened_at)
    assert told(house.ana) == ["Carla Weiss handed this conversation to you", "Carla Weiss wrote a note"]
    assert told(house.carla) == []
    assert "wrote down what a customer said" in words(browser_of(house.ines).get("/audit-trail"))

    answers(house.ana, conversation, "A paper is on its way.")
    assert Delivery.objects.get().address == "ada@example.org"


def test_what_no_rule_names_or_stays_with_carla_is_hers_and_she_is_not_told_of_it(house: House) -> None:
    office = Office()
    writes_down(house.carla, said="About my crossword.")
    writes_down(house.carla, mine="on")
    assert [one.owner for one in Conversation.objects.order_by("pk")] == [house.carla, house.carla]
    office.reacts(Conversation.objects.latest("pk").opened_at)
    assert told(house.carla) == []


def test_ada_is_known_by_her_address_and_somebody_without_one_is_new(house: House) -> None:
    before = arrives().conversation
    writes_down(house.carla)
    writes_down(house.carla, email="", name="Ada Brown")
    first, known, new = (one.customer for one in Conversation.objects.order_by("pk"))
    assert (first, known) == (before.customer, before.customer)
    assert new != known
    assert Message.objects.latest("pk").author == "Ada Brown"


@pytest.fixture
def old_mrs_miller(house: House) -> Conversation:
    """Who gave no address."""
    writes_down(house.carla, name="Old Mrs Miller", email="", said="No paper on route 4.", mine="on")
    return Conversation.objects.get()


def test_nobody_sees_a_token_where_there_is_no_address(house: House, old_mrs_miller: Conversation) -> None:
    token = old_mrs_miller.customer.identities.get().value
    browser = browser_of(house.ines)
    customer = f"/customers/{old_mrs_miller.customer_id}"
    places = (f"/conversations/{old_mrs_miller.pk}", customer, "/customers", "/inbox/everyone", "/search?q=miller")
    for place in places:
        page = words(browser.get(place))
        assert "Mrs Miller" in page
        assert token not in page
    archive = zipfile.ZipFile(io.BytesIO(b"".join(browser.post(f"{customer}/export"))))
    assert token.encode() not in archive.read("customer.json")
    assert finding.find(house.ines, token).hits == []
    assert token not in quoting.words_of(
        Message.objects.filter(direction="in").get(), old_mrs_miller, language="en", time_zone="UTC"
    )


def test_instead_of_a_reply_to_nobody_the_page_says_what_to_do(house: House, old_mrs_miller: Conversation) -> None:
    browser, path = browser_of(house.carla), f"/conversations/{old_mrs_miller.pk}"
    page = words(browser.get(path))
    assert "We have no address of Old Mrs Miller" in page
    assert "Send to Old Mrs Miller" not in page

    refused = browser.post(f"{path}/address", {"email": "Ben@courier.test"})
    assert (refused.status_code, "Ben Okoro is a colleague." in words(refused)) == (422, True)
    assert 'value="Ben@courier.test"' in words(refused)

    page = words(browser.post(f"{path}/address", {"email": "Miller@example.org"}, follow=True))
    assert "Send to Old Mrs Miller" in page
    answers(house.carla, old_mrs_miller, "A paper is on its way.")
    assert Delivery.objects.get().address == "miller@example.org"
    assert "added an address of the customer" in words(browser_of(house.ines).get("/audit-trail"))


def test_an_address_by_which_somebody_else_is_known_is_not_given_to_her(
    house: House, old_mrs_miller: Conversation
) -> None:
    arrives()
    refused = browser_of(house.carla).post(f"/conversations/{old_mrs_miller.pk}/address", {"email": "ada@example.org"})
    assert (refused.status_code, "Somebody else is known by this address." in words(refused)) == (422, True)
    assert old_mrs_miller.customer.identities.count() == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"said": " "}, "This field is required."),
        ({"name": "", "email": ""}, "Write their name or their address"),
        ({"email": "ada at home"}, "Enter a valid email address."),
        ({"email": "Ben@courier.test"}, "Ben Okoro is a colleague."),
        ({"email": "help@courier.test"}, "This is an address of ours."),
    ],
)
def test_what_does_not_suffice_is_said_and_what_was_typed_is_kept(
    house: House, fields: dict[str, str], why: str
) -> None:
    Mailbox.objects.get_or_create(address="help@courier.test")
    answer = writes_down(house.carla, beside="She was upset.", **fields)
    assert answer.status_code == 422
    assert why in words(answer)
    assert "She was upset." in words(answer)
    assert not Conversation.objects.exists()


def test_what_goes_to_a_private_team_leaves_the_sight_of_whoever_wrote_it_down(house: House) -> None:
    routing.add_rule(by=house.ines, at=timezone.now(), looks_at="words", pattern="my boss", team=house.hr)
    answer = writes_down(house.carla, said="I need to talk about my boss.")
    assert Conversation.objects.get().team == house.hr
    assert answer.redirect_chain[-1][0].startswith("/inbox/")
    assert "my boss" not in words(browser_of(house.carla).get("/inbox/everyone"))


def test_where_it_was_said_stands_on_one_line_beside_its_sign(house: House) -> None:
    writes_down(house.carla)
    page = words(browser_of(house.ana).get(f"/conversations/{Conversation.objects.get().pk}"))
    line = page.partition('<p class="message__remark">')[2].partition("</p>")[0]
    assert "<svg" in line
    assert line.endswith("<span>They said it in person.</span>")
