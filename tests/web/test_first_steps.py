"""The first hour of an administrator: only what is really done counts."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from everyhand.channels.email.accept import Arriving, accept
from everyhand.cli import worker
from everyhand.cli.demo import wishes
from everyhand.conversations.models import Delivery
from everyhand.people.models import DemoWish, Member
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

    monkeypatch.setattr("everyhand.promises.terms.settings", WithAPromise())
    assert "All of it is done." in words(browser.get("/first-steps"))


@pytest.mark.parametrize("source", ["smtp 192.0.2.1", "lmtp localhost", "webhook mailgun"])
def test_mail_that_a_server_or_a_provider_brings_comes_in(house: House, source: str) -> None:
    page = browser_of(house.ines)
    accept(Arriving(b"From: ada@readers.test\n\nHello", "inbox/17.eml"), at=timezone.now())
    assert "0 of 4 are done." in words(page.get("/first-steps"))  # written here, from the shell

    accept(Arriving(b"From: ben@readers.test\n\nHello", source), at=timezone.now())
    assert "1 of 4 are done." in words(page.get("/first-steps"))


def test_the_demo_counts_for_nothing(house: House) -> None:
    answers(house.ana, arrives().conversation, "Thank you.")
    Delivery.objects.update(address="ada@readers.example", done_at=timezone.now())
    Member.objects.exclude(pk=house.ines.pk).update(last_login=timezone.now())
    for member in Member.objects.exclude(pk=house.ines.pk):
        Member.objects.filter(pk=member.pk).update(email=f"{member.pk}@riverside-courier.example")

    page = words(browser_of(house.ines).get("/first-steps"))

    assert "0 of 4 are done." in page
    assert 'action="/first-steps/demo/removal"' in page


class WithAPromise:
    """The settings of an operator who has decided how soon a customer gets an answer."""

    def __init__(self) -> None:
        house = settings.EVERYHAND
        self.EVERYHAND = type(house)(house.data, house.values, frozenset({"first_reply"}))


def test_an_administrator_looks_around_in_a_made_up_company_until_they_have_seen_enough(house: House) -> None:
    browser = browser_of(house.ines)
    assert "Look around first" in words(browser.get("/first-steps"))

    assert browser.post("/first-steps/demo").headers["Location"] == "/first-steps"
    coming = words(browser.get("/first-steps"))
    assert "The Riverside Courier moves in." in coming
    assert 'hx-trigger="every 1s"' in coming

    worker._each(DemoWish, wishes.fulfil, timezone.now())
    assert "The Riverside Courier is here" in words(browser.get("/first-steps"))
    assert "No paper again" in words(browser.get("/inbox/everyone"))

    browser.post("/first-steps/demo/removal")
    assert "The Riverside Courier moves out." in words(browser.get("/first-steps"))
    worker._each(DemoWish, wishes.fulfil, timezone.now())
    assert 'action="/first-steps/demo"' in words(browser.get("/first-steps"))
    assert "No paper again" not in words(browser.get("/inbox/everyone"))


def test_beside_customers_who_wait_no_made_up_ones_are_offered(house: House) -> None:
    arrives()
    browser = browser_of(house.ines)
    assert 'action="/first-steps/demo"' not in words(browser.get("/first-steps"))
    refused = words(browser.post("/first-steps/demo", follow=True))
    assert "Customers have written already" in refused
    assert not DemoWish.objects.exists()


def test_a_demo_that_could_not_come_says_so_and_can_be_taken_away(house: House) -> None:
    browser = browser_of(house.ines)
    browser.post("/first-steps/demo")
    DemoWish.objects.update(quarantined_at=timezone.now())
    stuck = words(browser.get("/first-steps"))
    assert "That did not work" in stuck
    assert 'action="/first-steps/demo/removal"' in stuck
