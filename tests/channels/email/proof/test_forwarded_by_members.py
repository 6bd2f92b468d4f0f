"""A colleague forwards what a customer wrote to them: the conversation is the customer's, from the first second."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from django.conf import settings

from everyhand.channels.email.models import Mail, Mailbox, SystemMail
from everyhand.channels.email.reparse import read_again
from everyhand.conversations.models import Conversation, Message, Participant
from everyhand.customers.models import Customer
from everyhand.people import actions as people
from everyhand.routing import actions as routing
from tests.cast import HELP, NOON
from tests.channels.email.proof.post import ADA, Post, reply_address, said, sent
from tests.channels.email.proof.senders import EXAMPLE_SERVER, written
from tests.web.house import browser_of

WORDS = "No paper on route 4 today.\n\nAda Brown"
GMAIL = f"""\
She is very patient. Who can help?

---------- Forwarded message ---------
From: Ada Brown <{ADA}>
Date: Sun, 1 Mar 2026 at 18:02
Subject: Where is my paper?
To: Ana Silva <ana@courier.test>
Cc: <neighbour@example.org>

{WORDS}
"""
OUTLOOK = f"""\
She is very patient. Who can help?

Ana Silva
________________________________
From: Ada Brown <{ADA}>
Sent: Sunday, March 1, 2026 6:02 PM
To: Ana Silva <ana@courier.test>
Subject: Where is my paper?

{WORDS}
"""
OUTLOOK_GERMAN = f"""\
She is very patient. Who can help?

Von: Ada Brown <{ADA}>
Gesendet: Sonntag, 1. März 2026 18:02
An: Ana Silva <ana@courier.test>
Betreff: Where is my paper?

{WORDS}
"""
APPLE = f"""\
She is very patient. Who can help?

Begin forwarded message:

> From: Ada Brown <{ADA}>
> Subject: Where is my paper?
> Date: 1 March 2026 at 18:02:11 CET
> To: Ana Silva <ana@courier.test>
>
> No paper on route 4 today.
>
> Ada Brown
"""
THUNDERBIRD = f"""\
She is very patient. Who can help?

-------- Forwarded Message --------
Subject: \tWhere is my paper?
Date: \tSun, 1 Mar 2026 18:02:11 +0100
From: \tAda Brown <{ADA}>
To: \tAna Silva <ana@courier.test>


{WORDS}
"""


def forwards(post: Post, text: str = GMAIL, *, subject: str = "Fwd: Where is my paper?", **fields: str) -> Mail:
    """Ana's mail server sends what she forwards."""
    raw = written(post.cast.ana.email, text, **fields).replace(b"Subject: Paper", f"Subject: {subject}".encode())
    return post.comes(raw, envelope_from=post.cast.ana.email)


def attached(sender: str) -> bytes:
    """The same as an attachment, as Outlook and Thunderbird do on request."""
    inner = EmailMessage()
    inner["From"], inner["To"], inner["Subject"] = f"Ada Brown <{ADA}>", "ana@courier.test", "Where is my paper?"
    inner["Date"], inner["Message-ID"] = "Sun, 1 Mar 2026 18:02:11 +0100", "<ada-1@example.org>"
    inner.set_content(WORDS)
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = f"Ana Silva <{sender}>", HELP, "Fwd: Where is my paper?"
    outer.set_content("She is very patient. Who can help?")
    outer.add_attachment(inner)
    return outer.as_bytes()


def opened(mail: Mail) -> Conversation:
    assert mail.conversation is not None, (mail.outcome, mail.why)
    return mail.conversation


@pytest.mark.parametrize("text", [GMAIL, OUTLOOK, OUTLOOK_GERMAN, APPLE, THUNDERBIRD])
def test_the_conversation_is_adas_and_what_ana_wrote_is_a_note(post: Post, text: str) -> None:
    subject = "WG: Where is my paper?" if text is OUTLOOK_GERMAN else "Fwd: Where is my paper?"
    conversation = opened(forwards(post, text, subject=subject))
    message, note = conversation.messages.order_by("pk")
    assert (conversation.customer.address, conversation.subject) == (ADA, "Where is my paper?")
    assert (message.direction, message.author, message.reply) == ("in", "Ada Brown", WORDS)
    assert message.forwarded_by == post.cast.ana
    assert (note.kind, note.author_member) == ("note", post.cast.ana)
    assert note.text.startswith("She is very patient. Who can help?")
    assert "route 4" not in note.text
    assert conversation.reply_due is not None
    assert not Customer.objects.exclude(pk=conversation.customer_id).filter(conversations__isnull=False).exists()


def test_a_mail_forwarded_as_an_attachment_is_taken_the_same_way(post: Post) -> None:
    conversation = opened(post.comes(attached(post.cast.ana.email), envelope_from=post.cast.ana.email))
    message, note = conversation.messages.order_by("pk")
    assert (conversation.customer.address, message.reply, message.forwarded_by) == (ADA, WORDS, post.cast.ana)
    assert message.sent_at is not None
    assert message.sent_at.isoformat() == "2026-03-01T17:02:11+00:00"
    assert note.text == "She is very patient. Who can help?"
    assert next(file.name for file in message.attachments.all()).endswith(".eml")


@pytest.mark.parametrize(("text", "when"), [(GMAIL, "Sun, 1 Mar 2026 at 18:02"), (THUNDERBIRD, "2026-03-01T17:02:11")])
def test_the_page_says_who_passed_it_on_and_when_it_was_written(post: Post, text: str, when: str) -> None:
    conversation = opened(forwards(post, text))
    page = browser_of(post.cast.ana).get(f"/conversations/{conversation.pk}").content.decode()
    assert "Forwarded by Ana Silva; written" in page
    assert when in page
    assert "Proved to come from courier.test" not in page  # Ana is proved, Ada is not
    assert "Internal note: only colleagues see this" in page


def test_whoever_passed_it_on_answers_for_it_unless_the_ownership_map_knows_better(post: Post) -> None:
    mine = opened(forwards(post))
    assert (mine.owner, mine.owner_because["code"]) == (post.cast.ana, "forwarded")
    routing.add_rule(by=post.cast.ines, at=NOON, looks_at="words", pattern="route 4", member=post.cast.ben)
    bens = opened(forwards(post, GMAIL + "\nThe second time."))
    assert (bens.owner, bens.owner_because["code"]) == (post.cast.ben, "rule")


def test_carla_who_sees_only_what_is_hers_follows_what_she_passed_on_but_not_into_a_private_team(post: Post) -> None:
    carla = post.cast.carla
    routing.add_rule(by=post.cast.ines, at=NOON, looks_at="words", pattern="route 4", team=post.cast.delivery)
    conversation = opened(post.comes(written(carla.email, GMAIL, Subject="Fwd: Paper"), envelope_from=carla.email))
    other = opened(post.writes())
    assert conversation.owner in (post.cast.ana, post.cast.ben)
    assert browser_of(carla).get(f"/conversations/{conversation.pk}").status_code == 200
    assert browser_of(carla).get(f"/conversations/{other.pk}").status_code == 404
    post.cast.delivery.private = True
    post.cast.delivery.save()
    assert browser_of(carla).get(f"/conversations/{conversation.pk}").status_code == 404


def test_our_answer_goes_to_ada_alone_and_holds_no_word_of_anas(post: Post) -> None:
    conversation = opened(forwards(post, **{"In-Reply-To": "<ada-1@example.org>"}))
    answer = post.answers(conversation)
    assert [one.address for one in answer.deliveries.all()] == [ADA]
    assert "patient" not in sent(answer)
    assert "In-Reply-To: <ada-1@example.org>" in sent(answer)


def test_whom_ada_had_copied_in_is_proposed_and_ana_is_not(post: Post) -> None:
    conversation = opened(forwards(post, GMAIL.replace("To: Ana", "To: Bea <bea@example.org>, Ana")))
    proposed = Participant.objects.filter(conversation=conversation, approved_at=None)
    assert {one.identity.value for one in proposed} == {"bea@example.org"}


def test_what_belongs_to_an_open_conversation_of_adas_joins_it_or_is_shown_beside_it(post: Post) -> None:
    first = opened(post.writes(**{"Message-ID": "<ada-1@example.org>"}))
    beside = opened(forwards(post, **{"In-Reply-To": "<ada-1@example.org>"}))
    assert beside.linked_to == first
    raw = written(post.cast.ana.email, GMAIL + "\nTo where it belongs.", Subject="Fwd: Paper")
    joined = post.comes(raw, to=reply_address(first), envelope_from=post.cast.ana.email)
    assert joined.conversation == first
    assert said(first)[0] == "No paper today."


def test_nobody_is_thanked_for_a_letter_a_colleague_passed_on(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "acknowledge", True)
    opened(forwards(post))
    assert not SystemMail.objects.exists()


def test_a_forged_forward_is_held_and_opens_nothing(post: Post) -> None:
    held = post.forges(post.cast.ana.email, GMAIL, Subject="Fwd: Where is my paper?")
    unknown = post.comes(written(post.cast.ana.email, GMAIL), source="inbox/1.eml")
    assert [one.held for one in (held, unknown)] == ["member-unproved"] * 2
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()


def test_what_a_customer_forwards_stays_the_customers(post: Post) -> None:
    conversation = opened(post.writes(text=GMAIL.replace(ADA, "bob@example.org"), Subject="Fwd: Paper"))
    assert conversation.customer.address == ADA
    assert Message.objects.get().forwarded_by is None


@pytest.mark.parametrize("original", ["ana@courier.test", "ben@courier.test", HELP, ""])
def test_what_a_colleague_or_the_desk_wrote_is_no_customers_letter(post: Post, original: str) -> None:
    mail = forwards(post, GMAIL.replace(f"<{ADA}>", f"<{original}>" if original else ""))
    assert opened(mail).customer.address == post.cast.ana.email
    assert Message.objects.get().forwarded_by is None


def test_who_no_longer_works_here_passes_nothing_on(post: Post) -> None:
    people.disable(post.cast.ana, by=post.cast.ines, at=NOON)
    assert opened(forwards(post)).customer.address == post.cast.ana.email


def test_a_colleague_is_one_where_the_desk_takes_every_address_of_the_domain(post: Post) -> None:
    Mailbox.objects.create(address="*@courier.test")
    assert opened(forwards(post)).customer.address == ADA
    own = post.writes(HELP, "Our own coming back.")
    assert (own.outcome, own.why) == ("suppressed", "loop")


def test_reading_it_again_leaves_it_the_customers_words(post: Post) -> None:
    message = opened(forwards(post)).messages.get(kind="message")
    assert [one.differences for one in read_again(Mail.objects.all(), apply=True, at=NOON)] == [()]
    message.refresh_from_db()
    assert message.reply == WORDS


def test_a_forged_original_says_who_passed_it_on_and_proves_nobody(post: Post) -> None:
    """Whoever wrote to Ana may have lied: her forward makes it no truer, so no verdict stands under Ada's name."""
    message = opened(forwards(post)).messages.get(kind="message")
    assert message.verdict["claimed"] == "courier.test"
    raw = browser_of(post.cast.ana).get(f"/messages/{message.pk}/raw")
    assert raw.status_code == 200
    assert EXAMPLE_SERVER in Mail.objects.get().source
