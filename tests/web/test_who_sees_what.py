"""Who sees which conversation, on every path: everybody theirs, specialists the queues, a private team its own."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from everyhand.conversations import finding, following, inbox
from everyhand.conversations.models import Conversation
from everyhand.core import journal
from everyhand.people.models import Member
from everyhand.web.live import reading
from tests.servers.processes import wait_until
from tests.web.house import House, answers, arrives, browser_of

SECRET = "my boss shouts"
EVERYBODY_ELSE = ("ines", "ana", "carla")  # an administrator, a specialist, a member


def words(response: Any) -> str:
    return str(response.content.decode())


def somebody(house: House, name: str) -> Member:
    member: Member = getattr(house, name)
    return member


def is_told(action: str, *, since: str) -> bool:
    """Whether a reader of the journal sees this fact already."""
    return any(entry.action == action for entry in journal.since(since)[0])


def named(house: House, name: str, conversation: Conversation) -> Member:
    """This member, whom Dora mentioned and who follows the conversation besides."""
    member = somebody(house, name)
    following.mention(conversation, members=[member], by=house.dora, at=timezone.now())
    following.follow(conversation, member=member, at=timezone.now())
    return member


@pytest.mark.parametrize("name", EVERYBODY_ELSE)
def test_a_private_team_stays_private_on_every_page(house: House, name: str) -> None:
    kept = arrives(SECRET, to="hr@courier.test", subject=SECRET).conversation
    other = arrives("No paper on route 4 today.").conversation  # from the same customer
    answers(house.dora, kept, f"We heard: {SECRET}")
    browser = browser_of(named(house, name, kept))
    pages = [f"/inbox/{view}?status={status}" for view in inbox.View for status in ("open", "waiting", "closed")]
    pages += [
        "/teams",
        "/teams/hr",
        "/people",
        f"/people/{house.dora.pk}",
        "/search?q=boss",
        f"/conversations/{other.pk}",
    ]
    pages += ["/mail-ledger", "/quarantine", "/stuck-work"]
    for page in pages:
        assert SECRET not in words(browser.get(page)).replace("<mark>", "").replace("</mark>", ""), page
    assert browser.get(f"/conversations/{kept.pk}").status_code == 404


@pytest.mark.parametrize("name", EVERYBODY_ELSE)
def test_a_private_team_is_not_even_counted_for_others(house: House, name: str) -> None:
    kept = arrives(SECRET, to="hr@courier.test").conversation
    member = named(house, name, kept)
    assert set(inbox.waiting(member)[0].values()) == {0}
    assert inbox.waiting_with(member)[house.dora.pk] == 0
    assert "1 person waits" not in words(browser_of(member).get("/people"))
    assert inbox.waiting(house.dora)[0][inbox.View.TEAMS] == 1
    assert inbox.waiting_with(house.dora)[house.dora.pk] == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", EVERYBODY_ELSE)
def test_a_private_team_is_not_heard_of_on_the_live_stream(house: House, name: str) -> None:
    before = journal.newest()
    kept = arrives(SECRET, to="hr@courier.test").conversation
    member = named(house, name, kept)
    # Patient, since on PostgreSQL a transaction in the database of another test worker holds what is new back.
    wait_until(lambda: is_told("conversation.followed", since=before), seconds=60, what="what happened can be read")
    told = reading.news(before, [member.pk, house.dora.pk]).events
    assert told[member.pk] == []
    assert {event.conversation for event in told[house.dora.pk]} == {kept.pk}
    assert reading.missed(member.pk, before) == []


def test_carla_sees_what_she_owns_follows_or_was_mentioned_in_and_nothing_else(house: House) -> None:
    own = arrives("your column").conversation
    followed, mentioned, other = (arrives(f"No paper on route 4, day {day}").conversation for day in range(3))
    following.follow(followed, member=house.carla, at=timezone.now())
    assert following.mention(mentioned, members=[house.carla], by=house.ana, at=timezone.now()) == [house.carla]
    assert following.mention(mentioned, members=[house.carla], by=house.ana, at=timezone.now()) == []
    browser = browser_of(house.carla)
    for seen in (own, followed, mentioned):
        assert browser.get(f"/conversations/{seen.pk}").status_code == 200
    assert browser.get(f"/conversations/{other.pk}").status_code == 404
    rows = inbox.page(inbox.View.EVERYONE, house.carla, "open").conversations
    assert {row.pk for row in rows} == {own.pk, followed.pk, mentioned.pk}
    assert inbox.waiting(house.carla)[0] == {"mine": 1, "teams": 0, "everyone": 3}
    assert {hit.conversation.pk for hit in finding.find(house.carla, "route 4")} == {followed.pk, mentioned.pk}
    following.unfollow(followed, member=house.carla, at=timezone.now())
    assert browser.get(f"/conversations/{followed.pk}").status_code == 404


def test_what_is_handed_to_a_private_team_is_lost_from_sight(house: House) -> None:
    conversation = arrives().conversation
    following.follow(conversation, member=house.carla, at=timezone.now())
    browser = browser_of(house.ana)
    browser.post(f"/conversations/{conversation.pk}/assignment", {"owner": house.dora.pk, "team": "hr"})
    for other in (house.ana, house.carla, house.ines):
        assert browser_of(other).get(f"/conversations/{conversation.pk}").status_code == 404
    assert browser_of(house.dora).get(f"/conversations/{conversation.pk}").status_code == 200


def test_whoever_leads_a_team_changes_it(house: House) -> None:
    typed = {
        "name": "Delivery",
        "slug": "delivery",
        "about": "rounds",
        "members": [house.carla.pk],
        "leads": [house.ben.pk],
    }
    assert browser_of(house.ana).post("/teams/delivery/details", typed).status_code == 403
    assert "/teams/delivery/details" not in words(browser_of(house.ana).get("/teams/delivery"))
    assert "/teams/delivery/details" in words(browser_of(house.ben).get("/teams/delivery"))
    assert browser_of(house.ben).post("/teams/delivery/details", typed).status_code == 302
    assert set(house.delivery.members.all()) == {house.carla, house.ben}


def test_no_administrator_lets_themselves_into_a_private_team(house: House) -> None:
    typed = {"name": "HR", "slug": "hr", "about": "", "members": [house.ines.pk], "leads": [house.ines.pk]}
    browser = browser_of(house.ines)
    assert browser.get("/teams/hr/details").status_code == 403
    assert browser.post("/teams/hr/details", typed).status_code == 403
    assert set(house.hr.members.all()) == {house.dora}
    house.dora.is_active = False
    house.dora.save()
    assert browser.post("/teams/hr/details", {**typed, "private": "on"}).status_code == 302  # or nobody ever could


def test_a_private_team_has_somebody_in_it(house: House) -> None:
    typed = {"name": "Legal", "slug": "legal", "about": "", "private": "on"}
    page = browser_of(house.ines).post("/teams/new", typed)
    assert page.status_code == 422
    assert "nobody else may read what comes to it" in words(page)


def test_nobody_is_counted_beyond_a_hundred(house: House) -> None:
    one = arrives().conversation
    same = {"customer": one.customer, "status": one.status, "opened_at": one.opened_at}
    Conversation.objects.bulk_create(
        Conversation(owner=owner, channel="email", last_message_at=one.last_message_at, **same)
        for owner in [house.ben, *[house.ana] * 150]
    )

    counted = inbox.waiting_with(house.ines)
    page = browser_of(house.ines).get("/people").content.decode()

    assert (counted[house.ana.pk], counted[house.ben.pk], counted[house.carla.pk]) == (100, 1, 0)
    assert "More than 99 people wait for them" in page
    assert "1 person waits for them" in page
