"""Mail arrives in any order, and at conversations that are over: it is always filed, once, where it belongs."""

from __future__ import annotations

from datetime import timedelta

from everyhand.channels.email import queries, tokens
from everyhand.channels.email.models import Mail
from everyhand.conversations import actions as conversations
from everyhand.conversations.models import Conversation, Delivery, Message, Status
from everyhand.core import tokens as signing
from everyhand.core.journal import Entry
from everyhand.desk.close import close
from tests.cast import NOON, minutes
from tests.channels.email.proof.post import ADA, Post, reply_address, said
from tests.channels.email.proof.test_coming_back import REPORT, failed

FIRST = {"Message-ID": "<first@example.org>"}
ANSWERS_FIRST = {"In-Reply-To": "<first@example.org>", "References": "<first@example.org>"}


def test_three_answers_in_reverse_order_are_three_messages_of_one_conversation(post: Post) -> None:
    conversation = post.writes().conversation
    answer = post.answers(conversation)  # type: ignore[arg-type]
    for words, earlier in (("Third.", "second"), ("Second.", "first-answer"), ("First.", "nothing")):
        post.writes(
            text=words, to=reply_address(conversation), References=f"<{answer.message_id}> <{earlier}@example.org>"
        )
    assert said(conversation) == ["No paper today.", "It is on its way.", "Third.", "Second.", "First."]
    assert Conversation.objects.count() == 1


def test_a_second_letter_that_overtook_the_first_is_neither_lost_nor_doubled(post: Post) -> None:
    second = post.writes(text="And no milk.", **ANSWERS_FIRST)
    first = post.writes(**FIRST)
    third = post.writes(text="Nor bread.", **ANSWERS_FIRST)
    assert [said(one.conversation) for one in (second, first)] == [["And no milk."], ["No paper today."]]
    assert third.conversation is not None
    assert third.conversation.linked_to == first.conversation
    assert queries.ledger().filed == Message.objects.count() == 3


def test_a_bounce_that_comes_before_its_letter_is_noted_as_sent_is_believed(post: Post) -> None:
    conversation = post.writes().conversation
    post.answers(conversation)  # type: ignore[arg-type]
    delivery = Delivery.objects.get()
    assert delivery.state == "due"
    way_back = tokens.return_path(delivery)
    report = REPORT.format(to=way_back, recipients=failed(ADA, "5.1.1")).encode()
    bounce = post.comes(report, to=way_back, envelope_from="")
    assert (bounce.outcome, bounce.why) == ("suppressed", "bounce")
    assert Entry.objects.get(action="delivery.bounced").particulars["delivery"] == delivery.pk
    assert said(conversation) == ["No paper today.", "It is on its way."]


def test_an_answer_to_what_was_closed_years_ago_opens_it_again(post: Post) -> None:
    conversation = post.writes().conversation
    assert conversation is not None
    address = reply_address(conversation)
    close(conversation, by=post.cast.ana, at=NOON + minutes(5))
    later = post.comes(_letter("It is back."), to=address, at=NOON + timedelta(days=5 * 365))
    assert later.conversation == conversation
    conversation.refresh_from_db()
    assert conversation.status == Status.OPEN


def test_an_answer_to_what_was_deleted_is_a_conversation_of_its_own(post: Post) -> None:
    conversation = post.writes().conversation
    assert conversation is not None
    address = reply_address(conversation)
    answer = post.answers(conversation)
    by_id = {"In-Reply-To": f"<{answer.message_id}>"}
    conversations.erase(conversation)
    for mail in (post.writes(text="Hello?", to=address), post.writes(text="Anybody?", **by_id)):
        assert mail.outcome == "filed"
        assert mail.conversation is not None
    assert [said(one) for one in Conversation.objects.order_by("pk")] == [["Hello?"], ["Anybody?"]]
    assert queries.ledger().balanced


def test_an_address_of_another_company_s_everyhand_means_nothing_here(post: Post) -> None:
    conversation = post.writes().conversation
    theirs = signing.sign("reply-address", f"{conversation.pk}:their secret")  # type: ignore[union-attr]
    address = f"help+{conversation.pk}-{theirs}@courier.test"  # type: ignore[union-attr]
    assert post.writes(text="Hello?", to=address).conversation != conversation
    assert Mail.objects.filter(outcome="filed").count() == 2


def test_what_opens_a_conversation_is_128_bits_long(post: Post) -> None:
    """Base 32 carries five bits a letter."""
    conversation = post.writes().conversation
    answer = post.answers(conversation)  # type: ignore[arg-type]
    for signed in (reply_address(conversation), answer.message_id, tokens.return_path(Delivery.objects.get())):
        signature = signed.partition("@")[0].rpartition("-")[2]
        assert len(signature) * 5 >= 128
        assert len(set(signature)) > 8


def _letter(text: str) -> bytes:
    return f"From: {ADA}\r\nTo: help@courier.test\r\nSubject: Re: Paper\r\n\r\n{text}\r\n".encode()
