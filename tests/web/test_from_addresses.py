"""Where replies come from: the address the customer wrote to, a team's own, or one that whoever writes chooses."""

from __future__ import annotations

from email.utils import parseaddr

import pytest

from everyhand.channels.email import tokens
from everyhand.channels.email.models import FromAddress, Mailbox
from everyhand.channels.email.outbound.compose import compose
from everyhand.channels.email.outbound.letter import address as written
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.people.models import Member, Team
from tests.cast import HELP
from tests.channels.email.test_letter import parsed
from tests.web.house import House, arrives, browser_of

PRESS = "press@courier.test"
DELIVERY = "delivery@courier.test"


@pytest.fixture
def addresses(house: House) -> None:
    """Everybody may write as the press office; the team Delivery writes as itself."""
    Mailbox.objects.create(address="*@courier.test")
    browser = browser_of(house.ines)
    for typed in (
        {"address": PRESS, "name": "The Courier, press", "signature": "Press office\nDial 5"},
        {"address": "Delivery@courier.test", "team": house.delivery.pk},
    ):
        assert browser.post("/from-addresses/new", typed).status_code == 302


def reply(member: Member, conversation: Conversation, **fields: str) -> int:
    typed = {"text": "On its way.", "seen": "999999999", **fields}
    return browser_of(member).post(f"/conversations/{conversation.pk}/replies", typed).status_code


def of_team(conversation: Conversation, team: Team) -> Conversation:
    conversation.team = team
    conversation.save()
    return conversation


def sent_from() -> str:
    return parseaddr(str(parsed(compose(Message.objects.get(direction="out")))["From"]))[1]


@pytest.mark.usefixtures("addresses")
def test_a_reply_comes_from_where_the_customer_wrote_to(house: House) -> None:
    assert reply(house.ana, arrives().conversation) == 302
    assert sent_from() == HELP


@pytest.mark.usefixtures("addresses")
def test_a_teams_conversation_is_answered_from_the_teams_address(house: House) -> None:
    conversation = of_team(arrives().conversation, house.delivery)
    page = browser_of(house.ana).get(f"/conversations/{conversation.pk}").content.decode()
    assert f'<option value="{DELIVERY}" selected>' in page

    assert reply(house.ana, conversation) == 302
    assert sent_from() == DELIVERY


@pytest.mark.usefixtures("addresses")
def test_ana_chooses_another_and_everything_that_comes_back_still_finds_us(house: House) -> None:
    Member.objects.filter(pk=house.ana.pk).update(signature="Ana")
    conversation = arrives().conversation
    assert reply(house.ana, conversation, **{"from": PRESS}) == 302

    message = Message.objects.get(direction="out")
    mail = parsed(compose(message))
    assert mail["From"] == f'"Ana Silva (The Courier, press)" <{PRESS}>'
    assert message.signature == "Ana\nPress office\nDial 5"
    back = parseaddr(str(mail["Reply-To"]))[1]
    assert back.startswith("press+")
    assert tokens.proven_conversation([back], []) == conversation.pk
    delivery = Delivery.objects.get()
    assert tokens.returned_delivery([written(tokens.return_path(delivery))]) == delivery.pk
    assert tokens.return_path(delivery).startswith("press+b")
    page = browser_of(house.ana).get(f"/conversations/{conversation.pk}").content.decode()
    assert f"from {PRESS}" in page


@pytest.mark.usefixtures("addresses")
def test_an_answer_to_it_is_shown_as_sent_to_the_address_people_know(house: House) -> None:
    conversation = arrives().conversation
    back = tokens.reply_address(conversation, sent_from=PRESS)
    arrives("Thank you", to=back, proof=conversation.pk)
    page = browser_of(house.ana).get(f"/conversations/{conversation.pk}").content.decode()
    assert f"to {PRESS}" in page
    assert back not in page


@pytest.mark.usefixtures("addresses")
def test_nobody_writes_as_a_team_that_is_not_theirs_and_keeps_what_they_typed(house: House) -> None:
    conversation = arrives("your column").conversation
    page = browser_of(house.carla).get(f"/conversations/{conversation.pk}").content.decode()
    assert DELIVERY not in page

    typed = {"text": "My careful words.", "seen": "999999999", "from": DELIVERY}
    refused = browser_of(house.carla).post(f"/conversations/{conversation.pk}/replies", typed)
    assert refused.status_code == 422
    assert "Choose another address" in refused.content.decode()
    assert "My careful words.</textarea>" in refused.content.decode()
    assert not Message.objects.filter(direction="out").exists()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("news@elsewhere.test", "does not reach Everyhand"),
        (HELP.upper(), "This address is here already"),
        ("help", "valid email address"),
    ],
)
def test_an_address_must_be_ours_and_new(house: House, address: str, says: str) -> None:
    Mailbox.objects.create(address=HELP)
    FromAddress.objects.create(address=HELP)
    typed = {"address": address, "name": "News", "signature": "Kind regards"}
    refused = browser_of(house.ines).post("/from-addresses/new", typed)
    assert refused.status_code == 422
    assert says in refused.content.decode()
    assert "Kind regards</textarea>" in refused.content.decode()
    assert FromAddress.objects.count() == 1


@pytest.mark.usefixtures("addresses")
def test_removed_nothing_comes_from_it_and_what_came_stays(house: House) -> None:
    conversation = arrives().conversation
    assert reply(house.ana, conversation, **{"from": PRESS}) == 302
    browser = browser_of(house.ines)
    press = FromAddress.objects.get(address=PRESS)
    assert browser.post(f"/from-addresses/{press.pk}/removal").status_code == 302

    assert "can’t come from" in browser.get("/from-addresses").content.decode()
    assert PRESS not in browser.get("/from-addresses").content.decode()
    assert sent_from() == PRESS
    assert reply(house.ana, conversation, text="More", **{"from": PRESS}) == 422
