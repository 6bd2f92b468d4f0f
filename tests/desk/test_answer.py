"""Answering: written at once, sent after ten seconds, stopped when a colleague was faster, and it keeps the promise."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.conversations.queries import REFERENCES_KEPT
from everyhand.core import work
from everyhand.desk.close import close, reopen
from everyhand.desk.hand_over import hand_over
from everyhand.desk.receive import receive
from everyhand.desk.reply import NothingToSend, Overtaken, reply, take_back, write_note
from everyhand.people.models import Member
from everyhand.promises import actions as promises
from everyhand.promises.models import Promise
from tests.cast import HELP, NOON, Cast, letter, minutes


@pytest.fixture
def waiting(cast: Cast) -> Conversation:
    return receive(letter(), channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation


def answer(
    conversation: Conversation, author: Member, *, at: float, text: str = "It is on its way.", seen: int | None = None
) -> Message:
    return reply(
        conversation,
        author=author,
        text=text,
        at=NOON + minutes(at),
        message_id_for=lambda pk: f"{pk}@courier.test",
        seen=seen,
    )


def test_a_reply_and_its_delivery_are_written_together_and_the_promise_is_kept(
    cast: Cast, waiting: Conversation
) -> None:
    message = answer(waiting, cast.ana, at=30)
    (delivery,) = message.deliveries.all()
    assert (delivery.address, delivery.state) == ("ada@example.org", "due")
    assert (delivery.due_at - message.at).total_seconds() == 10
    promise = Promise.objects.get()
    assert (promise.kept_at, promise.broken_at) == (message.at, None)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.reply_due) == ("waiting", None)


def test_it_threads_by_the_customers_last_message_and_everything_before_it(cast: Cast, waiting: Conversation) -> None:
    first = waiting.messages.get()
    ours = answer(waiting, cast.ana, at=1)
    assert (ours.in_reply_to, ours.references) == (first.message_id, [first.message_id])
    second = receive(letter(), channel="email", at=NOON + minutes(2), proof=waiting.pk).message
    again = answer(waiting, cast.ana, at=3)
    assert (again.in_reply_to, again.references) == (
        second.message_id,
        [first.message_id, ours.message_id, second.message_id],
    )


def test_after_long_silence_it_threads_by_the_first_and_the_newest_letters_and_what_the_customer_wrote(
    cast: Cast, waiting: Conversation
) -> None:
    first = waiting.messages.get()
    ours = [answer(waiting, cast.ana, at=number, text=f"News {number}").message_id for number in range(1, 26)]
    latest = answer(waiting, cast.ana, at=30)
    assert latest.in_reply_to == first.message_id
    assert latest.references == [*ours[-(REFERENCES_KEPT - 1) :], first.message_id]

    second = receive(letter(), channel="email", at=NOON + minutes(31), proof=waiting.pk).message
    again = answer(waiting, cast.ana, at=32, text="And again")
    newest = [*ours, latest.message_id, second.message_id][-(REFERENCES_KEPT - 1) :]
    assert (again.in_reply_to, again.references) == (second.message_id, [first.message_id, *newest])


def test_a_reply_can_be_taken_back_for_ten_seconds_and_the_promise_stands_again(
    cast: Cast, waiting: Conversation
) -> None:
    message = answer(waiting, cast.ana, at=30)
    assert take_back(message, by=cast.ana, at=message.at + minutes(0.1))
    waiting.refresh_from_db()
    assert (waiting.status, waiting.reply_due) == ("open", NOON + minutes(120))
    assert work.claim(Delivery, at=NOON + minutes(60), limit=10) == []


def test_once_its_delivery_has_begun_it_is_too_late(cast: Cast, waiting: Conversation) -> None:
    message = answer(waiting, cast.ana, at=30)
    work.claim(Delivery, at=message.at + minutes(0.2), limit=10)
    assert not take_back(message, by=cast.ana, at=message.at + minutes(0.21))
    waiting.refresh_from_db()
    assert waiting.status == "waiting"


def test_when_a_colleague_answered_meanwhile_nothing_is_sent_and_their_words_are_shown(
    cast: Cast, waiting: Conversation
) -> None:
    seen = waiting.messages.get().pk
    first = answer(waiting, cast.ana, at=1, seen=seen)
    with pytest.raises(Overtaken) as overtaken:
        answer(waiting, cast.ben, at=2, seen=seen)
    assert overtaken.value.messages == [first]
    assert Delivery.objects.count() == 1
    answer(waiting, cast.ben, at=3, seen=first.pk)


def test_when_the_customer_wrote_meanwhile_it_is_stopped_too(cast: Cast, waiting: Conversation) -> None:
    seen = waiting.messages.get().pk
    receive(letter("Never mind, it came."), channel="email", at=NOON, proof=waiting.pk)
    with pytest.raises(Overtaken):
        answer(waiting, cast.ana, at=2, seen=seen)


def test_a_reply_taken_back_overtakes_nobody(cast: Cast, waiting: Conversation) -> None:
    seen = waiting.messages.get().pk
    take_back(answer(waiting, cast.ana, at=1, seen=seen), by=cast.ana, at=NOON + minutes(1.1))
    answer(waiting, cast.ben, at=2, seen=seen)


def test_a_note_is_never_sent_and_keeps_no_promise(cast: Cast, waiting: Conversation) -> None:
    write_note(waiting, author=cast.ana, text="Careful with this one.", at=NOON)
    assert not Delivery.objects.exists()
    assert Promise.objects.get().kept_at is None
    assert answer(waiting, cast.ana, at=1).references == [waiting.messages.earliest("pk").message_id]


def test_without_words_or_anybody_to_send_to_nothing_is_written(cast: Cast, waiting: Conversation) -> None:
    with pytest.raises(NothingToSend):
        answer(waiting, cast.ana, at=1, text="  \n")
    nameless = receive(letter(sender=""), channel="email", at=NOON).conversation
    with pytest.raises(NothingToSend):
        answer(nameless, cast.ana, at=1)
    assert Message.objects.filter(direction="out").count() == 0


def test_a_promise_breaks_when_its_time_passes_and_a_late_answer_still_settles_it(
    cast: Cast, waiting: Conversation
) -> None:
    assert promises.tick(at=NOON + minutes(119)) == 0
    assert promises.tick(at=NOON + minutes(121)) == 1
    assert promises.tick(at=NOON + minutes(122)) == 0
    answer(waiting, cast.ana, at=130)
    promise = Promise.objects.get()
    assert (promise.broken_at, promise.kept_at) == (NOON + minutes(120), NOON + minutes(130))


def test_handing_over_moves_the_promise_but_not_its_time(cast: Cast, waiting: Conversation) -> None:
    hand_over(waiting, owner=cast.carla, team=None, by=cast.ana, at=NOON + minutes(5))
    promise = Promise.objects.get()
    assert (promise.owner, promise.due_at) == (cast.carla, NOON + minutes(120))
    waiting.refresh_from_db()
    assert waiting.owner_because == {"code": "assigned", "by": "Ana Silva"}


def test_closing_withdraws_what_was_promised_and_reopening_promises_again(cast: Cast, waiting: Conversation) -> None:
    close(waiting, by=cast.ana, at=NOON + minutes(5))
    close(waiting, by=cast.ben, at=NOON + minutes(6))
    assert Promise.objects.get().withdrawn_at == NOON + minutes(5)
    reopen(waiting, by=cast.ana, at=NOON + minutes(10))
    waiting.refresh_from_db()
    assert (waiting.status, waiting.reply_due) == ("open", NOON + minutes(130))


@pytest.mark.usefixtures("two_connections")
def test_of_two_colleagues_who_press_send_together_one_is_stopped() -> None:
    cast = Cast()
    conversation = receive(letter(), channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation
    seen = conversation.messages.get().pk
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def press_send(author: Member) -> None:
        together.wait(10)
        try:
            answer(conversation, author, at=1, seen=seen)
            outcomes.append("sent")
        except Overtaken:
            outcomes.append("stopped")
        finally:
            connection.close()

    threads = [threading.Thread(target=press_send, args=(author,)) for author in (cast.ana, cast.ben)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["sent", "stopped"]
    assert Delivery.objects.count() == 1


Step = Callable[[Conversation, Cast, float], object]
STEPS: dict[str, Step] = {
    "customer writes": lambda one, _, at: receive(letter(), channel="email", at=NOON + minutes(at), proof=one.pk),
    "ana answers": lambda one, cast, at: answer(one, cast.ana, at=at),
    "ana takes her last answer back": lambda one, cast, at: [
        take_back(message, by=cast.ana, at=message.at + minutes(0.1))
        for message in one.messages.filter(direction="out").order_by("-pk")[:1]
    ],
    "ben notes": lambda one, cast, at: write_note(one, author=cast.ben, text="Hm.", at=NOON + minutes(at)),
    "ben closes": lambda one, cast, at: close(one, by=cast.ben, at=NOON + minutes(at)),
    "ana reopens": lambda one, cast, at: reopen(one, by=cast.ana, at=NOON + minutes(at)),
    "time passes": lambda _one, _cast, at: promises.tick(at=NOON + minutes(at)),
}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_whatever_people_do_an_open_conversation_has_exactly_one_open_promise_and_the_inbox_knows_it(
    cast: Cast, steps: list[str]
) -> None:
    conversation = receive(letter(), channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation
    for number, step in enumerate(steps, start=1):
        STEPS[step](conversation, cast, number * 45)
        conversation.refresh_from_db()
        open_promises = Promise.objects.filter(conversation=conversation, kept_at=None, withdrawn_at=None)
        assert [promise.due_at for promise in open_promises] == (
            [conversation.reply_due] if conversation.reply_due else []
        )
        assert (conversation.status == "open") == bool(open_promises)
