"""Guessing passwords, codes and addresses: slowed down where it comes from, told nothing, and no harm to the victim."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from tests.web.house import House
from tests.web.test_ways_in import PASSWORD, digits, is_in, sets_up_the_app, signed_in

GUESSER, HOME = "192.0.2.66", "198.51.100.7"
KNOWN, UNKNOWN = "ana@courier.test", "nobody@example.org"


def body(response: Any, address: str) -> str:
    """The page without what differs for everybody: the typed address, and the token of the form."""
    text = response.content.decode().replace(address, "ADDRESS")
    return re.sub(r'(value|nonce|content)="[\w+/=-]{20,}"|[\w-]{60,}', "TOKEN", text)


@pytest.fixture
def ana_has_a_password(house: House) -> None:
    house.ana.set_password(PASSWORD)
    house.ana.save()


@pytest.mark.usefixtures("ana_has_a_password")
@pytest.mark.parametrize(
    ("path", "field", "more"),
    [
        ("/sign-in", "login", {"password": "wrong"}),
        ("/sign-in/code", "email", {}),
        ("/password/reset", "email", {}),
    ],
)
def test_known_and_unknown_addresses_get_the_same_answer_to_the_letter(
    path: str, field: str, more: dict[str, str]
) -> None:
    said = []
    for address in (KNOWN, UNKNOWN):
        browser = Client(REMOTE_ADDR=HOME if address == KNOWN else "198.51.100.8")
        first = browser.post(path, {field: address, **more})
        after = browser.get(first.headers["Location"]) if first.status_code == 302 else first
        said.append((first.status_code, first.headers.get("Location"), body(after, address)))
    assert said[0] == said[1]


@pytest.mark.usefixtures("ana_has_a_password")
@pytest.mark.parametrize(
    ("path", "field", "more"),
    [
        ("/sign-in", "login", {"password": "wrong"}),
        ("/sign-in/code", "email", {}),
        ("/password/reset", "email", {}),
    ],
)
def test_they_are_slowed_down_alike(path: str, field: str, more: dict[str, str]) -> None:
    answers = {
        address: [Client(REMOTE_ADDR=place).post(path, {field: address, **more}).status_code for _ in range(30)]
        for address, place in ((KNOWN, GUESSER), (UNKNOWN, "192.0.2.99"))
    }
    assert answers[KNOWN] == answers[UNKNOWN]
    assert answers[KNOWN][-1] != answers[KNOWN][0] or path == "/sign-in"


@pytest.mark.usefixtures("ana_has_a_password")
def test_whoever_is_guessed_at_comes_in_from_elsewhere_meanwhile(house: House) -> None:
    for number in range(30):
        Client(REMOTE_ADDR=GUESSER).post("/sign-in", {"login": KNOWN, "password": f"guess {number}"})
    guesser = Client(REMOTE_ADDR=GUESSER)
    guesser.post("/sign-in", {"login": KNOWN, "password": PASSWORD})
    assert not is_in(guesser)
    ana = Client(REMOTE_ADDR=HOME)
    ana.post("/sign-in", {"login": KNOWN, "password": PASSWORD})
    assert is_in(ana)


def test_a_code_is_good_for_three_guesses(house: House) -> None:
    browser = Client()
    browser.post("/sign-in/code", {"email": KNOWN})
    code = re.search(r"^\s*([A-Z0-9-]{6,12})\s*$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code
    for _ in range(3):
        browser.post("/sign-in/code/confirmation", {"code": "AAAAAA"})
    browser.post("/sign-in/code/confirmation", {"code": code[1]})
    assert not is_in(browser)


@pytest.mark.usefixtures("ana_has_a_password")
def test_six_digits_cannot_be_tried_through(house: House) -> None:
    """Of a second factor as many guesses are taken as five in five minutes, from wherever they come."""
    secret = sets_up_the_app(signed_in(house.ana))
    guesser = Client()
    for number in range(8):
        guesser = Client(REMOTE_ADDR=f"192.0.2.{number}")
        guesser.post("/sign-in", {"login": KNOWN, "password": PASSWORD})
        guesser.post("/sign-in/second-factor", {"code": f"00000{number}"})
    guesser.post("/sign-in/second-factor", {"code": digits(secret)})
    assert not is_in(guesser)
