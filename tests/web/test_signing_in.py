"""Coming in by password, by a code in the mail and by a one-time link; staying out otherwise."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from everyhand.people import actions as people
from everyhand.people.models import SignInLink
from tests.web.house import House, arrives, browser_of

PASSWORD = "a newspaper a day"


def words(response: Any) -> str:
    return str(response.content.decode())


def is_signed_in(browser: Client) -> bool:
    return browser.get("/inbox/mine").status_code == 200


def test_ana_signs_in_with_her_password_and_out_again(house: House) -> None:
    house.ana.set_password(PASSWORD)
    house.ana.save()
    browser = Client()
    browser.post("/sign-in", {"login": "Ana@Courier.test", "password": PASSWORD})
    assert is_signed_in(browser)
    browser.post("/sign-out")
    assert not is_signed_in(browser)


def test_carla_signs_in_with_a_code_that_we_mail_her(house: House) -> None:
    browser = Client()
    asked = browser.post("/sign-in/code", {"email": "carla@courier.test"}, follow=True)
    assert "carla@courier.test" in words(asked)
    (letter,) = mail.outbox
    assert letter.to == ["carla@courier.test"]
    code = re.search(r"^\s*([A-Z0-9-]{6,12})\s*$", str(letter.body), re.MULTILINE)
    assert code
    browser.post("/sign-in/code/confirmation", {"code": code[1]})
    assert is_signed_in(browser)


def test_a_wrong_code_does_not_open_the_door(house: House) -> None:
    browser = Client()
    browser.post("/sign-in/code", {"email": "carla@courier.test"})
    browser.post("/sign-in/code/confirmation", {"code": "AAAAAA"})
    assert not is_signed_in(browser)


def test_strangers_learn_nothing_and_get_no_mail(house: House) -> None:
    known, unknown = Client(), Client()
    first = known.post("/sign-in/code", {"email": "carla@courier.test"}, follow=True)
    second = unknown.post("/sign-in/code", {"email": "stranger@example.org"}, follow=True)
    assert first.status_code == second.status_code
    forgot = Client().post("/password/reset", {"email": "stranger@example.org"}, follow=True)
    assert forgot.status_code == 200
    assert [letter.to for letter in mail.outbox] == [["carla@courier.test"]]


def test_a_forgotten_password_is_set_anew_by_mail(house: House) -> None:
    house.ana.set_password("forgotten long ago")
    house.ana.save()
    browser = Client()
    browser.post("/password/reset", {"email": "ana@courier.test"})
    link = re.search(r"https?://\S+?(/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link
    form = browser.get(link[1], follow=True)
    saved = browser.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD}, follow=True)
    assert saved.status_code == 200
    house.ana.refresh_from_db()
    assert house.ana.check_password(PASSWORD)


def test_nobody_signs_up(house: House) -> None:
    page = Client().post("/sign-in/new", {"email": "stranger@example.org", "password1": PASSWORD})
    assert page.status_code == 200
    assert not type(house.ana).objects.filter(email="stranger@example.org").exists()


def test_a_link_from_the_shell_asks_first_and_signs_in_once(house: House) -> None:
    token = people.make_sign_in_link(house.ana, at=timezone.now(), valid_for=timedelta(hours=1))
    assert token not in str(SignInLink.objects.values())
    scanner, browser, late = Client(), Client(), Client()
    assert "Sign in as Ana Silva" in words(scanner.get(f"/sign-in/{token}"))
    scanner.head(f"/sign-in/{token}")
    assert not is_signed_in(scanner)
    browser.post(f"/sign-in/{token}")
    assert is_signed_in(browser)
    assert late.post(f"/sign-in/{token}").status_code == 410
    assert late.get(f"/sign-in/{token}").status_code == 410


def test_a_link_runs_out(house: House) -> None:
    an_hour_ago = timezone.now() - timedelta(minutes=61)
    token = people.make_sign_in_link(house.ana, at=an_hour_ago, valid_for=timedelta(hours=1))
    assert Client().post(f"/sign-in/{token}").status_code == 410


def test_whoever_was_disabled_is_out_at_the_next_step(house: House) -> None:
    browser = browser_of(house.carla)
    assert is_signed_in(browser)
    people.disable(house.carla, by=house.ines, at=timezone.now())
    assert browser.get("/inbox/mine").headers["Location"].startswith("/sign-in?")
    token = people.make_sign_in_link(house.carla, at=timezone.now(), valid_for=timedelta(hours=1))
    assert Client().post(f"/sign-in/{token}").status_code == 410


def test_guessing_passwords_is_slowed_down_for_this_address_and_this_place(house: House) -> None:
    house.ana.set_password(PASSWORD)
    house.ana.save()
    guesser = Client(REMOTE_ADDR="192.0.2.66")
    answers = [guesser.post("/sign-in", {"login": "ana@courier.test", "password": f"guess {n}"}) for n in range(12)]
    assert {answer.status_code for answer in answers} <= {200, 429}
    guesser.post("/sign-in", {"login": "ana@courier.test", "password": PASSWORD})
    assert not is_signed_in(guesser)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP"])
def test_a_header_that_anybody_can_write_does_not_make_somebody_else_of_a_guesser(house: House, header: str) -> None:
    house.ana.set_password(PASSWORD)
    house.ana.save()
    guesser = Client(REMOTE_ADDR="192.0.2.67")
    for number in range(12):
        typed = {"login": "ana@courier.test", "password": f"guess {number}"}
        guesser.post("/sign-in", typed, headers={header: f"198.51.100.{number}"})
    guesser.post("/sign-in", {"login": "ana@courier.test", "password": PASSWORD})
    assert not is_signed_in(guesser)


def test_after_signing_in_ana_is_where_she_wanted_to_go_and_nowhere_else(house: House) -> None:
    house.ana.set_password(PASSWORD)
    house.ana.save()
    conversation = arrives().conversation
    asked = Client().get(f"/conversations/{conversation.pk}")
    assert asked.headers["Location"] == f"/sign-in?next=/conversations/{conversation.pk}"
    typed = {"login": "ana@courier.test", "password": PASSWORD}
    there = Client().post("/sign-in", {**typed, "next": f"/conversations/{conversation.pk}"})
    assert there.headers["Location"] == f"/conversations/{conversation.pk}"
    away = Client().post("/sign-in", {**typed, "next": "https://elsewhere.example/"})
    assert "elsewhere" not in away.headers["Location"]


def test_a_page_that_asks_by_itself_is_sent_to_the_sign_in(house: House) -> None:
    asked = Client().get("/inbox/mine", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://testserver/conversations/7")
    assert asked.status_code == 401
    assert asked.headers["HX-Redirect"] == "/sign-in?next=%2Fconversations%2F7"


def test_what_was_typed_survives_the_end_of_a_session(house: House) -> None:
    conversation = arrives().conversation
    page = Client().post(f"/conversations/{conversation.pk}/replies", {"text": "Dear Ada, an hour of work", "seen": 1})
    assert page.status_code == 403
    assert "Dear Ada, an hour of work" in words(page)


def test_what_was_typed_survives_a_form_without_its_token(house: House) -> None:
    conversation = arrives().conversation
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(house.ana, backend="everyhand.people.backends.Passwords")
    page = browser.post(f"/conversations/{conversation.pk}/replies", {"text": "Dear Ada <3", "password": PASSWORD})
    assert page.status_code == 403
    assert "Dear Ada &lt;3" in words(page)
    assert PASSWORD not in words(page)
