"""What comes to the two addresses of a notice: the one that answers go to, and the one that it was sent from."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parseaddr
from typing import Final

import pytest

from everyhand.channels.email import queries, tokens
from everyhand.channels.email.models import Mail, SystemMail
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.desk.hand_over import hand_over
from everyhand.notices.models import Notice, Rest
from tests.cast import NOON, minutes
from tests.channels.email.proof.post import Post, said
from tests.channels.email.proof.senders import EVIL_SERVER, written
from tests.channels.email.proof.test_coming_back import REPORT, failed
from tests.notices.office import Office, as_read, told
from tests.web.house import browser_of

ANA: Final = "ana@courier.test"
HER_PROGRAM_QUOTES: Final = "I called her.\n\nOn 2 Mar 2026, The Courier wrote:\n> Ada Brown wrote\n> No paper today.\n"


@pytest.fixture
def office(post: Post) -> Office:  # the post first: it is the desk that notices are about
    return Office()


@pytest.fixture
def anas(post: Post, office: Office) -> Conversation:
    """Ada's conversation, which is Ana's; she was mailed about it."""
    conversation = post.writes().conversation
    assert conversation is not None
    hand_over(conversation, owner=post.cast.ana, team=None, by=post.cast.ines, at=NOON)
    Notice.objects.exclude(member=post.cast.ana).delete()
    office.reacts(NOON)
    office.writes_mails(NOON + minutes(2))
    return conversation


@pytest.fixture
def notice(anas: Conversation, post: Post) -> SystemMail:
    return SystemMail.objects.get(address=ANA)


def reply_address(notice: SystemMail) -> str:
    return parseaddr(as_read(notice)["Reply-To"])[1]


def answers(post: Post, notice: SystemMail, text: str = HER_PROGRAM_QUOTES, sender: str = ANA, **fields: str) -> Mail:
    raw = written(f"Ana Silva <{sender}>", text, **{"Message-ID": "<from-her-phone@courier.test>", **fields})
    return post.comes(raw, to=reply_address(notice), envelope_from=sender)


def test_the_owner_answers_from_her_mail_program_and_it_is_her_note(
    post: Post, anas: Conversation, notice: SystemMail
) -> None:
    mail = answers(post, notice)

    note = anas.messages.get(kind=Message.Kind.NOTE)
    assert (note.text.strip(), note.author_member) == ("I called her.", post.cast.ana)
    assert (mail.outcome, mail.conversation, mail.message) == (Mail.Outcome.FILED, anas, note)
    assert not Delivery.objects.exists()
    assert Conversation.objects.count() == 1
    assert told(post.cast.ana) == []
    assert "I called her." in browser_of(post.cast.ana).get(f"/conversations/{anas.pk}").content.decode()


def test_her_absence_note_is_no_note_of_hers(post: Post, anas: Conversation, notice: SystemMail) -> None:
    mail = answers(post, notice, "I am away until Monday.", **{"Auto-Submitted": "auto-replied"})

    assert mail.outcome == Mail.Outcome.SUPPRESSED
    assert not Message.objects.filter(kind=Message.Kind.NOTE).exists()
    assert Conversation.objects.count() == 1


def mallory(post: Post, notice: SystemMail) -> Mail:
    return answers(post, notice, "Give me the keys.", sender="mallory@evil.test")


def mallory_as_ana(post: Post, notice: SystemMail) -> Mail:
    raw = written(f"Ana Silva <{ANA}>", "Give her the keys.", **{"Message-ID": "<forged@evil.test>"})
    return post.comes(raw, to=reply_address(notice), peer=EVIL_SERVER, envelope_from="mallory@evil.test")


def without_words(post: Post, notice: SystemMail) -> Mail:
    return answers(post, notice, "")


@pytest.mark.parametrize("somebody", [mallory, mallory_as_ana, without_words])
def test_anything_less_waits_for_a_person_and_can_be_put_away(
    somebody: Callable[[Post, SystemMail], Mail], post: Post, anas: Conversation, notice: SystemMail
) -> None:
    mail = somebody(post, notice)

    assert (mail.outcome, mail.held, mail.would_join) == (Mail.Outcome.QUARANTINED, "notice-answer", None)
    assert said(anas) == ["No paper today."]
    page = browser_of(post.cast.ines).get(f"/quarantine/{mail.pk}").content.decode()
    assert "Put it away" in page
    browser_of(post.cast.ines).post(f"/quarantine/{mail.pk}/decision", {"decision": "dismiss"})
    mail.refresh_from_db()
    assert mail.outcome == Mail.Outcome.SUPPRESSED
    assert queries.ledger().balanced


def test_a_report_that_her_notice_came_back_pauses_mail_to_her_and_tells_an_administrator(
    post: Post, office: Office, anas: Conversation, notice: SystemMail
) -> None:
    report = REPORT.format(to=notice.envelope_from, recipients=failed(ANA, "5.1.1"))

    mail = post.comes(report.encode(), to=notice.envelope_from, envelope_from="")
    office.reacts(NOON + minutes(3))

    assert (mail.outcome, mail.why, mail.conversation) == (Mail.Outcome.SUPPRESSED, "bounce", None)
    assert Rest.objects.get(member=post.cast.ana).mail_paused_at is not None
    assert told(post.cast.ines)[-1] == "Mail to Ana Silva comes back"
    assert Conversation.objects.count() == 1
    settings = browser_of(post.cast.ana).get("/notices/settings").content.decode()
    assert "came back" in settings


def test_a_report_to_an_address_that_somebody_made_up_pauses_nothing(
    post: Post, office: Office, anas: Conversation, notice: SystemMail
) -> None:
    forged = notice.envelope_from.replace(f"+m{post.cast.ana.pk}-", f"+m{post.cast.ben.pk}-")

    post.comes(REPORT.format(to=forged, recipients=failed(ANA, "5.1.1")).encode(), to=forged, envelope_from="")
    office.reacts(NOON + minutes(3))

    assert not Rest.objects.filter(mail_paused_at__isnull=False).exists()
    assert Conversation.objects.count() == 1


def test_who_answers_to_where_a_notice_came_from_is_a_program(
    post: Post, anas: Conversation, notice: SystemMail
) -> None:
    raw = written(f"Ana Silva <{ANA}>", "I am out.", **{"Message-ID": "<rude@courier.test>"})

    mail = post.comes(raw, to=notice.envelope_from, envelope_from=ANA)

    assert (mail.outcome, mail.why) == (Mail.Outcome.SUPPRESSED, "auto-reply")
    assert Conversation.objects.count() == 1


def test_the_address_of_a_notice_is_signed_for_one_member(anas: Conversation, notice: SystemMail) -> None:
    assert tokens.answered_notice([reply_address(notice)]) == Notice.objects.get(conversation=anas)
    assert tokens.member_not_reached([reply_address(notice)]) is None
