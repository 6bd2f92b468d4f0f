"""Carla reads German: every page, every mail and every moment speaks it to her."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel import localedata
from babel.messages.pofile import read_po
from django.core import mail
from django.test import Client
from django.utils import timezone, translation

from everyhand.conversations.models import Conversation
from everyhand.people import hours
from everyhand.people.models import Member, Role
from everyhand.web import moments
from tests.web.house import House, arrives, browser_of

CATALOGUE = Path(__file__).parent.parent.parent / "src/everyhand/locale/de/LC_MESSAGES/django.po"

PAGES = (
    "/inbox/mine",
    "/inbox/teams?status=waiting",
    "/inbox/everyone?status=closed",
    "/conversations/{conversation}",
    "/search",
    "/search?q=nirgendwo",
    "/people",
    "/people/new",
    "/people/{carla}",
    "/people/{ben}/details",
    "/people/{ben}/disabling",
    "/teams",
    "/teams/new",
    "/teams/delivery",
    "/teams/delivery/details",
    "/ownership-map",
    "/profile",
    "/mail-ledger",
    "/quarantine",
    "/stuck-work",
    "/password/first",
    "/nowhere",
)
DOORS = ("/sign-in", "/sign-in/code", "/password/reset", "/password/reset/done", "/sign-in/new", "/sign-in/used-up")


@pytest.fixture
def carla(house: House) -> Client:
    """Her browser. She sets up, so that no page is closed to her."""
    house.carla.language, house.carla.role = "de", Role.ADMIN
    house.carla.save()
    return browser_of(house.carla)


@pytest.fixture(scope="module")
def english() -> set[str]:
    """What says something else in German."""
    with CATALOGUE.open("rb") as opened:
        catalogue = read_po(opened)
    return {str(one.id) for one in catalogue if one.id and not one.pluralizable and one.id != one.string}


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_wholly_german(house: House, carla: Client, english: set[str], address: str) -> None:
    arrives("Keine Zeitung")
    page = carla.get(
        address.format(conversation=Conversation.objects.get().pk, carla=house.carla.pk, ben=house.ben.pk),
        headers={"Accept-Language": "en"},
    )

    titles = set(Member.objects.values_list("title", flat=True))
    assert page.status_code == (404 if address == "/nowhere" else 200)
    assert (words_of(page) & english) - titles == set()
    assert '<html lang="de"' in page.content.decode()


@pytest.mark.parametrize("address", DOORS)
def test_the_door_is_german_for_a_german_browser(house: House, english: set[str], address: str) -> None:
    page = Client().get(address, headers={"Accept-Language": "de-AT,de;q=0.9"}, follow=True)

    assert words_of(page) & english == set()
    assert '<html lang="de"' in page.content.decode()


def test_what_is_wrong_is_said_in_german(house: House, carla: Client) -> None:
    arrives("Keine Zeitung")
    conversation = Conversation.objects.get().pk

    assert "Schreiben Sie zuerst etwas" in text_of(carla.post(f"/conversations/{conversation}/replies", {"text": ""}))
    assert "„jederzeit“ ist nicht klar" in text_of(carla.post("/profile", {"name": "Carla", "hours": "jederzeit"}))
    assert "Dieses Feld ist zwingend erforderlich" in text_of(carla.post("/profile", {"name": ""}))
    assert "gibt es nicht" in text_of(carla.post("/profile", {"name": "Carla", "time_zone": "Mond/Krater"}))


def test_one_and_many_are_told_apart(house: House, carla: Client) -> None:
    arrives("Keine Zeitung")
    assert "1 Person wartet" in text_of(carla.get("/people"))
    arrives("Wieder keine")
    assert "2 Personen warten" in text_of(carla.get("/people"))


def test_a_code_is_mailed_in_the_members_language_whatever_the_browser_speaks(house: House, carla: Client) -> None:
    Client().post("/sign-in/code", {"email": house.carla.email}, headers={"Accept-Language": "en"})
    Client().post("/sign-in/code", {"email": house.ana.email}, headers={"Accept-Language": "de"})

    to_carla, to_ana = mail.outbox
    assert to_carla.subject == "Ihr Anmeldecode"
    assert "Geben Sie diesen Code" in str(to_carla.body)
    assert to_ana.subject == "Ihr Anmeldecode", "Ana chose no language, so her browser decides"


def test_a_new_password_is_mailed_in_german(house: House, carla: Client) -> None:
    house.carla.set_password("a newspaper a day")
    house.carla.save()
    Client().post("/password/reset", {"email": house.carla.email}, headers={"Accept-Language": "en"})

    (letter,) = mail.outbox
    assert letter.subject == "Ein neues Passwort"
    assert "Mit diesem Link wählen Sie" in str(letter.body)
    assert "&amp;" not in str(letter.body)


def test_moments_and_numbers_are_written_as_the_language_does() -> None:
    afternoon = datetime(2026, 3, 3, 14, 5, tzinfo=UTC)
    with translation.override("de"):
        assert moments.day(afternoon) == "3. März 2026, 14:05"
        assert moments.date_of(afternoon) == "3. März 2026"
        assert ">3. März 2024, 14:05<" in moments.when(afternoon.replace(year=2024))
        assert moments.number(12345) == "12.345"
        assert ">vor 12 Min.<" in moments.when(timezone.now() - timedelta(minutes=12, seconds=20))
        assert moments.weekdays()[:2] == ["Mo", "Di"]
    with translation.override("en"):
        assert moments.day(afternoon) == "3 March 2026, 14:05"
        assert moments.date_of(afternoon) == "3 March 2026"
        assert ">3 Mar 2024, 14:05<" in moments.when(afternoon.replace(year=2024))
        assert moments.number(12345) == "12,345"


@pytest.mark.parametrize("language", sorted(code for code in localedata.locale_identifiers() if "_" not in code))
def test_moments_can_be_told_in_every_language_there_may_be_a_catalogue_for(language: str) -> None:
    with translation.override(language):
        for hours_ago in (-50, -1, 1, 50):
            moment = timezone.now() - timedelta(hours=hours_ago, minutes=1)
            assert "<time" in moments.when(moment)
            assert "<time" in moments.distance(moment)
        assert len(moments.weekdays()) == 7


def test_working_hours_are_read_as_they_are_written_in_any_language() -> None:
    spans = hours.read("Wed-Fri 9:00-12:00")
    for language, days in (("en", "Wed-Fri"), ("de", "Mi-Fr"), ("fr", "mer-ven")):
        with translation.override(language):
            assert hours.write(spans, moments.weekdays()) == f"{days} 09:00-12:00"
            assert hours.read(f"{days} 09:00-12:00", moments.weekdays()) == spans


def text_of(page: Any) -> str:
    return " ".join(" ".join(part.split()) for part in read(page))


def words_of(page: Any) -> set[str]:
    """Every piece of text of a page, and what is only heard or shown in an empty field."""
    return {" ".join(part.split()) for part in read(page)}


def read(page: Any) -> list[str]:
    reader = Words()
    reader.feed(page.content.decode())
    reader.close()
    return reader.words


class Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.words += [value or "" for name, value in attrs if name in ("title", "aria-label", "placeholder", "alt")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)
