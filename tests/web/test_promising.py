"""How soon an answer is promised is set on a page, and holds for whoever writes from then on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from everyhand.promises import terms
from everyhand.promises.models import Promise
from tests.web.house import House, answers, arrives, browser_of

TYPED = {"first_reply": "90", "first_unit": "minutes", "next_reply": "1", "next_unit": "days"}


def within(promise: Promise) -> timedelta:
    return promise.due_at - promise.made_at


def test_what_an_administrator_sets_is_promised_from_then_on(house: House) -> None:
    before = arrives().conversation
    browser = browser_of(house.ines)

    assert browser.post("/ladders/promises", TYPED).status_code == 302
    first = arrives("Still none.").conversation
    answers(house.ana, first, "Soon.")
    arrives("And now?", proof=first.pk)

    assert within(before.promises.get()) == timedelta(hours=2)
    assert [within(one) for one in first.promises.order_by("pk")] == [timedelta(minutes=90), timedelta(days=1)]


def test_everybody_reads_it_in_their_own_words(house: House) -> None:
    browser_of(house.ines).post("/ladders/promises", TYPED)

    page = browser_of(house.carla).get("/ladders").content.decode()
    assert "A first personal reply within 90 minutes" in page
    assert "An answer to what they write after that within 1 day" in page
    house.carla.language = "de"
    house.carla.save()
    assert "innerhalb von 90 Minuten" in browser_of(house.carla).get("/ladders").content.decode()


def test_what_was_set_is_found_in_the_form_again(house: House) -> None:
    browser = browser_of(house.ines)
    browser.post("/ladders/promises", TYPED)

    page = browser.get("/ladders/promises").content.decode()

    assert 'name="first_reply" value="90"' in page
    assert '<option value="days" selected>' in page


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"first_reply": "1"}, "Promise something between 5 minutes and 30 days."),
        ({"next_reply": "31"}, "Promise something between 5 minutes and 30 days."),
        ({"next_reply": "soon"}, "Enter a whole number."),
        ({"first_unit": "years"}, "is not one of the available choices"),
    ],
)
def test_what_can_not_be_promised_is_told_and_what_was_typed_stays(
    house: House, typed: dict[str, str], told: str
) -> None:
    answer = browser_of(house.ines).post("/ladders/promises", {**TYPED, **typed})

    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert terms.current().first_reply == timedelta(hours=2)


def test_it_counts_as_a_first_step(house: House) -> None:
    assert not terms.are_set()

    terms.keep(terms.HowSoon(timedelta(hours=1), timedelta(hours=1)), by=house.ines, at=timezone.now())

    assert terms.are_set()
