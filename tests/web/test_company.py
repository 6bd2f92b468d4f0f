"""People, teams and the ownership map, as administrators keep them and everybody reads them."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from everyhand.conversations.models import Conversation
from everyhand.core import work
from everyhand.desk import let_go
from everyhand.people.models import Member, Role, Team
from everyhand.routing.models import Departure, Fallback, Rule
from tests.web.house import House, arrives, browser_of
from tests.web.test_triage import undoes


def words(response: Any) -> str:
    return str(response.content.decode())


def the_worker_places() -> None:
    for departure in work.claim(Departure, at=timezone.now(), limit=10):
        let_go.place(departure, at=timezone.now())


def test_ines_hires_somebody_who_can_come_in_at_once(house: House) -> None:
    typed = {"email": "Edda@Courier.test", "name": "Edda Moor", "role": "member", "hours": "Mon-Fri 9:00-17:00"}
    page = browser_of(house.ines).post("/people/new", typed, follow=True)
    edda = Member.objects.get(email="edda@courier.test")
    assert "Edda Moor can sign in with a code" in words(page)
    assert edda.hours.count() == 5
    assert not edda.has_usable_password()


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("email", "ana@courier.test", "Somebody with this address is here already."),
        ("email", "no address", "valid email"),
        ("time_zone", "Mars/Olympus", "There is no time zone called “Mars/Olympus”"),
        ("hours", "whenever", "“whenever” is not clear"),
        ("hours", "Fri-Mon 9-17", "is not clear"),
        ("role", "king", "valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(
    house: House, field: str, value: str, complaint: str
) -> None:
    typed = {"email": "edda@courier.test", "name": "Edda Moor", "role": "member", field: value}
    page = browser_of(house.ines).post("/people/new", typed)
    assert page.status_code == 422
    assert complaint in words(page)
    assert "Edda Moor" in words(page)
    assert not Member.objects.filter(name="Edda Moor").exists()


def test_the_time_zones_there_are_are_offered_to_whoever_types_one(house: House) -> None:
    for browser, address in ((browser_of(house.carla), "/profile"), (browser_of(house.ines), "/people/new")):
        page = browser.get(address).content.decode()
        assert 'list="time-zones"' in page
        assert '<option value="Asia/Tokyo"></option>' in page


def test_everybody_keeps_their_own_profile_but_not_their_role(house: House) -> None:
    typed = {
        "name": "Carla Weiss-Braun",
        "title": "Columnist at large",
        "time_zone": "Europe/Berlin",
        "language": "de",
        "away_until": "2031-05-04T08:00",
        "hours": "Mo-Do 8:30-12:00; Sa 10-13",
        "role": "admin",
        "email": "else@courier.test",
    }
    browser = browser_of(house.carla)
    assert browser.post("/profile", typed).status_code == 302
    house.carla.refresh_from_db()
    assert (house.carla.name, house.carla.language) == ("Carla Weiss-Braun", "de")
    assert (house.carla.role, house.carla.email) == (Role.MEMBER, "carla@courier.test")
    spans = [(one.weekday, one.start, one.end) for one in house.carla.hours.all()]
    assert spans[0] == (0, time(8, 30), time(12))
    assert spans[-1] == (5, time(10), time(13))
    assert "Mo-Do 08:30-12:00, Sa 10:00-13:00" in words(browser.get("/profile"))
    assert "2031" in words(browser_of(house.ana).get(f"/people/{house.carla.pk}"))


def test_the_browsers_time_zone_is_taken_once_and_a_choice_is_never_overwritten(house: House) -> None:
    browser = browser_of(house.carla)

    def zone_after_telling(zone: str) -> str:
        browser.post("/profile/time-zone", {"zone": zone})
        return Member.objects.get(pk=house.carla.pk).time_zone

    assert 'data-time-zone="/profile/time-zone"' in words(browser.get("/profile"))
    assert browser.post("/profile/time-zone", {"zone": "Moon/Tranquility"}).status_code == 422
    assert zone_after_telling("Asia/Tokyo") == "Asia/Tokyo"
    page = words(browser.get("/profile"))
    assert "You read all times as in Asia/Tokyo" in page
    assert "data-time-zone" not in page
    assert zone_after_telling("Europe/Lisbon") == "Asia/Tokyo"
    browser.post("/profile", {"name": "Carla Weiss", "title": "", "time_zone": "", "hours": ""})
    assert zone_after_telling("Europe/Lisbon") == ""


def test_letting_somebody_go_hands_what_they_owned_to_somebody_else(house: House) -> None:
    arrives("your column")
    browser = browser_of(house.ines)
    assert "1 customer counts on them" in words(browser.get(f"/people/{house.carla.pk}/disabling"))
    browser.post(f"/people/{house.carla.pk}/disabling", {"heir": house.ben.pk})
    house.carla.refresh_from_db()
    assert not house.carla.is_active
    the_worker_places()
    assert Conversation.objects.get().owner == house.ben
    browser.post(f"/people/{house.carla.pk}/enabling")
    house.carla.refresh_from_db()
    assert house.carla.is_active


def test_before_somebody_is_let_go_the_page_names_who_gets_what_they_own(house: House) -> None:
    arrives("your column")
    page = words(browser_of(house.ines).get(f"/people/{house.carla.pk}/disabling"))
    assert "What neither a team nor a rule catches goes to Ines Hart." in page
    assert "1 rule of the ownership map names them. What comes by it from now on goes to Ines Hart" in page
    Conversation.objects.update(team=house.delivery)
    page = words(browser_of(house.ines).get(f"/people/{house.carla.pk}/disabling"))
    assert "what belongs to Delivery goes to whoever is on duty there" in page
    promoted = Member.objects.filter(pk=house.ana.pk)
    promoted.update(role=Role.ADMIN)
    page = words(browser_of(house.ana).get(f"/people/{house.ines.pk}/disabling"))
    assert "Ines Hart, until" not in page


def test_whoever_is_gone_is_shown_as_gone(house: House) -> None:
    ana = browser_of(house.ana)
    assert "is not here any more" not in words(ana.get("/ownership-map"))
    browser_of(house.ines).post(f"/people/{house.carla.pk}/disabling")
    assert "Carla Weiss has not been here since" in words(ana.get(f"/people/{house.carla.pk}"))
    assert words(ana.get("/ownership-map")).count("is not here any more: name somebody else") == 1


def test_without_an_heir_the_map_decides_and_the_timeline_says_why(house: House) -> None:
    conversation = arrives("your column").conversation
    browser_of(house.ines).post(f"/people/{house.carla.pk}/disabling")
    the_worker_places()
    assert Conversation.objects.get().owner == house.ines
    page = words(browser_of(house.ines).get(f"/conversations/{conversation.pk}"))
    assert "It went to Ines Hart, since Carla Weiss is not here any more" in page
    assert "that belonged to Carla Weiss, who is not here any more, so Ines Hart has it" in page


def test_somebody_can_always_set_up(house: House) -> None:
    browser = browser_of(house.ines)
    page = browser.post(f"/people/{house.ines.pk}/disabling", follow=True)
    assert "only administrator" in words(page)
    typed = {"email": "ines@courier.test", "name": "Ines Hart", "role": "member"}
    page = browser.post(f"/people/{house.ines.pk}/details", typed)
    assert page.status_code == 422
    assert "only administrator" in words(page)
    house.ines.refresh_from_db()
    assert house.ines.is_active
    assert house.ines.may_set_up


def test_a_team_has_whom_ines_puts_into_it(house: House) -> None:
    browser = browser_of(house.ines)
    typed = {"name": "Sport", "slug": "sport", "about": "games", "members": [house.ana.pk], "leads": [house.ben.pk]}
    browser.post("/teams/new", typed)
    team = Team.objects.get(slug="sport")
    assert {(one.member.name, one.lead) for one in team.memberships.all()} == {
        ("Ana Silva", False),
        ("Ben Okoro", True),
    }
    browser.post("/teams/sport/details", {**typed, "members": [], "private": "on"})
    team.refresh_from_db()
    assert team.private
    assert [one.member for one in team.memberships.all()] == [house.ben]
    assert "Ben Okoro" in words(browser_of(house.carla).get("/teams/sport"))
    taken = browser.post("/teams/new", typed)
    assert taken.status_code == 422


def test_a_private_team_shows_its_conversations_to_its_own_only(house: House) -> None:
    arrives("my boss shouts", to="hr@courier.test")
    assert "my boss shouts" in words(browser_of(house.dora).get("/teams/hr"))
    assert "my boss shouts" in words(browser_of(house.dora).get(f"/people/{house.dora.pk}"))
    for somebody in (house.ana, house.ines, house.carla):
        for address in ("/teams/hr", f"/people/{house.dora.pk}", "/inbox/everyone"):
            assert "my boss shouts" not in words(browser_of(somebody).get(address))


def test_the_name_of_the_house_stands_in_the_title_and_where_one_signs_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "company", "The Courier")
    assert "<title>People · Everyhand · The Courier</title>" in words(browser_of(house.ana).get("/people"))
    assert '<p class="page__lead">The Courier</p>' in words(browser_of(None).get("/sign-in"))


def test_a_short_name_that_can_not_be_is_told_plainly(house: House) -> None:
    typed = {"name": "Sport", "slug": "Sport & Games", "about": ""}
    page = words(browser_of(house.ines).post("/teams/new", typed))
    assert "letters without accents, digits and hyphens" in page
    assert "Enter a valid" not in page


def test_ines_changes_the_map(house: House) -> None:
    browser = browser_of(house.ines)
    rule = {"looks_at": "subject", "pattern": "crossword", "thing": "the puzzle page", "member": house.carla.pk}
    browser.post("/ownership-map/rules", rule)
    made = Rule.objects.get(pattern="crossword")
    browser.post(f"/ownership-map/rules/{made.pk}/place", {"direction": "up"})
    assert list(Rule.objects.values_list("pattern", flat=True))[-2] == "crossword"
    browser.post(f"/ownership-map/rules/{made.pk}", {**rule, "pattern": "sudoku"})
    assert "sudoku" in words(browser_of(house.dora).get("/ownership-map"))
    browser.post(f"/ownership-map/rules/{made.pk}/removal")
    assert not Rule.objects.filter(pk=made.pk).exists()
    browser.post("/ownership-map/everything-else", {"owner": house.ben.pk})
    assert Fallback.objects.get().member == house.ben


def test_a_rule_that_was_removed_comes_back_to_its_old_place(house: House) -> None:
    browser = browser_of(house.ines)
    before = list(Rule.objects.values_list("pattern", flat=True))
    second, last = Rule.objects.all()[1], Rule.objects.last()
    assert last
    page = words(browser.post(f"/ownership-map/rules/{second.pk}/removal", follow=True))
    assert f"The rule about “{second.pattern}” is gone" in page
    assert second.pattern not in list(Rule.objects.values_list("pattern", flat=True))
    browser.post(f"/ownership-map/rules/{last.pk}/place", {"direction": "up"})
    browser.post(f"/ownership-map/rules/{last.pk}/place", {"direction": "down"})
    undoes(browser, page)
    assert list(Rule.objects.values_list("pattern", flat=True)) == before


@pytest.mark.parametrize("named", [{}, {"member": "{ana}", "team": "delivery"}])
def test_a_rule_names_either_a_person_or_a_team(house: House, named: dict[str, str]) -> None:
    typed = {"looks_at": "words", "pattern": "crossword", "thing": "puzzles"}
    typed |= {field: value.format(ana=house.ana.pk) for field, value in named.items()}
    page = browser_of(house.ines).post("/ownership-map/rules", typed)
    assert page.status_code == 422
    assert "Choose either a person or a team" in words(page)
    assert 'value="crossword"' in words(page)


def test_whoever_does_not_set_up_sees_no_buttons_to(house: House) -> None:
    page = words(browser_of(house.carla).get("/ownership-map"))
    assert "route 4" in page
    assert "/removal" not in page
    assert "/ownership-map/everything-else" not in page
    assert "/people/new" not in words(browser_of(house.carla).get("/people"))


@pytest.mark.parametrize(
    ("pasted", "answer"),
    [
        ("No paper on route 4 again", "Because the mail names route 4 (the round)"),
        ("hr@courier.test", "Because it was sent to hr@courier.test, which belongs to the team HR"),
        ("From: ada@example.org\nTo: hr@courier.test\nSubject: Boss\n\nHe shouts.", "sent to hr@courier.test"),
        ("Something quite different", "no rule of the ownership map names it"),
        ("From: \0\nSubject: =?x?y?z?=\n\n" + "x" * 300_000, "no rule of the ownership map names it"),
    ],
)
def test_anybody_can_try_who_would_get_something(house: House, pasted: str, answer: str) -> None:
    page = browser_of(house.carla).post("/ownership-map/trial", {"text": pasted})
    assert page.status_code == 200
    assert answer in words(page)
    assert Conversation.objects.count() == 0
