"""An answer that nobody got is no answer: the conversation is ours again, and the promise stands."""

from __future__ import annotations

import pytest

from everyhand.channels.email.outbound.deliver import PATIENCE
from everyhand.conversations.models import Conversation, Delivery
from everyhand.core import journal, work
from everyhand.customers.models import Identity
from everyhand.desk.close import close
from everyhand.desk.receive import receive
from everyhand.desk.reply import write_note
from everyhand.escalation import actions as escalation
from everyhand.escalation.models import Escalation
from everyhand.promises.models import Promise
from everyhand.web.happenings import happenings
from tests.cast import NOON, Cast, letter, minutes
from tests.channels.email.answers import ADA, BOB, CYD, answer
from tests.channels.email.far_end import Start, use
from tests.channels.email.test_deliver import SOON, work_off
from tests.servers.processes import free_port

GONE = "550 5.1.1 Nobody here"
PROMISED = NOON + minutes(120)


def stands(conversation: Conversation) -> tuple[str, object]:
    conversation.refresh_from_db()
    return conversation.status, conversation.reply_due


def taken_up(conversation: Conversation) -> int:
    return journal.about(conversation).filter(action="conversation.taken_up").count()


def refused_for_good(mail_server: Start, *addresses: str) -> None:
    mail_server().moods.recipients = dict.fromkeys(addresses, GONE)


def test_refused_for_good_it_is_open_again_with_the_reason_and_the_old_promise(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    refused_for_good(mail_server, ADA, BOB, CYD)
    answer(conversation, cast)
    assert stands(conversation) == ("waiting", None)
    work_off()
    assert stands(conversation) == ("open", PROMISED)
    assert Promise.objects.get().kept_at is None
    told = [one.text for one in happenings(conversation, [], {cast.ana.pk: "Ana"}, reader=cast.ines)]
    assert f"It came back, since the customer did not get our answer: {GONE}" in told
    assert not any("kept the promise" in one for one in told)


def test_when_one_of_her_addresses_got_it_nothing_changes(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    Identity.objects.filter(value=BOB).update(customer=conversation.customer)
    refused_for_good(mail_server, ADA, CYD)
    answer(conversation, cast)
    work_off()
    assert stands(conversation) == ("waiting", None)


def test_that_others_got_it_is_no_answer_to_the_customer(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    refused_for_good(mail_server, ADA)
    answer(conversation, cast)
    work_off()
    assert stands(conversation) == ("open", PROMISED)


def test_while_it_may_still_arrive_it_is_an_answer(cast: Cast, conversation: Conversation, mail_server: Start) -> None:
    far_end = mail_server()
    far_end.moods.recipients = dict.fromkeys((ADA, BOB, CYD), "451 4.7.1 Come again")
    answer(conversation, cast)
    work_off()
    assert stands(conversation) == ("waiting", None)


def test_what_waited_in_vain_for_our_own_server_is_no_answer(
    cast: Cast, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, f"smtp://127.0.0.1:{free_port()}")
    answer(conversation, cast)
    work_off(SOON + PATIENCE)
    assert stands(conversation) == ("open", PROMISED)


def test_answered_again_meanwhile_it_is_answered(cast: Cast, conversation: Conversation, mail_server: Start) -> None:
    refused_for_good(mail_server, ADA, BOB, CYD)
    first = answer(conversation, cast)
    answer(conversation, cast, "Once more.")
    Delivery.objects.exclude(message=first).update(due_at=SOON + minutes(60))
    work_off()
    assert stands(conversation) == ("waiting", None)
    # And when the second one does not arrive either, what the first one kept stands again.
    work_off(SOON + minutes(61))
    assert stands(conversation) == ("open", PROMISED)
    assert taken_up(conversation) == 1


def test_closed_meanwhile_it_stays_closed(cast: Cast, conversation: Conversation, mail_server: Start) -> None:
    refused_for_good(mail_server, ADA, BOB, CYD)
    answer(conversation, cast)
    close(conversation, by=cast.ana, at=NOON + minutes(6))
    work_off()
    assert stands(conversation) == ("closed", None)


def test_what_the_customer_wrote_meanwhile_has_a_promise_of_its_own(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    refused_for_good(mail_server, ADA, BOB, CYD)
    answer(conversation, cast)
    receive(letter("Hello?"), channel="email", at=NOON + minutes(7), proof=conversation.pk)
    _status, due = stands(conversation)
    work_off()
    assert stands(conversation) == ("open", due)
    assert taken_up(conversation) == 0


def test_tried_again_in_vain_it_does_not_come_back_twice(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    refused_for_good(mail_server, ADA, BOB, CYD)
    answer(conversation, cast)
    work_off()
    Conversation.objects.update(status="waiting")
    for delivery in Delivery.objects.all():
        work.retry(delivery, at=SOON)
    work_off(SOON + minutes(1))
    assert stands(conversation) == ("waiting", PROMISED)
    assert taken_up(conversation) == 1


def test_tried_again_and_arrived_it_is_the_answer(cast: Cast, conversation: Conversation, mail_server: Start) -> None:
    far_end = mail_server()
    far_end.moods.recipients = dict.fromkeys((ADA, BOB, CYD), GONE)
    answer(conversation, cast)
    work_off()
    assert stands(conversation) == ("open", PROMISED)

    far_end.moods.recipients = {}
    for delivery in Delivery.objects.all():
        work.retry(delivery, at=SOON)
    work_off(SOON + minutes(1))

    assert stands(conversation) == ("waiting", None)
    assert Promise.objects.get().kept_at is not None


def test_when_only_others_get_it_the_customer_still_waits(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    far_end = mail_server()
    far_end.moods.recipients = dict.fromkeys((ADA, BOB, CYD), GONE)
    answer(conversation, cast)
    work_off()

    far_end.moods.recipients = {ADA: GONE}
    for delivery in Delivery.objects.all():
        work.retry(delivery, at=SOON)
    work_off(SOON + minutes(1))

    assert stands(conversation) == ("open", PROMISED)


def test_whoever_was_paged_for_it_is_paged_again(cast: Cast, conversation: Conversation, mail_server: Start) -> None:
    refused_for_good(mail_server, ADA, BOB, CYD)
    note = write_note(conversation, author=cast.ben, text="Now, please", at=NOON + minutes(1))
    escalation.raise_hell(conversation, note=note, by=cast.ben, at=NOON + minutes(1))
    answer(conversation, cast)
    assert Escalation.objects.get().ended_at
    work_off()
    assert Escalation.objects.get().ended_at is None
    told = [one.text for one in happenings(conversation, [], {}, reader=cast.ines)]
    assert "The customer did not get the answer, so it is escalated again" in told
