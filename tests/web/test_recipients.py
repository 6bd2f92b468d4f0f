"""Whom a reply goes to is in sight and can be changed; who is new takes part, and reads nothing from before."""

from __future__ import annotations

from typing import Any

import pytest

from everyhand.channels.email.models import Mailbox
from everyhand.channels.email.outbound.compose import compose
from everyhand.conversations import queries, taking_part
from everyhand.conversations.models import Conversation, Delivery, Draft, Message, Participant
from everyhand.customers.actions import identify
from everyhand.desk.inbound import Address
from everyhand.desk.receive import Received
from tests.cast import HELP
from tests.web.house import House, arrives, browser_of

BEA = Address("Bea Brown", "bea@example.org")


def with_bea(house: House) -> Received:
    """Ada writes with Bea in copy, and Ana lets Bea take part."""
    received = arrives(cc=[BEA])
    bea = Participant.objects.get(conversation=received.conversation, approved_at=None)
    taking_part.approve(bea, by=house.ana, at=received.message.at)
    return received


def sends(house: House, received: Received, **typed: Any) -> tuple[int, str]:
    said = {"text": "It is on its way.", "seen": received.message.pk, **typed}
    answer = browser_of(house.ana).post(f"/conversations/{received.conversation.pk}/replies", said)
    return answer.status_code, answer.content.decode()


def reached(conversation: Conversation) -> set[str]:
    return set(Delivery.objects.filter(message__conversation=conversation).values_list("address", flat=True))


def test_the_customer_gets_it_and_in_copy_who_was_let_in(house: House) -> None:
    received = with_bea(house)
    page = browser_of(house.ana).get(f"/conversations/{received.conversation.pk}").content.decode()
    assert 'name="to" value="ada@example.org"' in page
    assert 'name="cc" value="bea@example.org"' in page

    assert sends(house, received, to="ada@example.org", cc="bea@example.org")[0] == 302

    letter = compose(Message.objects.get(direction="out")).decode()
    assert "To: Ada Brown <ada@example.org>\r\n" in letter
    assert "Cc: Bea Brown <bea@example.org>\r\n" in letter
    assert reached(received.conversation) == {"ada@example.org", "bea@example.org"}


def test_whoever_is_added_takes_part_from_now_on_and_reads_nothing_from_before(house: House) -> None:
    received = arrives("No paper on route 4 today. My PIN is 1234.")
    sends(house, received, to="ada@example.org", cc='"Brown, Cleo" <cleo@example.org>')

    reply = Message.objects.get(direction="out")
    assert {"name": "Brown, Cleo", "email": "cleo@example.org", "as": "cc"} in reply.recipients
    assert "1234" not in compose(reply).decode()
    cleo = Participant.objects.get(identity__value="cleo@example.org").identity
    assert queries.takes_part(received.conversation, cleo)
    page = browser_of(house.ana).get(f"/conversations/{received.conversation.pk}").content.decode()
    assert 'name="cc" value="cleo@example.org"' in page
    assert "Ana Silva let Brown, Cleo take part" in page


def test_whoever_is_taken_out_gets_the_next_one_again_unless_they_shall_not(house: House) -> None:
    received = with_bea(house)
    sends(house, received, to="ada@example.org", cc="")
    assert reached(received.conversation) == {"ada@example.org"}
    assert [address for address, _ in taking_part.addressees(received.conversation).cc] == ["bea@example.org"]

    sends(house, received, text="Once more.", to="ada@example.org", cc="", and_later="yes")
    assert not taking_part.addressees(received.conversation).cc


@pytest.mark.parametrize(
    ("to", "cc", "sentence"),
    [
        ("ada@example.org, adaexample.org", "", "“adaexample.org” is no mail address"),
        ("ada@example.org", "Bea <bea@>", "“Bea &lt;bea@&gt;” is no mail address"),
        ("", "ada@example.org", "leave at least one of their addresses in here"),
        ("cleo@example.org", "", "A reply goes to Ada Brown"),
        ("ada@example.org", "ben@courier.test", "Ben Okoro is a colleague. Call them in with @"),
        ("ada@example.org", HELP, "help@courier.test is an address of ours"),
        ("ada@example.org", ",".join(f"a{n}@example.org" for n in range(20)), "Write to 20 people at most"),
        ("ada@example.org", "a@example.org\r\nBcc: b@example.org", "is no mail address"),
    ],
)
def test_what_can_not_be_is_said_beside_the_field_and_nothing_typed_is_lost(
    house: House, to: str, cc: str, sentence: str
) -> None:
    Mailbox.objects.create(address=HELP)
    received = arrives()
    status, page = sends(house, received, to=to, cc=cc)
    assert status == 422
    assert sentence in page
    assert "It is on its way.</textarea>" in page
    assert '<details class="recipients" open>' in page
    assert not Message.objects.filter(direction="out").exists()
    assert Draft.objects.get().recipients["to"] == to


def test_a_draft_keeps_whom_it_is_for_and_what_is_taken_back_does_too(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    typed = {"text": "Dear both, ", "kind": "message", "to": "ada@example.org", "cc": "cleo@example.org"}
    browser.post(f"/conversations/{received.conversation.pk}/drafts", typed)
    page = browser.get(f"/conversations/{received.conversation.pk}").content.decode()
    assert 'name="cc" value="cleo@example.org"' in page

    sends(house, received, **{**typed, "draft": Draft.objects.get().token, "cc": ""})
    taking_part.approve(
        Participant.objects.create(
            conversation=received.conversation,
            identity=identify(email=BEA.email, name=BEA.name, at=received.message.at),
            proposed_at=received.message.at,
        ),
        by=house.ana,
        at=received.message.at,
    )
    reply = Message.objects.get(direction="out")
    browser.post(f"/messages/{reply.pk}/undo")
    assert Draft.objects.get().recipients == {"to": "ada@example.org", "cc": ""}
