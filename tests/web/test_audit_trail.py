"""The audit trail: who saw and changed what, who came in and who was refused; for administrators, in words."""

from __future__ import annotations

import csv
import re
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

import everyhand
from everyhand.channels import erasing
from everyhand.conversations.models import Attachment
from everyhand.core import journal, looks
from everyhand.core.looks import Look
from everyhand.customers import forgetting
from everyhand.customers.models import Customer, Erasure
from everyhand.desk.inbound import Address, File
from everyhand.insights import audit_trail
from everyhand.insights.audit_trail import Kind, Question
from everyhand.people import actions as people
from everyhand.people import sign_ins
from everyhand.people.models import Member, Role, SignIn
from everyhand.people.sign_ins import Place
from tests.web.house import House, answers, arrives, browser_of
from tests.web.test_ways_in import PASSWORD, digits, sets_up_the_app, signed_in

LONG_AGO = timedelta(days=500)


def acts(browser: Client, query: str = "") -> list[str]:
    """The lines of the trail, as somebody reads them, newest first."""
    page = browser.get(f"/audit-trail{query}")
    assert page.status_code == 200
    lines = LexborHTMLParser(page.content).css("ol.acts > li .act__what")
    return [" ".join(line.text().split()) for line in lines]


def trail_of(reader: Member, query: str = "") -> list[str]:
    return acts(browser_of(reader), query)


def test_whoever_opens_a_conversation_a_customer_or_a_file_stands_in_the_trail(house: House) -> None:
    conversation = arrives(files=[File("plan.pdf", "application/pdf", b"%PDF")]).conversation
    browser = browser_of(house.ana)
    browser.get(f"/conversations/{conversation.pk}")
    browser.get(f"/customers/{conversation.customer_id}")
    browser.get(f"/attachments/{Attachment.objects.get().token}")
    assert trail_of(house.ines, "?kind=seen") == [
        "Ana Silva opened a file of it · plan.pdf Paper · Ada Brown",
        "Ana Silva opened the page of the customer Ada Brown",
        "Ana Silva read the conversation Paper · Ada Brown",
    ]


def test_what_is_fetched_ahead_stands_in_the_trail_as_that_and_as_read_once_it_is_opened(house: House) -> None:
    address = f"/conversations/{arrives().conversation.pk}"
    browser = browser_of(house.ana)
    browser.get(address, headers={"Everyhand-Ahead": "1"})
    stopped = "Ana Silva stopped in a list at the conversation Paper · Ada Brown"
    assert trail_of(house.ines, "?kind=seen") == [stopped]
    for _ in range(2):
        assert browser.post(f"{address}/reading").status_code == 204
    assert trail_of(house.ines, "?kind=seen") == ["Ana Silva read the conversation Paper · Ada Brown", stopped]


def test_a_page_that_is_read_again_within_the_hour_costs_nothing_more(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    with CaptureQueriesContext(connection) as first:
        browser.get(f"/conversations/{conversation.pk}")
    with CaptureQueriesContext(connection) as again:
        browser.get(f"/conversations/{conversation.pk}")
    assert [one["sql"][:6] for one in first].count("INSERT") == 1
    assert len(again) == len(first) - 1
    looks.memory.clear()  # as another process would begin
    browser.get(f"/conversations/{conversation.pk}")
    assert Look.objects.count() == 1


def test_the_look_is_written_when_the_page_has_left(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    told: list[str] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        told.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        browser.get(f"/conversations/{conversation.pk}")
    assert "core_look" in told[-1]


def test_the_next_hour_is_another_look(house: House) -> None:
    at = timezone.now().replace(minute=59)
    for moment in (at - timedelta(minutes=30), at, at + timedelta(minutes=2)):
        looks.write(house.ana, "conversation:1", at=moment)
    assert Look.objects.count() == 2


def test_what_may_not_be_seen_leaves_no_look(house: House) -> None:
    kept = arrives("my boss", to="hr@courier.test").conversation
    assert browser_of(house.ana).get(f"/conversations/{kept.pk}").status_code == 404
    assert not Look.objects.exists()


def test_what_is_private_has_a_number_and_no_words(house: House) -> None:
    kept = arrives("my boss shouts", to="hr@courier.test", subject="My boss shouts").conversation
    browser_of(house.dora).get(f"/conversations/{kept.pk}")
    assert trail_of(house.ines, "?kind=seen") == [
        f"Dora Lind read the conversation Conversation {kept.pk}, which you may not see"
    ]
    assert b"boss" not in browser_of(house.ines).get("/audit-trail").content


def test_who_came_in_and_who_was_refused_by_which_way_and_from_where(
    house: House, django_capture_on_commit_callbacks: Any
) -> None:
    browser = signed_in(house.ana)
    Client(headers={"user-agent": "Safari iPhone"}).post(
        "/sign-in", {"login": "ana@courier.test", "password": "wrong"}, REMOTE_ADDR="192.0.2.7"
    )
    Client().post("/sign-in", {"login": "hunter2@example.org", "password": "wrong"})
    with django_capture_on_commit_callbacks(execute=True):
        secret = sets_up_the_app(browser)
    browser.post("/sign-out")
    late = Client()
    late.post("/sign-in", {"login": "ana@courier.test", "password": PASSWORD})
    late.post("/sign-in/second-factor", {"code": "000000"})
    late.post("/sign-in/second-factor", {"code": digits(secret)})
    link = people.make_sign_in_link(house.ben, at=timezone.now(), valid_for=timedelta(hours=1))
    Client().post(f"/sign-in/{link}")
    lines = trail_of(house.ines, "?kind=signed-in")
    assert lines[:6] == [
        "Ben Okoro signed in: a one-time link",
        "Ben Okoro used a one-time link",
        "The shell made a one-time link for them Ben Okoro",
        "Ana Silva signed in: a password, an authenticator app",
        "Ana Silva was refused: an authenticator app",
        "Ana Silva signed out",
    ]
    assert "Ana Silva added to how they sign in: an authenticator app" in lines
    assert lines[-3:] == [
        "Somebody unknown was refused: a password",
        "Ana Silva was refused: a password",
        "Ana Silva signed in: a password",
    ]
    page = browser_of(house.ines).get("/audit-trail?kind=signed-in").content.decode()
    assert "192.0.2.7 · Safari · iPhone" in page
    assert "hunter2" not in str(list(SignIn.objects.values()))


def test_a_thousand_wrong_passwords_are_one_line_that_counts(house: House) -> None:
    at, place = timezone.now(), Place("192.0.2.7", "Firefox")
    for _ in range(30):
        sign_ins.refused(house.ana, way="password", place=place, at=at)
    sign_ins.refused(house.ana, way="password", place=place, at=at + timedelta(hours=2))
    assert sorted(SignIn.objects.values_list("times", flat=True)) == [1, 30]
    assert "Ana Silva was refused: a password · 30 times" in trail_of(house.ines)


def test_sessions_that_are_ended_elsewhere_stand_in_the_trail(house: House) -> None:
    here = signed_in(house.ana)
    signed_in(house.ana, agent="Safari iPhone")
    here.post("/sessions/end-all")
    assert "Ana Silva signed out elsewhere" in trail_of(house.ines)


def test_changes_say_what_changed(house: House) -> None:
    at = timezone.now()
    people.change_member(house.carla, by=house.ines, at=at, role=Role.SPECIALIST, title="Columnist at large")
    people.change_member(house.carla, by=house.ines, at=at, role=Role.SPECIALIST)  # changes nothing
    people.keep_team(
        house.delivery, members=[house.ana, house.carla], leads=[house.ana], by=house.ines, at=at + timedelta(seconds=1)
    )
    assert trail_of(house.ines, "?kind=set-up")[:2] == [
        "Ines Hart saved the team · new: Carla Weiss; no longer: Ben Okoro; led by Ana Silva Delivery",
        "Ines Hart changed what stands about them · Member → Specialist, what they do here Carla Weiss",
    ]


# What nobody does, and what only says again what stands there already, such as the other side of a merge.
NO_ACTS = {
    *(
        "acknowledgement.withheld",
        "aside.answered",
        "attachment.infected",
        "conversation.words_erased",
        "customer.erased",
    ),
    *("delivery.bounced", "disk.short", "disk.well", "mail.held", "mail.quarantined", "mailbox.recovered"),
    *("mailbox.troubled", "message.imported", "message.read_again", "notice_mail.paused", "notices.changed"),
    *("notices.chosen", "promise.broken", "promise.kept", "promise.made", "promise.stands_again", "promise.withdrawn"),
    *("conversation.joined", "conversation.parted", "conversation.split_off", "member.mentioned"),
}


def test_whatever_the_program_writes_into_the_journal_is_an_act_or_known_to_be_none() -> None:
    sources = "".join(path.read_text("utf-8") for path in Path(everyhand.__file__).parent.rglob("*.py"))
    noted = set(re.findall(r'journal\.note\(\s*"([a-z_.]+)"', sources))
    assert len(noted) > 50
    assert noted - audit_trail.EVERY_ACTION - NO_ACTS == set()
    assert not audit_trail.EVERY_ACTION & NO_ACTS


def test_every_act_has_words(house: House) -> None:
    """Whatever a kind counts as an act is told in a sentence, in German too."""
    now = timezone.now()
    for action in sorted(audit_trail.EVERY_ACTION):
        journal.note(action, subject=house.carla, actor=house.ana, at=now)
    house.ines.language = "de"
    house.ines.save()
    assert len(trail_of(house.ines, f"?who={house.ana.pk}&kind=served")) == len(audit_trail.ACTIONS[Kind.SERVED])
    rows = cells(browser_of(house.ines).post("/audit-trail/file", {"who": house.ana.pk}))
    assert len(rows) > len(audit_trail.EVERY_ACTION)
    assert all(row[2] for row in rows)


def test_it_is_narrowed_by_person_thing_kind_and_time(house: House) -> None:
    first, second = arrives().conversation, arrives(sender=Address("Bea", "bea@example.org")).conversation
    answers(house.ana, first, "Sorry!")
    for conversation in (first, second):
        browser_of(house.ben).get(f"/conversations/{conversation.pk}")
    browser_of(house.ana).get(f"/customers/{first.customer_id}")
    looks.write(house.ben, second, at=timezone.now() - timedelta(days=3))
    ines = house.ines
    assert trail_of(ines, f"?who={house.ana.pk}&kind=served") == ["Ana Silva wrote a reply Paper · Ada Brown"]
    assert trail_of(ines, f"?conversation={first.pk}") == [
        "Ben Okoro read the conversation Paper · Ada Brown",
        "Ana Silva wrote a reply Paper · Ada Brown",
    ]
    about_ada = trail_of(ines, f"?customer={first.customer_id}")
    assert about_ada == [
        "Ana Silva opened the page of the customer Ada Brown",
        *trail_of(ines, f"?conversation={first.pk}"),
    ]
    today = timezone.localtime().date()
    yesterday = today - timedelta(days=1)
    assert len(trail_of(ines, f"?conversation={second.pk}")) == 2
    assert len(trail_of(ines, f"?conversation={second.pk}&since={today}&until={today}")) == 1
    assert len(trail_of(ines, f"?conversation={second.pk}&until={yesterday}")) == 1
    wrong = browser_of(ines).get("/audit-trail?since=yesterday&who=999999999")
    assert wrong.status_code == 422
    assert 'value="yesterday"' in wrong.content.decode()


def test_the_links_beside_a_conversation_and_a_customer_are_for_administrators(house: House) -> None:
    conversation = arrives().conversation
    for address, query in (
        (f"/conversations/{conversation.pk}", f"conversation={conversation.pk}"),
        (f"/customers/{conversation.customer_id}", f"customer={conversation.customer_id}"),
    ):
        link = f"/audit-trail?{query}"
        assert link in browser_of(house.ines).get(address).content.decode()
        assert link not in browser_of(house.ana).get(address).content.decode()


@pytest.fixture
def many(house: House) -> list[datetime]:
    """Moments at each of which all three records have something: twice sixty acts, some at the very same time."""
    start = timezone.now() - timedelta(days=1)
    moments = [start + timedelta(seconds=number // 3) for number in range(60)]
    for number, at in enumerate(moments):
        journal.note("note.written", subject=f"conversation:{number}", actor=house.ana, at=at)
        looks.write(house.ana, f"conversation:{number}", at=at)
        sign_ins.came_in(house.ana, way="code", place=Place("", ""), at=at)
    return moments


@pytest.mark.parametrize("kind", [None, *Kind])
def test_pages_follow_each_other_without_a_gap_or_a_double(
    house: House, many: list[datetime], kind: Kind | None
) -> None:
    found, cursor = [], ""
    while True:
        page, cursor = audit_trail.page(Question(who=house.ana, kind=kind), before=cursor, limit=7)
        found += page
        if not cursor:
            break
    counted = {None: 180, Kind.SEEN: 60, Kind.SIGNED_IN: 60, Kind.SERVED: 60}
    assert len(found) == len({(type(act), act.pk) for act in found}) == counted.get(kind, 0)
    moments = [act.at for act in found]
    assert moments == sorted(moments, reverse=True)


@pytest.mark.usefixtures("many")
def test_a_cursor_that_is_none_of_ours_begins_at_the_newest(house: House) -> None:
    newest = trail_of(house.ines)
    for cursor in ("x", "1.9.1", "-1.0.0", "9" * 30 + ".0.1"):
        assert trail_of(house.ines, f"?before={cursor}") == newest


@pytest.mark.usefixtures("many")
def test_a_page_costs_the_same_however_many_acts_it_shows(house: House, django_assert_max_num_queries: Any) -> None:
    browser = browser_of(house.ines)
    browser.get("/audit-trail")
    with django_assert_max_num_queries(18):
        browser.get("/audit-trail")


def cells(response: Any) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(StringIO(text[1:], newline="")))


def test_it_can_be_taken_away_as_a_file_and_that_is_an_act_too(house: House) -> None:
    conversation = arrives(
        subject='=HYPERLINK("http://evil.test")', sender=Address("@SUM(A1)", "eve@example.org")
    ).conversation
    house.ana.name = "+Ana"
    house.ana.save()
    browser_of(house.ana).get(f"/conversations/{conversation.pk}")
    rows = cells(browser_of(house.ines).post("/audit-trail/file", {"kind": "seen"}))
    assert rows[0][:4] == ["When", "Who", "What", "About"]
    assert rows[1][1:4] == ["'+Ana", "read the conversation", '\'=HYPERLINK("http://evil.test") · @SUM(A1)']
    assert datetime.fromisoformat(rows[1][0]).tzinfo
    assert trail_of(house.ines)[0] == "Ines Hart took a copy of the audit trail away"


@pytest.mark.usefixtures("many")
def test_the_file_has_everything_not_a_page(house: House) -> None:
    assert len(cells(browser_of(house.ines).post("/audit-trail/file", {"who": house.ana.pk}))) > 180


def test_what_was_seen_and_who_came_in_is_forgotten_in_time(house: House) -> None:
    now = timezone.now()
    for at in (now, now - LONG_AGO):
        looks.write(house.ana, "conversation:1", at=at)
        sign_ins.came_in(house.ana, way="code", place=Place("", ""), at=at)
    kept = timedelta(days=400)
    assert looks.forget_old(at=now, after=kept) == sign_ins.forget_old(at=now, after=kept) == 1
    assert [one.at for one in Look.objects.all()] == [now]
    assert [one.at for one in SignIn.objects.exclude(way="")] == [now]


def test_an_erased_customer_leaves_acts_without_words(house: House) -> None:
    conversation = arrives(subject="A secret of Ada's").conversation
    customer = Customer.objects.get(pk=conversation.customer_id)
    browser_of(house.ana).get(f"/conversations/{conversation.pk}")
    browser_of(house.ana).get(f"/customers/{customer.pk}")
    now = timezone.now()
    forgetting.ask_to_erase(customer, by=house.ines, at=now - timedelta(hours=2))
    erasing.erase(Erasure.objects.get(customer=customer), at=now)
    lines = trail_of(house.ines)
    assert f"Ana Silva read the conversation Conversation {conversation.pk}, which was erased" in lines
    assert "Ana Silva opened the page of the customer A customer who was erased" in lines
    page = browser_of(house.ines).get("/audit-trail").content.decode()
    for word in ("Ada", "secret", "ada@example.org"):
        assert word not in page
    told = [*Look.objects.values(), *journal.Entry.objects.values(), *SignIn.objects.values()]
    assert "ada@" not in str(told)
