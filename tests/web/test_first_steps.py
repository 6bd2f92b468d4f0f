"""The first hour of an administrator: only what is really done counts."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from everyhand.conversations.models import Delivery
from everyhand.people.models import Member
from tests.channels.email.fetching.conftest import connected
from tests.web.house import House, answers, arrives, browser_of


def words(response: Any) -> str:
    return str(response.content.decode())


def test_whoever_sets_up_an_empty_house_is_led_there_until_they_leave_it_out(house: House) -> None:
    browser = browser_of(house.ines)
    assert browser.get("/").headers["Location"] == "/first-steps"
    assert browser_of(house.ana).get("/").headers["Location"] == "/inbox/mine"

    browser.post("/first-steps/skipped")

    assert browser.get("/").headers["Location"] == "/inbox/mine"
    assert 'href="/first-steps"' in words(browser.get("/inbox/mine"))  # it is found again
    assert 'href="/first-steps"' not in words(browser_of(house.ana).get("/inbox/mine"))


def test_where_customers_have_written_nobody_is_led_there(house: House) -> None:
    arrives()

    assert browser_of(house.ines).get("/").headers["Location"] == "/inbox/mine"


def test_each_step_counts_when_it_is_done(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, now = browser_of(house.ines), timezone.now()
    assert "0 of 4 are done." in words(browser.get("/first-steps"))

    box = connected("mail.test", 993)
    assert "0 of 4 are done." in words(browser.get("/first-steps"))  # connected is not fetched
    box.last_ok_at = now
    box.save()
    assert "1 of 4 are done." in words(browser.get("/first-steps"))

    answers(house.ana, arrives().conversation, "Thank you.")
    Delivery.objects.update(address="ada@readers.test")
    assert "1 of 4 are done." in words(browser.get("/first-steps"))  # it has not left yet
    Delivery.objects.update(done_at=now)
    assert "2 of 4 are done." in words(browser.get("/first-steps"))

    Member.objects.filter(pk__in=[house.ana.pk, house.ben.pk]).update(last_login=now)
    assert "2 colleagues have signed in so far." in words(browser.get("/first-steps"))
    Member.objects.filter(pk=house.carla.pk).update(last_login=now)
    assert "3 of 4 are done." in words(browser.get("/first-steps"))

    monkeypatch.setattr("everyhand.web.first_steps.settings", WithAPromise())
    assert "All of it is done." in words(browser.get("/first-steps"))


def test_the_demo_counts_for_nothing(house: House) -> None:
    answers(house.ana, arrives().conversation, "Thank you.")
    Delivery.objects.update(address="ada@readers.example", done_at=timezone.now())
    Member.objects.exclude(pk=house.ines.pk).update(last_login=timezone.now())
    for member in Member.objects.exclude(pk=house.ines.pk):
        Member.objects.filter(pk=member.pk).update(email=f"{member.pk}@riverside-courier.example")

    page = words(browser_of(house.ines).get("/first-steps"))

    assert "0 of 4 are done." in page
    assert "everyhand demo remove" in page


class WithAPromise:
    """The settings of an operator who has decided how soon a customer gets an answer."""

    def __init__(self) -> None:
        house = settings.EVERYHAND
        self.EVERYHAND = type(house)(house.data, house.values, frozenset({"first_reply"}))
