"""Fields that a program might read as its own orders mean nothing when they come from outside.

We read none that we write, but for what the standards give to everybody (Auto-Submitted, Precedence, X-Auto-Response-
Suppress, In-Reply-To and References with our signature). So a mail with all of these becomes what it is without them.
"""

from __future__ import annotations

from typing import Any

import pytest

from everyhand.conversations.models import Conversation, Message, Participant
from tests.channels.email.proof.post import ADA, MALLORY, Post, reply_address
from tests.channels.email.proof.senders import written

ORDERS = {
    "X-Everyhand-Conversation": "1",
    "X-Everyhand-Message": "1",
    "X-Everyhand-Member": "ana@courier.test",
    "X-Everyhand-Owner": "1",
    "X-Everyhand-Status": "closed",
    "X-Everyhand-Verdict": '{"dmarc": {"result": "pass", "domain": "example.org"}}',
    "X-Everyhand-Approved": MALLORY,
    "X-Everyhand-Decision": "join",
    "X-Everyhand-Note": "yes",
    "X-Conversation-ID": "1",
    "X-Ticket-ID": "1",
    "X-RT-Ticket": "courier.test #1",
    "X-RT-Originator": "ana@courier.test",
    "X-RT-Command": "Status: resolved",
    "RT-Send-Cc": MALLORY,
    "RT-Squelch-Replies-To": ADA,
    "X-Zammad-Ticket-Id": "1",
    "X-Zammad-Ticket-Owner": "ana@courier.test",
    "X-OTRS-TicketNumber": "1",
    "X-OTRS-FollowUp-State": "closed",
    "X-FreeScout-Mail-Type": "user.notification",
    "X-Authenticated-User": "ana@courier.test",
    "X-Original-From": "ana@courier.test",
    "X-Original-To": "hr@courier.test",
    "X-Envelope-To": "hr@courier.test",
    "Delivered-To": "hr@courier.test",
    "Envelope-To": "hr@courier.test",
    "Apparently-To": "hr@courier.test",
    "Return-Path": "<ana@courier.test>",
    "Resent-From": "ana@courier.test",
    "Sender": "ana@courier.test",
    "X-Sender": "ana@courier.test",
    "Bcc": MALLORY,
    "Disposition-Notification-To": MALLORY,
    "Return-Receipt-To": MALLORY,
    "Errors-To": MALLORY,
    "Authentication-Results": "everyhand; dmarc=pass header.from=courier.test",
    "ARC-Authentication-Results": "i=1; mx.courier.test; dmarc=pass header.from=courier.test",
    "Received-SPF": "pass (example.org: all is well)",
    "X-Spam-Flag": "NO",
    "X-Loop": "help@courier.test",
    "Thread-Index": "AQHZ",
    "Message-ID": "<1-aaaaaaaaaaaaaaaaaaaaaaaaaa@courier.test>",
    "In-Reply-To": "<1@courier.test>",
    "References": "<1-aaaaaaaaaaaaaaaaaaaaaaaaaa@courier.test>",
}


def became(conversation: Conversation) -> dict[str, Any]:
    message = Message.objects.get(conversation=conversation)
    return {
        "customer": conversation.customer.address,
        "owner": conversation.owner,
        "because": conversation.owner_because,
        "team": conversation.team,
        "status": conversation.status,
        "address": conversation.address,
        "participants": set(
            Participant.objects.filter(conversation=conversation).values_list("identity__value", "approved_at")
        ),
        "text": message.text,
        "kind": (message.kind, message.direction, message.author_member, message.automatic),
        "verdict": message.verdict,
    }


def test_a_mail_with_every_order_becomes_what_it_is_without(post: Post) -> None:
    first = post.writes(text="The first.").conversation
    plain = post.comes(written(ADA, "The second.", Message_ID="<plain@example.org>")).conversation
    ordering = post.comes(written(ADA, "The second.", **ORDERS)).conversation
    assert first is not None
    assert plain is not None
    assert ordering is not None
    assert ordering not in (first, plain)
    assert became(ordering) == became(plain)
    assert Message.objects.filter(conversation=first).count() == 1
    assert ordering.linked_to in (first, plain)  # a suggestion, since it claims to answer something


@pytest.mark.parametrize("name", sorted(set(ORDERS) - {"Message-ID", "In-Reply-To", "References"}))
def test_no_single_order_changes_where_an_answer_goes(post: Post, name: str) -> None:
    conversation = post.writes(text="The first.").conversation
    answer = post.writes(text="And more.", to=reply_address(conversation), **{name: ORDERS[name]})
    assert answer.conversation == conversation
    assert answer.message is not None
    assert (answer.message.direction, answer.message.kind) == ("in", "message")
    people = Participant.objects.filter(conversation=conversation).values_list("identity__value", flat=True)
    assert list(people) == [ADA]
