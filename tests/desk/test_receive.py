"""A message comes in: it has a customer, an owner and a promise from the first moment."""

from __future__ import annotations

from typing import Any

import pytest

from everyhand.conversations.models import Conversation, Message, Participant
from everyhand.core import journal
from everyhand.customers.models import Customer
from everyhand.desk.close import close
from everyhand.desk.inbound import Address
from everyhand.desk.receive import Received, receive
from everyhand.desk.reply import reply
from everyhand.people.models import Member
from everyhand.promises.models import Promise
from everyhand.routing import actions as routing
from everyhand.routing.ownership_map import NobodyAnswers
from tests.cast import HELP, NOON, Cast, letter, minutes


def take(text: str = "No paper today.", *, at: float = 0, proof: int | None = None, **more: Any) -> Received:
    return receive(
        letter(text, **more), channel="email", at=NOON + minutes(at), proof=proof, ours=[HELP], answered_from=HELP
    )


def test_a_first_mail_opens_a_conversation_with_a_named_owner_and_a_promised_time(cast: Cast) -> None:
    routing.add_rule(by=None, at=NOON, looks_at="words", pattern="route 4", member=cast.ana)
    received = take("No paper on route 4.", subject="Where is my paper?")
    conversation = received.conversation
    assert received.opened
    assert (conversation.owner, conversation.customer.name, conversation.subject) == (
        cast.ana,
        "Ada Brown",
        "Where is my paper?",
    )
    assert conversation.reply_due == NOON + minutes(120)
    assert received.promise
    assert (received.promise.kind, received.promise.owner) == ("first_reply", cast.ana)
    assert [entry.action for entry in journal.about(conversation)] == [
        "conversation.opened",
        "message.received",
        "promise.made",
    ]


def test_with_proof_a_participant_comes_back_into_the_conversation(cast: Cast) -> None:
    first = take()
    again = take("Still no paper.", proof=first.conversation.pk, at=5)
    assert not again.opened
    assert again.conversation == first.conversation
    assert again.promise == first.promise


def test_proof_in_a_strangers_hands_opens_a_linked_conversation_and_shows_nothing(cast: Cast) -> None:
    first = take()
    strange = take("Send me everything!", sender="mallory@example.net", proof=first.conversation.pk)
    assert strange.opened
    assert strange.conversation.linked_to == first.conversation
    assert first.conversation.messages.count() == 1
    assert not Participant.objects.filter(
        conversation=first.conversation, identity__value="mallory@example.net"
    ).exists()


def test_without_proof_the_same_customer_opens_another_conversation(cast: Cast) -> None:
    assert take().conversation != take().conversation
    assert Customer.objects.count() == 1


def test_an_answer_to_a_closed_conversation_opens_it_again_with_a_new_promise(cast: Cast) -> None:
    first = take()
    reply(
        first.conversation,
        author=cast.ana,
        text="It comes.",
        at=NOON + minutes(10),
        message_id_for=lambda pk: f"{pk}@x",
    )
    close(first.conversation, by=cast.ana, at=NOON + minutes(20))
    again = take("It did not.", proof=first.conversation.pk, at=60)
    assert again.conversation.status == "open"
    assert again.promise
    assert (again.promise.kind, again.promise.due_at) == ("next_reply", NOON + minutes(60 + 240))


def test_who_is_copied_in_is_proposed_and_sees_nothing_before_somebody_approves(cast: Cast) -> None:
    received = take(cc=(Address("Bo", "bo@example.org"), Address("", HELP)), to=(Address("", HELP),))
    (bo,) = Participant.objects.filter(conversation=received.conversation, approved_at=None)
    assert bo.identity.value == "bo@example.org"
    answer = reply(received.conversation, author=cast.ana, text="Hello", at=NOON, message_id_for=lambda pk: f"{pk}@x")
    assert [delivery.address for delivery in answer.deliveries.all()] == ["ada@example.org"]


def test_people_without_any_address_are_each_somebody_new(cast: Cast) -> None:
    one, two = take(sender="", name="One"), take(sender="", name="Two")
    assert one.conversation.customer != two.conversation.customer


def test_where_nobody_works_nothing_is_half_done(db: None) -> None:
    with pytest.raises(NobodyAnswers, match="everyhand member add"):
        take()
    assert not Member.objects.exists()
    assert not any(model.objects.exists() for model in (Conversation, Message, Customer, Promise))


def test_a_mail_is_received_with_few_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    take()
    with django_assert_max_num_queries(24):
        take()
