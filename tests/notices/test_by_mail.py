"""Told by mail: in time, once, in one thread, and answered from there."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from email.utils import parseaddr
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from everyhand.channels.email import notice_answers, tokens
from everyhand.channels.email.models import Mail, Mailbox, RawMail, SystemMail
from everyhand.channels.email.outbound import deliver
from everyhand.channels.email.outbound.postman import Refused
from everyhand.conversations.models import Conversation, Message
from everyhand.core import work
from everyhand.desk.hand_over import hand_over
from everyhand.desk.inbound import Inbound
from everyhand.desk.receive import receive
from everyhand.desk.reply import write_note
from everyhand.desk.verdict import Finding, Result, Verdict
from everyhand.notices import preferences
from everyhand.notices.models import Kind, MailTelling, Notice, Rest
from everyhand.notices.telling import Bundle
from everyhand.people import actions as people
from tests.cast import HELP, NOON, Cast, letter, minutes
from tests.notices.office import Office, plain, told
from tests.web.house import browser_of

MONDAY_EVENING = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def mailbox(db: None) -> None:
    Mailbox.objects.create(address=HELP, name="The Courier")


@pytest.fixture
def ana_has_it(cast: Cast, office: Office) -> Conversation:
    """Ada's conversation is Ana's, who was told of it a minute ago."""
    conversation = receive(letter(), channel="email", at=NOON, answered_from=HELP).conversation
    hand_over(conversation, owner=cast.ana, team=None, by=cast.ines, at=NOON)
    Notice.objects.all().delete()
    office.reacts(NOON)
    return conversation


def ada_writes(conversation: Conversation, text: str = "Still no paper.", at: datetime = NOON) -> None:
    receive(letter(text), channel="email", at=at, answered_from=HELP, proof=conversation.pk)


def test_the_owner_gets_one_mail_with_the_words_and_the_way_there(
    cast: Cast, office: Office, ana_has_it: Conversation
) -> None:
    ada_writes(ana_has_it)
    office.reacts(NOON)
    assert office.writes_mails(NOON + timedelta(seconds=30)) == []

    (mail,) = office.writes_mails(NOON + minutes(2))

    assert mail["To"] == "Ana Silva <ana@courier.test>"
    assert mail["From"] == "The Courier <help@courier.test>"
    assert mail["Subject"] == "Ada Brown: Paper"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Ines Hart handed this conversation to you" in plain(mail)
    assert "Ada Brown wrote" in plain(mail)
    assert "> Still no paper." in plain(mail)
    assert f"/conversations/{ana_has_it.pk}" in plain(mail)
    assert office.writes_mails(NOON + minutes(3)) == []


def test_the_mail_of_a_new_conversation_quotes_what_the_customer_needs(cast: Cast, office: Office) -> None:
    receive(letter("No paper on route 4 today."), channel="email", at=NOON, answered_from=HELP)
    office.reacts(NOON)

    (mail,) = office.writes_mails(NOON + minutes(2))

    assert "A new conversation is yours" in plain(mail)
    assert "> No paper on route 4 today." in plain(mail)


def test_mails_about_one_conversation_are_one_thread_for_each_reader(
    cast: Cast, office: Office, ana_has_it: Conversation
) -> None:
    first = office.writes_mails(NOON + minutes(2))
    ada_writes(ana_has_it, at=NOON + minutes(5))
    office.reacts(NOON + minutes(5))
    second = office.writes_mails(NOON + minutes(10))

    (one,), (other,) = first, second
    assert one["References"] == other["References"]
    assert one["Subject"] == other["Subject"]
    assert one["Message-ID"] != other["Message-ID"]


def test_what_was_seen_in_the_app_is_not_mailed(cast: Cast, office: Office, ana_has_it: Conversation) -> None:
    browser_of(cast.ana).post(f"/conversations/{ana_has_it.pk}/notices")

    assert told(cast.ana) == []
    assert office.writes_mails(NOON + minutes(2)) == []


def test_quiet_hours_are_the_members_own_and_the_mail_comes_after_them(cast: Cast, office: Office) -> None:
    people.change_member(cast.ana, by=cast.ana, at=NOON, time_zone="Europe/Lisbon")
    rest = Rest(quiet_from=time(22), quiet_until=time(7))
    preferences.choose(cast.ana, {}, rest=rest, at=NOON)
    conversation = receive(letter(), channel="email", at=MONDAY_EVENING, answered_from=HELP).conversation
    hand_over(conversation, owner=cast.ana, team=None, by=cast.ines, at=MONDAY_EVENING)
    Office().reacts(MONDAY_EVENING)

    to_ana = [mail for mail in office.writes_mails(MONDAY_EVENING + minutes(5)) if "ana@" in mail["To"]]
    assert to_ana == []
    assert office.writes_mails(datetime(2026, 3, 3, 6, 59, tzinfo=UTC)) == []
    assert len(office.writes_mails(datetime(2026, 3, 3, 7, 0, tzinfo=UTC))) == 1


def test_what_can_wait_comes_together_in_the_morning(cast: Cast, office: Office, ana_has_it: Conversation) -> None:
    office.writes_mails(NOON + minutes(2))
    for text in ("The van broke down.", "It runs again."):
        write_note(ana_has_it, author=cast.ben, text=text, at=NOON + minutes(10))
    office.reacts(NOON + minutes(10))
    assert office.writes_mails(NOON + timedelta(hours=8)) == []

    (digest,) = office.writes_mails(datetime(2026, 3, 3, 8, 0, tzinfo=UTC))

    assert digest["Subject"] == "2 things to know"
    assert digest["Reply-To"] is None
    assert plain(digest).count("Ben Okoro wrote a note") == 2
    html = digest.get_body(("html",))
    assert html is not None
    assert "Ben Okoro wrote a note" in str(html.get_content())


def test_each_is_told_in_their_own_language(cast: Cast, office: Office) -> None:
    people.change_member(cast.ines, by=cast.ines, at=NOON, language="de")
    receive(letter(), channel="email", at=NOON, answered_from=HELP)
    office.reacts(NOON)

    (mail,) = office.writes_mails(NOON + minutes(2))

    assert "Ein neues Gespräch gehört Ihnen" in plain(mail)


def test_what_somebody_wrote_cannot_break_out_of_the_page(cast: Cast, office: Office, ana_has_it: Conversation) -> None:
    ada_writes(ana_has_it, text="<script>alert(1)</script> & so on")
    office.reacts(NOON)

    (mail,) = office.writes_mails(NOON + minutes(2))

    html = mail.get_body(("html",))
    assert html is not None
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; so on" in str(html.get_content())


def test_the_page_names_who_waits_and_opening_a_notice_is_having_read_it(
    cast: Cast, office: Office, ana_has_it: Conversation
) -> None:
    ada_writes(ana_has_it)
    office.reacts(NOON)
    browser = browser_of(cast.ana)
    page = browser.get("/notices").content.decode()
    assert "Ines Hart handed this conversation to you" in page
    assert "Ada Brown wrote" in page
    newest = Notice.objects.filter(member=cast.ana).latest("pk")

    opened = browser.post(f"/notices/{newest.pk}/opening")

    assert opened.headers["Location"] == f"/conversations/{ana_has_it.pk}"
    assert told(cast.ana) == []
    assert "Unread:" not in browser.get("/notices").content.decode()


def test_everything_on_the_page_is_read_at_once_and_nothing_that_came_later(
    cast: Cast, office: Office, ana_has_it: Conversation
) -> None:
    seen = Notice.objects.filter(member=cast.ana).latest("pk")
    ada_writes(ana_has_it)
    office.reacts(NOON)

    browser_of(cast.ana).post("/notices/reading", {"last": seen.pk})

    assert told(cast.ana) == ["Ada Brown wrote"]


def test_the_page_costs_the_same_however_much_happened(
    cast: Cast, office: Office, ana_has_it: Conversation, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        ada_writes(ana_has_it, text=f"{number}")
    office.reacts(NOON)
    browser = browser_of(cast.ana)

    with django_assert_max_num_queries(10):
        browser.get("/notices")


def test_who_left_gets_no_mail_any_more(cast: Cast, office: Office, ana_has_it: Conversation) -> None:
    people.disable(cast.ana, by=cast.ines, at=NOON)

    assert office.writes_mails(NOON + minutes(2)) == []


# Answering


def answer(notice: Notice, *, sender: str = "ana@courier.test", text: str = "I called her.", **more: object) -> Inbound:
    return letter(text, sender=sender, name="Ana", recipients=(tokens.notice_address(notice, HELP),), **more)  # type: ignore[arg-type]


def filed(inbound: Inbound, notice: Notice) -> Mail:
    """Its mail, once it has been filed as an answer to `notice`."""
    raw = RawMail.objects.create(digest=inbound.message_id, size=3, content=b"...")
    Mail.objects.create(raw=raw, source="test", accepted_at=NOON, due_at=NOON)
    (mail,) = work.claim(Mail, at=NOON, limit=1)
    notice_answers.file(mail, inbound, notice, NOON)
    mail.refresh_from_db()
    return mail


def test_an_answer_becomes_a_note_and_the_customer_gets_nothing(
    cast: Cast, office: Office, ana_has_it: Conversation
) -> None:
    (mail,) = office.writes_mails(NOON + minutes(2))
    notice = tokens.answered_notice([parseaddr(mail["Reply-To"])[1]])
    assert notice == Notice.objects.get(member=cast.ana)

    kept = filed(answer(notice), notice)

    note = Message.objects.get(kind=Message.Kind.NOTE)
    assert (note.author_member, note.text, note.deliveries.count()) == (cast.ana, "I called her.", 0)
    assert (kept.outcome, kept.message) == (Mail.Outcome.FILED, note)
    assert told(cast.ana) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": "mallory@example.org"},
        {"verdict": Verdict(judged_by="us", claimed="courier.test", dmarc=Finding(Result.FAIL))},
        {"sender_doubtful": True},
        {"text": ""},
    ],
)
def test_whatever_is_less_than_proved_waits_for_a_person(
    cast: Cast, ana_has_it: Conversation, wrong: dict[str, object]
) -> None:
    notice = Notice.objects.get(member=cast.ana)

    kept = filed(answer(notice, **wrong), notice)  # type: ignore[arg-type]

    assert (kept.outcome, kept.held) == (Mail.Outcome.QUARANTINED, "notice-answer")
    assert not Message.objects.filter(kind=Message.Kind.NOTE).exists()


def test_who_may_not_see_the_conversation_any_more_writes_no_note(cast: Cast, ana_has_it: Conversation) -> None:
    notice = Notice.objects.get(member=cast.ana)
    people.disable(cast.ana, by=cast.ines, at=NOON)
    notice.refresh_from_db()

    assert filed(answer(notice), notice).held == "notice-answer"


def test_an_address_of_a_notice_that_was_made_up_proves_nothing(cast: Cast, ana_has_it: Conversation) -> None:
    notice = Notice.objects.get(member=cast.ana)
    real = tokens.notice_address(notice, HELP)

    assert tokens.answered_notice([real]) == notice
    assert tokens.answered_notice([real.replace(f"+n{notice.pk}-", f"+n{notice.pk + 1}-")]) is None
    assert tokens.answered_notice([f"help+n{notice.pk}-{'a' * 26}@courier.test"]) is None


# Coming back


def test_a_refused_notice_pauses_mail_to_that_member_and_tells_an_administrator(
    cast: Cast,
    office: Office,
    ana_has_it: Conversation,
) -> None:
    office.writes_mails(NOON + minutes(2))
    (mail,) = work.claim(SystemMail, at=NOON + minutes(2), limit=5)

    deliver._note_refusal(mail, Refused("550 5.1.1 No such user", permanent=True), at=NOON, of_the_address=True)
    office.reacts(NOON + minutes(2))

    assert told(cast.ines)[-1] == "Mail to Ana Silva comes back"
    ada_writes(ana_has_it, at=NOON + minutes(5))
    office.reacts(NOON + minutes(5))
    assert [mail["To"] for mail in office.writes_mails(NOON + minutes(10))] == ["Ines Hart <ines@courier.test>"]
    page = browser_of(cast.ana).get("/notices/settings").content.decode()
    assert "came back" in page
    assert "550 5.1.1 No such user" in page


def test_a_member_says_that_their_mail_works_again(cast: Cast, ana_has_it: Conversation) -> None:
    preferences.pause_mail(cast.ana, "550 No such user", at=NOON)

    browser: Client = browser_of(cast.ana)
    browser.post("/notices/mail")

    assert Rest.objects.get(member=cast.ana).mail_paused_at is None


def test_a_choice_is_kept_and_a_wrong_one_loses_nothing(cast: Cast) -> None:
    browser = browser_of(cast.carla)
    fields = {f"{kind}-mail": "never" for kind in Kind if kind not in (Kind.HELD, Kind.TROUBLE)}
    fields |= {"quiet_from": "22:00", "quiet_until": "", "digest_at": "08:00", "mine-app": "on"}

    wrong = browser.post("/notices/settings", fields)
    assert wrong.status_code == 422
    assert "Give both times, or neither." in wrong.content.decode()
    assert 'value="22:00"' in wrong.content.decode()

    assert browser.post("/notices/settings", {**fields, "quiet_until": "07:00"}).status_code == 302
    chosen = preferences.chosen_by(cast.carla)
    assert (chosen[Kind.MINE].app, chosen[Kind.MINE].mail, chosen[Kind.NOTE].app) == (True, "never", False)
    assert Rest.objects.get(member=cast.carla).quiet_until == time(7)


def test_many_mails_are_written_with_few_statements_and_one_commit(cast: Cast, office: Office) -> None:
    for number in range(12):
        receive_for(cast, number)
    office.reacts(NOON)
    with CaptureQueriesContext(connection) as asked:
        mails = office.writes_mails(NOON + minutes(2))
    writes = [one["sql"] for one in asked if "INSERT INTO" in one["sql"] or 'UPDATE "' in one["sql"]]
    assert (len(mails), len(writes)) == (12, 3)  # claimed, done, written
    assert len(asked) < 12 * 7


def test_one_that_another_worker_took_over_keeps_none_of_the_others_from_being_written(
    cast: Cast, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        receive_for(cast, number)
    office.reacts(NOON)
    news, lost = Bundle.news, MailTelling.objects.order_by("pk")[1]

    def news_of_one_that_is_lost(bundle: Bundle) -> list[Notice]:
        MailTelling.objects.filter(pk=lost.pk).update(claim="another")
        return news(bundle)

    monkeypatch.setattr(Bundle, "news", news_of_one_that_is_lost)
    mails = office.writes_mails(NOON + minutes(2))
    assert sorted(plain(mail).count("Number") for mail in mails) == [1, 1]
    assert [one.pk for one in MailTelling.objects.filter(done_at=None)] == [lost.pk]


def receive_for(cast: Cast, number: int) -> None:
    """A conversation that is handed to Ana."""
    received = receive(letter(f"Number {number}."), channel="email", at=NOON, answered_from=HELP)
    hand_over(received.conversation, owner=cast.ana, team=None, by=cast.ines, at=NOON)
