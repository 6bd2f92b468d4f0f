"""The address of a file is its token, and good only for whoever may read the conversation, for as long as they may."""

from __future__ import annotations

import pytest
from django.test import Client

from everyhand.conversations.models import Attachment
from everyhand.desk.inbound import File
from everyhand.people import actions as people
from tests.cast import NOON
from tests.web.house import House, arrives, browser_of


@pytest.fixture
def private(house: House) -> str:
    """The address of a file that only HR may read."""
    arrives("About my contract.", to="hr@courier.test", files=[File("contract.pdf", "application/pdf", b"secret")])
    return f"/attachments/{Attachment.objects.get().token}"


def leaks(browser: Client, address: str) -> bool:
    """Whether any way to ask for it gives anything away."""
    answers = [
        browser.get(address),
        browser.head(address),
        browser.get(address, headers={"range": "bytes=0-1"}),
        browser.get(f"{address}?x=1"),
    ]
    said = b"".join(answer.content for answer in answers) + repr([answer.headers for answer in answers]).encode()
    return {answer.status_code for answer in answers} - {302, 404} != set() or b"secret" in said or b"contract" in said


def test_only_who_may_read_the_conversation_gets_its_files(house: House, private: str) -> None:
    assert browser_of(house.dora).get(private).content == b"secret"
    for somebody in (house.ana, house.carla, house.ines, None):
        assert leaks(browser_of(somebody), private) is False


def test_no_address_leads_to_its_neighbour(house: House, private: str) -> None:
    dora = browser_of(house.dora)
    token = private.rpartition("/")[2]
    assert len(token) * 5 >= 128
    neighbour = token[:-1] + ("a" if token[-1] != "a" else "b")
    for guess in (neighbour, token[:-1], token + "a", token.upper(), str(Attachment.objects.get().pk), "0", "-"):
        assert dora.get(f"/attachments/{guess}").status_code == 404


def test_whoever_signed_out_or_was_disabled_has_lost_it(house: House, private: str) -> None:
    signed_out, disabled = browser_of(house.dora), browser_of(house.dora)
    signed_out.logout()
    assert leaks(signed_out, private) is False
    assert leaks(disabled, private) is True
    people.disable(house.dora, by=house.ines, at=NOON)
    assert leaks(disabled, private) is False


def test_a_part_of_a_file_is_not_served_apart(house: House, private: str) -> None:
    asked = browser_of(house.dora).get(private, headers={"range": "bytes=0-1"})
    assert (asked.status_code, asked.content) == (200, b"secret")
    assert browser_of(house.dora).head(private).content == b""
