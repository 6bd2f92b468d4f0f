"""Links that let somebody in: to the address we are set to, good once, for a while, and for whom they were made."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from everyhand.people import actions as people
from everyhand.people import invitations
from everyhand.people.models import Member
from tests.web.house import House, browser_of
from tests.web.test_ways_in import PASSWORD, is_in

EVIL = (
    {"HTTP_X_FORWARDED_HOST": "evil.test"},
    {"HTTP_HOST": "localhost", "HTTP_X_FORWARDED_HOST": "evil.test", "HTTP_X_FORWARDED_PROTO": "https"},
    {"HTTP_HOST": "localhost:666"},
    {"HTTP_FORWARDED": "host=evil.test", "HTTP_X_ORIGINAL_HOST": "evil.test"},
)


@pytest.fixture
def reset(house: House) -> str:
    """The path that the mail about Ana's forgotten password leads to."""
    house.ana.set_password("forgotten long ago")
    house.ana.save()
    Client().post("/password/reset", {"email": "ana@courier.test"})
    found = re.search(r"https?://\S+?(/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def sets(path: str, password: str = PASSWORD, browser: Client | None = None) -> Any:
    """Open the mailed link and type a new password."""
    browser = browser or Client()
    form = browser.get(path, follow=True)
    where = form.redirect_chain[-1][0] if form.redirect_chain else path
    return browser.post(where, {"password1": password, "password2": password}, follow=True)


def password_of(member: Member) -> Callable[[str], bool]:
    member.refresh_from_db()
    return member.check_password


@pytest.mark.parametrize("headers", EVIL)
def test_whatever_a_request_says_the_links_we_mail_lead_to_us(house: House, headers: dict[str, str]) -> None:
    house.ana.set_password(PASSWORD)
    house.ana.save()
    Client().post("/password/reset", {"email": "ana@courier.test"}, **headers)  # type: ignore[arg-type]
    Client().post("/sign-in/code", {"email": "carla@courier.test"}, **headers)  # type: ignore[arg-type]
    browser = browser_of(house.ines)
    browser.post("/people/invitations/address", {"email": "fay@courier.test", "role": "member"}, **headers)  # type: ignore[arg-type]
    page = browser.post("/people/invitations/link", {"places": "2", "days": "7"}, **headers)  # type: ignore[arg-type]
    said = "\n".join(str(letter.body) for letter in mail.outbox) + page.content.decode()
    assert "evil" not in said
    assert ":666" not in said
    links = re.findall(r"https?://[^/\s\"<]+(?=/(?:password|join)/)", said)
    assert len(links) >= 3
    assert set(links) == {"http://127.0.0.1:8000"}


def test_a_reset_is_good_once(house: House, reset: str) -> None:
    sets(reset)
    assert password_of(house.ana)(PASSWORD)
    sets(reset, "an attacker's new one")
    assert password_of(house.ana)(PASSWORD)


def test_two_who_open_it_at_the_same_time_set_one_password(house: House, reset: str) -> None:
    first, second = Client(), Client()
    forms = [browser.get(reset, follow=True).redirect_chain[-1][0] for browser in (first, second)]
    first.post(forms[0], {"password1": PASSWORD, "password2": PASSWORD})
    second.post(forms[1], {"password1": "the slower one's", "password2": "the slower one's"})
    assert password_of(house.ana)(PASSWORD)


@pytest.mark.parametrize("becomes", ["disabled", "called something else", "signed in by then"])
def test_a_reset_ends_when_its_owner_is_not_who_asked(house: House, reset: str, becomes: str) -> None:
    if becomes == "disabled":
        people.disable(house.ana, by=house.ines, at=timezone.now())
    elif becomes == "called something else":
        people.change_member(house.ana, by=house.ines, at=timezone.now(), email="ana.silva@courier.test")
    else:
        browser = Client()
        browser.post("/sign-in", {"login": "ana@courier.test", "password": "forgotten long ago"})
        assert is_in(browser)
    sets(reset)
    assert not password_of(house.ana)(PASSWORD)


def test_a_reset_runs_out_within_an_hour(house: House, reset: str, time_machine: Any) -> None:
    time_machine.move_to(timezone.now() + timedelta(minutes=61))
    sets(reset)
    assert not password_of(house.ana)(PASSWORD)


def test_a_code_runs_out(house: House, time_machine: Any) -> None:
    browser = Client()
    browser.post("/sign-in/code", {"email": "carla@courier.test"})
    code = re.search(r"^\s*([A-Z0-9-]{6,12})\s*$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code
    time_machine.move_to(timezone.now() + timedelta(minutes=11))
    browser.post("/sign-in/code/confirmation", {"code": code[1]})
    assert not is_in(browser)


@pytest.mark.parametrize("empty", ["%20", "0", "-", "None", "null", "%00", "a" * 500, "..", "%F0%9F%90%88"])
def test_an_empty_or_made_up_secret_opens_nothing(house: House, empty: str) -> None:
    now = timezone.now()
    people.make_sign_in_link(house.ana, at=now, valid_for=timedelta(hours=1))
    invitations.invite(by=house.ines, at=now, places=3)
    before = Member.objects.count()
    for path in (f"/sign-in/{empty}", f"/join/{empty}", f"/password/reset/key/{empty}-{empty}"):
        browser = Client()
        typed = {"name": "Eve", "email": "eve@evil.test", "password1": PASSWORD, "password2": PASSWORD}
        assert browser.post(path, typed).status_code in (200, 302, 404, 410)
        assert not is_in(browser)
    assert Member.objects.count() == before
    assert not password_of(house.ana)(PASSWORD)


def test_a_code_of_a_changed_address_or_a_disabled_member_opens_nothing(house: House) -> None:
    browser = Client()
    browser.post("/sign-in/code", {"email": "carla@courier.test"})
    code = re.search(r"^\s*([A-Z0-9-]{6,12})\s*$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code
    people.disable(house.carla, by=house.ines, at=timezone.now())
    browser.post("/sign-in/code/confirmation", {"code": code[1]})
    assert not is_in(browser)
