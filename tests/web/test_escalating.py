"""Raising hell, saying "I act" and setting up ladders, on the pages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from everyhand.conversations.models import Conversation
from everyhand.core import work
from everyhand.desk.hand_over import hand_over
from everyhand.escalation import actions as escalation
from everyhand.escalation import climbing, ladders
from everyhand.escalation.models import Climb, Escalation, Ladder, Page
from everyhand.people.actions import keep_team
from everyhand.promises.models import Promise
from everyhand.web import escalating
from tests.web.house import House, arrives, browser_of

RUNGS = {
    "begins_before": "20",
    "acts_within": "45",
    "rung-TOTAL_FORMS": "4",
    "rung-INITIAL_FORMS": "0",
    "rung-0-whom": "owner",
    "rung-0-minutes": "5",
    "rung-1-whom": "leads",
    "rung-1-minutes": "10",
    "rung-2-whom": "member",
    "rung-2-minutes": "15",
    "rung-3-whom": "",
    "rung-3-minutes": "",
}


def climbs() -> None:
    """What is due now."""
    now = timezone.now()
    for step in work.claim(Climb, at=now, limit=5):
        climbing.climb(step, at=now)


@pytest.fixture
def hell(house: House) -> int:
    """Carla has raised it for what Ana answers, from its foot; the id of the conversation."""
    conversation = arrives().conversation
    hand_over(conversation, owner=house.ana, team=house.delivery, by=house.ines, at=timezone.now())
    browser_of(house.ines).post(f"/conversations/{conversation.pk}/escalation", {"why": "The shop burns."})
    climbs()
    return conversation.pk


def test_whoever_may_see_it_escalates_it_and_everybody_reads_why(house: House, hell: int) -> None:
    page = browser_of(house.ana).get(f"/conversations/{hell}").content.decode()

    assert "Somebody must act now" in page
    assert "Ines Hart escalated it" in page
    assert page.count("The shop burns.") == 2  # above, and as the note
    assert "Paged:" in page
    assert "Ana Silva (" in page
    assert re.search(
        r"chip--broken.*Escalated</span>", browser_of(house.ana).get("/inbox/mine").content.decode(), re.DOTALL
    )


def test_to_say_i_act_ends_the_paging_and_the_page_says_who_acts(house: House, hell: int) -> None:
    browser = browser_of(house.ana)

    answer = browser.post(f"/conversations/{hell}/acknowledgement", follow=True)

    page = answer.content.decode()
    assert "You act: nobody else is paged." in page
    assert "You act on this" in page
    assert "I act</button>" not in page  # and nobody else needs to
    assert "Ana Silva acts on this" in browser_of(house.ben).get(f"/conversations/{hell}").content.decode()


def test_what_is_said_of_it_costs_three_reads(house: House, hell: int) -> None:
    browser_of(house.ana).post(f"/conversations/{hell}/acknowledgement")
    conversation = Conversation.objects.get(pk=hell)

    with CaptureQueriesContext(connection) as reads:
        shown = escalating.shown(conversation, reader=house.ben)
        assert shown
        told = (str(shown.raised_by), shown.why, str(shown.acts), [str(one.member) for one in shown.paged])

    assert told == ("Ines Hart", "The shop burns.", "Ana Silva", ["Ana Silva"])
    assert len(reads) == 3


def test_who_raised_it_calls_it_off_and_who_did_not_can_not(house: House, hell: int) -> None:
    refused = browser_of(house.ben).post(f"/conversations/{hell}/escalation/end", follow=True).content.decode()
    assert "Only whoever raised it" in refused

    called_off = browser_of(house.ines).post(f"/conversations/{hell}/escalation/end", follow=True).content.decode()

    assert "Called off: nobody else is paged." in called_off
    assert "Somebody must act now</span>" not in called_off
    assert Escalation.objects.get().ended_at


def test_without_a_reason_nothing_happens_and_what_was_chosen_stays(house: House) -> None:
    pk = arrives().conversation.pk

    answer = browser_of(house.ana).post(f"/conversations/{pk}/escalation", {"why": "  ", "place": "3"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Say what has happened" in page
    assert 'value="3" checked' in page
    assert not Escalation.objects.exists()


def test_too_much_is_said_and_nothing_of_it_is_lost(house: House) -> None:
    pk = arrives().conversation.pk

    answer = browser_of(house.ana).post(f"/conversations/{pk}/escalation", {"why": "hell " * 1001})

    assert answer.status_code == 422
    assert "at most 5000 characters" in answer.content.decode()
    assert "hell " * 1000 in answer.content.decode()


def test_what_is_closed_is_opened_first(house: House) -> None:
    pk = arrives().conversation.pk
    browser = browser_of(house.ana)
    browser.post(f"/conversations/{pk}/closure")

    page = browser.post(f"/conversations/{pk}/escalation", {"why": "It burns."}, follow=True).content.decode()

    assert "It is closed. Open it again first." in page
    assert not Escalation.objects.exists()


def test_a_missing_answer_shows_its_time_and_that_others_are_paged(house: House) -> None:
    conversation = arrives().conversation
    hand_over(conversation, owner=house.ana, team=house.delivery, by=house.ines, at=timezone.now())
    ladders.keep(Ladder(watches_promises=True), ladders.rungs_of(Ladder()), by=house.ines, at=timezone.now())
    soon = timezone.now() + timedelta(minutes=5)
    Promise.objects.filter(conversation=conversation).update(due_at=soon, made_at=soon - timedelta(hours=2))

    assert escalation.begin_due(at=timezone.now()) == 1
    climbs()

    page = browser_of(house.ana).get(f"/conversations/{conversation.pk}").content.decode()
    assert "The answer that we promised is missing, due <time" in page
    assert "The promised answer is missing, so people are paged" in page
    assert "Call it off" not in page


def test_an_administrator_sets_the_house_s_ladder_up_and_everybody_reads_it(house: House) -> None:
    browser = browser_of(house.ines)
    fields = {**RUNGS, "watches_promises": "on", "rung-2-member": str(house.carla.pk)}

    answer = browser.post("/ladders/house", fields)

    assert answer.status_code == 302
    page = browser_of(house.carla).get("/ladders").content.decode().split("<main", 1)[1]
    assert "20 minutes before a promised answer is late" in page
    assert "Whoever acts has 45 minutes" in page
    assert (
        page.index("Whoever answers for the conversation")
        < page.index("Whoever leads its team")
        < page.index("Carla Weiss")
    )
    assert "Change" not in page


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({}, "Choose who it is."),
        ({"rung-2-whom": "", "rung-1-whom": "", "rung-0-whom": ""}, "A ladder has at least one rung"),
        ({"rung-2-whom": "", "rung-0-minutes": "-1"}, "greater than or equal to 0"),
        ({"rung-2-whom": "", "begins_before": "2000"}, "less than or equal to 1440"),
        ({"rung-2-whom": "chair"}, "chair is not one of the available choices"),
        ({"rung-TOTAL_FORMS": "x"}, "ManagementForm data is missing"),
    ],
)
def test_a_ladder_that_can_not_be_is_told_and_the_old_one_stays(house: House, wrong: dict[str, str], told: str) -> None:
    answer = browser_of(house.ines).post("/ladders/house", {**RUNGS, **wrong})

    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Ladder.objects.exists()


def test_whoever_leads_a_team_gives_it_a_ladder_and_takes_it_away(house: House) -> None:
    browser = browser_of(house.ben)
    named = {**RUNGS, "rung-2-member": str(house.carla.pk)}

    assert browser.post("/teams/delivery/ladder", named).status_code == 302
    assert Ladder.objects.get().team == house.delivery
    assert "Take this ladder away" in browser.get("/teams/delivery/ladder").content.decode()
    browser.post("/teams/delivery/ladder/removal")

    assert not Ladder.objects.exists()


def test_on_the_ladder_of_a_private_team_only_its_people_stand_and_only_they_read_it(house: House) -> None:
    leads = browser_of(house.dora)
    answer = leads.post("/teams/hr/ladder", {**RUNGS, "rung-2-member": str(house.carla.pk)})
    assert answer.status_code == 422
    assert leads.post("/teams/hr/ladder", {**RUNGS, "rung-2-member": str(house.dora.pk)}).status_code == 302

    assert ">HR</h2>" in leads.get("/ladders").content.decode()
    assert ">HR</h2>" not in browser_of(house.ana).get("/ladders").content.decode()
    assert browser_of(house.ana).get("/teams/hr/ladder").status_code == 403


def test_who_left_the_private_team_is_not_told_of_its_pages_any_more(house: House) -> None:
    conversation = arrives(to="hr@courier.test").conversation
    keep_team(house.hr, members=[house.dora, house.ana], leads=[house.dora], by=house.dora, at=timezone.now())
    browser_of(house.ana).post(f"/conversations/{conversation.pk}/escalation", {"why": "Now.", "place": "1"})
    climbs()
    assert Page.objects.exists()

    keep_team(house.hr, members=[house.dora], leads=[house.dora], by=house.dora, at=timezone.now())

    assert "needs you" not in browser_of(house.ana).get("/notices").content.decode()
    assert browser_of(house.ana).get(f"/conversations/{conversation.pk}").status_code == 404


def test_whoever_watches_over_the_installation_hears_that_nobody_is_woken(house: House, hell: int) -> None:
    assert browser_of(None).get("/healthz").json()["escalation"] == "ok"

    Climb.objects.filter(done_at=None).update(due_at=timezone.now() - timedelta(minutes=2))

    assert browser_of(None).get("/healthz").json()["escalation"] == "late"
