"""A letter of ours that comes back: whoever answers sees it, and an address where nobody is any more is marked."""

from __future__ import annotations

import pytest

from everyhand.channels.email import tokens
from everyhand.conversations.models import Delivery
from everyhand.customers.models import Identity
from tests.channels.email.proof.post import ADA, Post
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
