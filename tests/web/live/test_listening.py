"""What an open page is told, and when."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from everyhand.conversations import actions as conversations
from everyhand.core import journal
from everyhand.desk.hand_over import hand_over
from everyhand.desk.join import join
from everyhand.web.live import hub
from tests.web.live.company import Company


def test_an_open_page_learns_of_a_message_without_its_words(company: Company) -> None:
    page = company.listen(company.ana)
    started = time.monotonic()
    conversation = company.hear("The secret word is walnut.")
    opened, received = page.event(), page.event()
    assert opened.name == "conversation"
    assert opened.data == {"conversation": conversation.pk, "action": "conversation.opened"}
    message = conversation.messages.get()
    assert received.data == {"conversation": conversation.pk, "action": "message.received", "message": message.pk}
    assert time.monotonic() - started < 2
    assert page.content_type.startswith("text/event-stream")
    assert page.retry


def test_events_come_in_the_order_of_the_journal(company: Company) -> None:
    page = company.listen(company.ana)
    cursor = journal.newest()
    for number in range(5):
        company.hear(f"Number {number}")
    written, _ = journal.since(cursor)
    assert [page.event().id for _ in written] == [entry.cursor for entry in written]


def test_what_the_web_process_commits_itself_is_told_at_once(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "LOOK_EVERY", 3600)  # without a word from the web process nobody would look
    conversation = company.hear()
    page = company.listen(company.ana)
    for _ in range(4):
        assert company.post(f"/touch/{conversation.pk}") == 200
        assert page.event().data["action"] == "conversation.touched"


def test_a_page_that_missed_nothing_goes_on_listening(company: Company) -> None:
    page = company.listen(company.ana, since=journal.newest())
    conversation = company.hear()
    assert page.event().data["conversation"] == conversation.pk


def test_a_page_that_comes_back_misses_nothing(company: Company) -> None:
    session = company.sign_in(company.ana)
    page = company.listen(company.ana, session=session)
    company.hear("first")
    last = [page.event(), page.event(), page.event()][-1]
    page.close()
    away = company.hear("while nobody listened")
    back = company.listen(company.ana, session=session, last_event_id=last.id)
    assert back.event().data["conversation"] == away.pk
    back.event(), back.event()
    later = company.hear("and after")
    assert back.event().data["conversation"] == later.pk


def test_a_page_starts_from_the_moment_it_was_made(company: Company) -> None:
    cursor = journal.newest()
    conversation = company.hear("between the page and its stream")
    page = company.listen(company.ana, since=cursor)
    assert page.event().data["conversation"] == conversation.pk


def test_a_page_that_missed_too_much_is_told_to_fetch_everything(company: Company) -> None:
    cursor = journal.newest()
    conversation = company.hear()
    for _ in range(250):
        journal.note("conversation.touched", subject=conversation, at=datetime.now(UTC))
    page = company.listen(company.ana, since=cursor)
    assert page.event().name == "resync"
    touched = company.hear("and goes on")
    assert page.event().data["conversation"] == touched.pk


def test_a_cursor_from_another_journal_is_told_to_fetch_everything(company: Company) -> None:
    company.hear()
    page = company.listen(company.ana, since="999999999999.999999999")
    event = page.event()
    assert event.name == "resync"
    assert event.id == journal.newest()


def test_a_cursor_that_is_none_does_no_harm(company: Company) -> None:
    for nonsense in ("²", "1." + "9" * 5000, "-1.-1", "\0", "' OR 1"):
        page = company.listen(company.ana, since=nonsense)
        assert page.status == 200
        page.close()


def test_nobody_hears_of_what_they_may_not_see(company: Company) -> None:
    ben = company.listen(company.ben)
    ana = company.listen(company.ana)
    first = company.hear("Ana answers for it, and Ben may not see it.")
    assert ana.event().data["conversation"] == first.pk
    assert ben.is_quiet_for(1)


def test_whoever_saw_a_conversation_is_told_that_it_was_merged_and_nobody_else(company: Company) -> None:
    kept, merged = company.hear("one"), company.hear("two")
    since = journal.newest()
    page, ben = company.listen(company.ana), company.listen(company.ben)
    join(kept, merged, by=company.ana, at=datetime.now(UTC))
    for listening in (page, company.listen(company.ana, since=since)):
        told = [listening.event().data for _ in range(2)]
        assert [(one["conversation"], one["action"]) for one in told] == [
            (kept.pk, "conversation.joined"),
            (merged.pk, "conversation.merged"),
        ]
    assert ben.is_quiet_for(1)


def test_what_is_handed_to_my_team_reaches_me_and_what_is_taken_away_leaves_my_page(company: Company) -> None:
    conversation = company.hear()
    ben = company.listen(company.ben)
    now = datetime.now(UTC)
    hand_over(conversation, owner=company.ana, team=company.field, by=company.ana, at=now)
    assert ben.event().data == {"conversation": conversation.pk, "action": "conversation.assigned"}
    hand_over(conversation, owner=company.ana, team=company.legal, by=company.ana, at=now)
    assert ben.event().data == {"conversation": conversation.pk, "action": "conversation.assigned"}
    conversation.refresh_from_db()
    conversations.close(conversation, by=company.ana, at=now)
    assert ben.is_quiet_for(1)


def test_two_pages_of_one_member_hear_the_same(company: Company) -> None:
    session = company.sign_in(company.ana)
    pages = [company.listen(company.ana, session=session) for _ in range(2)]
    conversation = company.hear()
    assert [page.event().data["conversation"] for page in pages] == [conversation.pk] * 2
