"""A letter of ours that comes back: whoever answers sees it, and an address where nobody is any more is marked."""

from __future__ import annotations

import pytest

from everyhand.channels.email import accept, tokens
from everyhand.conversations import saying
from everyhand.conversations.models import Conversation, Delivery
from everyhand.conversations.taking_part import Addressees
from everyhand.customers.models import Identity
from everyhand.desk import aside
from everyhand.promises.models import Promise
from tests.cast import HELP, NOON, minutes
from tests.channels.email.proof.post import ADA, Post, reply_address
from tests.channels.email.proof.senders import EXAMPLE_SERVER, written
from tests.web.house import browser_of

REPORT = """\
From: MAILER-DAEMON@mail.example.org
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=cut

--cut
Content-Type: text/plain

This is the mail system at host mail.example.org. Your message could not be delivered.
--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

{recipients}
--cut--
"""
CAME_BACK, GONE = "so they have not read it", "nobody can be reached there any more"


def failed(address: str, status: str, action: str = "failed") -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n"


def page_after(post: Post, *recipients: str, forged: bool = False) -> str:
    """What Ana sees once a report on her answer to Ada has come."""
    conversation = post.writes().conversation
    assert conversation is not None
    post.answers(conversation)
    path = tokens.return_path(Delivery.objects.get())
    to = path.replace("+b", "+b9") if forged else path
    post.comes(REPORT.format(to=to, recipients="\n".join(recipients)).encode(), to=to, envelope_from="")
    return browser_of(post.cast.ines).get(f"/conversations/{conversation.pk}").content.decode()


def is_marked(address: str = ADA) -> bool:
    return Identity.objects.get(value=address).undeliverable_at is not None


@pytest.mark.parametrize(
    ("recipients", "said", "marked"),
    [
        ([failed(ADA, "5.1.1")], GONE, True),
        ([failed(ADA, "5.2.2")], CAME_BACK, False),
        ([failed(ADA, "5.7.1")], CAME_BACK, False),
        ([failed("bea@example.org", "5.2.2"), failed(ADA, "5.1.1")], GONE, True),
        ([failed("bea@example.org", "5.1.1"), failed(ADA, "5.2.2")], CAME_BACK, False),
        ([failed("box-1@store.test", "5.1.1")], GONE, True),
        ([failed("box-1@store.test", "5.1.1"), failed("box-2@store.test", "5.2.2")], CAME_BACK, False),
    ],
)
def test_a_letter_that_came_back_is_seen_by_whoever_answers(
    post: Post, recipients: list[str], said: str, *, marked: bool
) -> None:
    page = page_after(post, *recipients)
    assert f"What we wrote to {ADA} came back" in page
    assert said in page
    assert is_marked() is marked


def test_a_server_that_still_tries_has_not_sent_it_back(post: Post) -> None:
    assert "came back" not in page_after(post, failed(ADA, "4.4.1", "delayed"))
    assert not is_marked()


def test_a_report_that_did_not_come_to_the_way_back_of_a_letter_changes_nothing(post: Post) -> None:
    assert "came back" not in page_after(post, failed(ADA, "5.1.1"), forged=True)
    assert not is_marked()


def test_what_came_back_was_no_answer(post: Post) -> None:
    page = page_after(post, failed(ADA, "5.1.1"))
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.reply_due) == ("open", NOON + minutes(120))
    assert "kept the promise" not in page
    assert "since the customer did not get our answer" in page


def test_a_report_that_comes_twice_brings_it_back_once(post: Post) -> None:
    page_after(post, failed(ADA, "5.1.1"))
    Conversation.objects.update(status="waiting")
    to = tokens.return_path(Delivery.objects.get())
    post.comes(REPORT.format(to=to, recipients=failed(ADA, "5.2.2")).encode(), to=to, envelope_from="")
    assert Conversation.objects.get().status == "waiting"


def test_what_she_writes_together_with_a_report_finds_the_promise_as_it_stands(post: Post) -> None:
    conversation = post.writes().conversation
    assert conversation is not None
    post.answers(conversation)
    back, to = tokens.return_path(Delivery.objects.get()), reply_address(conversation)
    report = REPORT.format(to=back, recipients=failed(ADA, "5.1.1")).encode()
    hers = [written(ADA, f"Hello {number}?", **{"Message-ID": f"<h{number}@example.org>"}) for number in range(2)]
    for raw, recipient, sender in ((hers[0], HELP, ADA), (report, back, ""), (hers[1], to, ADA)):
        arriving = accept.Arriving(raw, f"smtp {EXAMPLE_SERVER}", sender, (recipient,), "mail.test")
        accept.accept(arriving, at=NOON + minutes(10))
    post.work(at=NOON + minutes(10))
    conversation.refresh_from_db()
    assert (conversation.status, conversation.reply_due) == ("open", NOON + minutes(120))
    assert Promise.objects.filter(conversation=conversation).count() == 1


def test_a_question_aside_that_came_back_changes_nothing_about_the_conversation(post: Post) -> None:
    conversation = post.writes().conversation
    assert conversation is not None
    post.answers(conversation)
    aside.ask(
        conversation,
        author=post.cast.ana,
        to=Addressees([("press@partner.test", "")]),
        subject="Paper",
        text="Is it printed?",
        at=NOON + minutes(6),
        message_id_for=lambda pk: tokens.message_id(pk, HELP),
        sender=saying.Sender(HELP),
    )
    to = tokens.return_path(Delivery.objects.get(address="press@partner.test"))
    post.comes(REPORT.format(to=to, recipients=failed("press@partner.test", "5.1.1")).encode(), to=to, envelope_from="")
    assert set(Conversation.objects.values_list("status", flat=True)) == {"waiting", "closed"}
