"""Replies on their way: to a real server in every mood, tried again when it helps, and told when it does not."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection

from everyhand.channels.email import tokens
from everyhand.channels.email.models import Mailbox
from everyhand.channels.email.outbound import no_server, postman
from everyhand.channels.email.outbound.compose import compose
from everyhand.channels.email.outbound.deliver import deliver
from everyhand.channels.email.outbound.no_server import NO_SERVER
from everyhand.conversations.models import Conversation, Delivery
from everyhand.core import journal, work
from everyhand.desk.receive import receive
from everyhand.desk.reply import take_back
from tests.cast import HELP, NOON, Cast, letter, minutes
from tests.channels.email.answers import ADA, BOB, CYD, answer
from tests.channels.email.door import make_certificate
from tests.channels.email.far_end import Start, use
from tests.channels.email.test_letter import assert_well_formed, parsed
from tests.servers.processes import free_port

SOON = NOON + minutes(10)


def work_off(at: datetime = SOON, stopping: threading.Event | None = None) -> list[Delivery]:
    """What a worker does: claim what is due and deliver it; the deliveries as they are then."""
    claimed = work.claim(Delivery, at=at, limit=32)
    deliver(claimed, stopping=stopping, clock=lambda: at)
    return list(Delivery.objects.order_by("pk"))


def actions() -> list[str]:
    return [entry.action for entry in journal.Entry.objects.filter(action__startswith="delivery.").order_by("pk")]


def test_everybody_gets_the_reply_each_by_a_return_path_of_their_own(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    far_end = mail_server()
    message = answer(conversation, cast)
    deliveries = work_off()
    assert [one.recipients for one in far_end.received] == [[ADA], [BOB], [CYD]]
    assert [tokens.returned_delivery([one.sender]) for one in far_end.received] == [one.pk for one in deliveries]
    assert {one.state for one in deliveries} == {"sent"}
    assert {one.answer for one in deliveries} == {"250 2.0.0 queued as 4711"}
    assert len({one.raw for one in far_end.received}) == 1
    assert far_end.connections == 1
    assert actions() == ["delivery.sent"] * 3
    assert_well_formed(far_end.received[0].raw, list(parsed(far_end.received[0].raw).keys())[:9])
    assert parsed(far_end.received[0].raw)["Message-ID"] == f"<{message.message_id}>"


def test_one_refused_recipient_of_three_keeps_nobody_else_from_it(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    far_end = mail_server()
    far_end.moods.recipients[BOB] = "550 5.1.1 Bob moved away"
    answer(conversation, cast)
    deliveries = work_off()
    assert [one.state for one in deliveries] == ["sent", "failed", "sent"]
    assert deliveries[1].last_error == deliveries[1].answer == "550 5.1.1 Bob moved away"
    assert actions() == ["delivery.sent", "delivery.failed", "delivery.sent"]
    work_off(SOON + minutes(10_000))
    assert [one.recipients for one in far_end.received] == [[ADA], [CYD]]


def test_what_is_refused_for_now_is_tried_again_with_the_same_bytes(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    far_end = mail_server()
    message = answer(conversation, cast)
    before = compose(message)
    far_end.moods.data = "451 4.7.1 Greylisted, come again"
    ada, *_ = work_off()
    assert (ada.state, ada.last_error) == ("due", "451 4.7.1 Greylisted, come again")
    assert SOON + minutes(1) <= ada.due_at <= SOON + minutes(1.1)
    assert actions() == []
    far_end.moods.data = ""
    conversation.subject = "Changed meanwhile"
    conversation.save()
    assert {one.state for one in work_off(SOON + minutes(2))} == {"sent"}
    assert {one.raw for one in far_end.received} == {before}


def test_it_is_tried_for_two_days_and_then_somebody_hears_of_it(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    far_end = mail_server()
    far_end.moods.recipients = dict.fromkeys((ADA, BOB, CYD), "450 4.2.1 Mailbox busy")
    answer(conversation, cast)
    at, ada = SOON, Delivery.objects.get(address=ADA)
    while ada.is_open:
        ada = next(one for one in work_off(at) if one.address == ADA)
        at = max(ada.due_at, at + minutes(1))
    assert ada.state == "failed"
    assert ada.last_error == "450 4.2.1 Mailbox busy"
    assert minutes(46 * 60) < at - SOON < minutes(53 * 60)
    assert actions().count("delivery.failed") >= 1


def test_a_server_that_breaks_off_in_the_data_is_asked_again(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    far_end = mail_server()
    far_end.moods.hang_up_in_data = True
    answer(conversation, cast)
    deliveries = work_off()
    assert {one.state for one in deliveries} == {"due"}
    assert all(one.last_error.startswith("The mail server broke off: ") for one in deliveries)
    far_end.moods.hang_up_in_data = False
    assert {one.state for one in work_off(SOON + minutes(2))} == {"sent"}


def test_a_server_that_says_nothing_is_given_up_in_time(
    cast: Cast, conversation: Conversation, mail_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    far_end = mail_server()
    far_end.moods.hang = True
    monkeypatch.setattr(postman, "TIMEOUT_SECONDS", 0.3)
    answer(conversation, cast)
    began = time.monotonic()
    deliveries = work_off()
    assert time.monotonic() - began < 5
    assert all(one.last_error.startswith("The mail server broke off: ") for one in deliveries)
    assert all(one.last_error.endswith("timed out") for one in deliveries)


def test_a_server_that_is_down_is_asked_once_a_batch_and_found_when_it_is_back(
    cast: Cast, conversation: Conversation, mail_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    use(monkeypatch, f"smtp://127.0.0.1:{port}")
    answer(conversation, cast)
    deliveries = work_off()
    assert {one.state for one in deliveries} == {"due"}
    assert all("The mail server can't be reached: " in one.last_error for one in deliveries)
    far_end = mail_server(port=port)
    assert {one.state for one in work_off(SOON + minutes(2))} == {"sent"}
    assert far_end.connections == 1


def test_without_a_server_replies_wait_without_losing_a_try_and_leave_once_one_is_set(
    cast: Cast, conversation: Conversation, mail_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, "")
    answer(conversation, cast)
    for number in range(60):
        work_off(SOON + minutes(number * 2))
    assert {(one.state, one.last_error, one.attempts) for one in Delivery.objects.all()} == {("due", NO_SERVER, 0)}
    mail_server()
    no_server.wait_no_longer(at=SOON + minutes(121))
    assert {one.state for one in work_off(SOON + minutes(121))} == {"sent"}


def test_without_a_server_all_that_is_due_waits_and_what_can_be_taken_back_is_left_alone(
    cast: Cast, conversation: Conversation
) -> None:
    answer(conversation, cast)
    first, second, third = Delivery.objects.order_by("pk")
    Delivery.objects.filter(pk=third.pk).update(due_at=SOON + minutes(1))
    assert no_server.wait(Delivery, at=SOON) == 2
    waits = Delivery.objects.order_by("pk").values_list("pk", "last_error", "attempts", "due_at")
    until = SOON + no_server.PAUSE
    assert list(waits) == [
        (first.pk, NO_SERVER, 0, until),
        (second.pk, NO_SERVER, 0, until),
        (third.pk, "", 0, SOON + minutes(1)),
    ]


def test_of_thousands_that_wait_a_few_at_a_time_are_put_off_and_brought_forward_in_their_order(
    cast: Cast, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PUT_OFF_TOGETHER", 1)
    for _ in range(3):
        answer(conversation, cast)
    everybody = list(Delivery.objects.order_by("due_at", "pk").values_list("pk", flat=True))
    for number in range(len(everybody)):
        assert no_server.wait(Delivery, at=SOON + minutes(number)) == 1
    assert no_server.wait(Delivery, at=SOON) == 0
    for number in range(len(everybody)):
        assert no_server.wait_no_longer(at=SOON + minutes(20 + number)) == 1
    assert no_server.wait_no_longer(at=SOON + minutes(30)) == 0
    assert [one.pk for one in work.claim(Delivery, at=SOON + minutes(30), limit=100)] == everybody


def test_a_reply_that_was_taken_back_is_never_sent(cast: Cast, conversation: Conversation, mail_server: Start) -> None:
    far_end = mail_server()
    message = answer(conversation, cast)
    assert take_back(message, by=cast.ana, at=NOON + minutes(5))
    assert {one.state for one in work_off()} == {"undone"}
    assert far_end.received == []


def test_whoever_lost_the_lease_sends_nothing(cast: Cast, conversation: Conversation, mail_server: Start) -> None:
    far_end = mail_server()
    answer(conversation, cast)
    mine = work.claim(Delivery, at=SOON, limit=32)
    theirs = work.claim(Delivery, at=SOON + minutes(5), limit=32)
    deliver(mine, clock=lambda: SOON + minutes(5))
    assert far_end.received == []
    deliver(theirs, clock=lambda: SOON + minutes(5))
    assert len(far_end.received) == 3


def test_a_worker_that_stops_gives_back_what_it_has_not_sent(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    far_end = mail_server()
    answer(conversation, cast)
    stopping = threading.Event()
    stopping.set()
    assert {(one.state, one.attempts) for one in work_off(stopping=stopping)} == {("due", 0)}
    assert far_end.received == []
    assert {one.state for one in work_off()} == {"sent"}


def test_an_address_that_is_none_is_set_aside_and_the_others_go(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    mail_server()
    message = answer(conversation, cast)
    none = "bob@example.org>\r\nRCPT TO:<evil@evil.test"
    Delivery.objects.filter(address=BOB).update(address=none)
    message.recipients[1]["email"] = none
    message.save()
    deliveries = work_off()
    assert [one.state for one in deliveries] == ["sent", "failed", "sent"]
    assert "is no mail address" in deliveries[1].last_error


def test_mail_goes_encrypted_and_signed_in_as_the_address_of_the_server_says(
    cast: Cast, conversation: Conversation, mail_server: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    for at, option in (("smtps://", "tls"), ("smtp+starttls://", "starttls")):
        far_end = mail_server(f"{at}ana:p%40ss@", password="p@ss", **{option: server_context(certificate)})
        answer(conversation, cast)
        assert {one.last_error for one in work_off()} == {""}
        assert [one.signed_in_as for one in far_end.received] == ["ana"] * 3
        assert all(one.encrypted or option == "tls" for one in far_end.received)


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def test_nothing_is_said_to_a_server_whose_certificate_is_not_trusted(
    cast: Cast, conversation: Conversation, mail_server: Start, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path, "127.0.0.1")
    answer(conversation, cast)
    for later, (at, option) in enumerate((("smtps://", "tls"), ("smtp+starttls://", "starttls"))):
        far_end = mail_server(f"{at}ana:secret@", **{option: server_context(certificate)})
        deliveries = work_off(SOON + minutes(later * 5))
        assert {one.state for one in deliveries} == {"due"}
        assert all("certificate" in one.last_error.lower() for one in deliveries)
        assert far_end.received == []


def test_encryption_that_is_asked_for_is_not_done_without(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    far_end = mail_server("smtp+starttls://")
    answer(conversation, cast)
    assert {one.state for one in work_off()} == {"due"}
    assert far_end.received == []


def test_a_wrong_password_is_a_failure_for_now_and_stays_a_secret(
    cast: Cast, conversation: Conversation, mail_server: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    mail_server("smtp://ana:hunter2@", password="p@ss")
    answer(conversation, cast)
    deliveries = work_off()
    assert {one.state for one in deliveries} == {"due"}
    assert all(": 535 " in one.last_error for one in deliveries)
    assert "hunter2" not in "".join(one.last_error for one in deliveries) + "".join(capfd.readouterr())


def test_a_server_that_closes_down_after_each_letter_still_gets_all(
    cast: Cast, conversation: Conversation, mail_server: Start
) -> None:
    """A refusal with 421 ends the connection; the next letter opens another."""
    far_end = mail_server()
    far_end.moods.recipients[ADA] = "421 4.7.0 Too fast"
    answer(conversation, cast)
    assert [one.state for one in work_off()] == ["due", "sent", "sent"]
    assert far_end.connections == 2


def test_addresses_in_other_scripts_go_out_when_the_server_takes_them(
    cast: Cast, mail_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbound = letter(sender="jörg@example.org")
    opened = receive(inbound, channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation
    far_end = mail_server()
    answer(opened, cast)
    work_off()
    assert [one.recipients for one in far_end.received] == [["jörg@example.org"]]
    plain = mail_server(smtputf8=False)
    answer(opened, cast)
    assert [one.state for one in work_off()] == ["sent", "failed"]
    assert plain.received == []


def test_nothing_is_in_a_transaction_while_the_server_thinks(
    transactional_db: None, mail_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = Cast()
    Mailbox.objects.create(address=HELP)
    opened = receive(letter(), channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation
    answer(opened, cast)
    far_end = mail_server()
    far_end.moods.hang = True
    monkeypatch.setattr(postman, "TIMEOUT_SECONDS", 2.0)
    claimed = work.claim(Delivery, at=SOON, limit=1)

    def deliver_in_a_thread() -> None:
        deliver(claimed, clock=lambda: SOON)
        connection.close()

    delivering = threading.Thread(target=deliver_in_a_thread)
    delivering.start()
    time.sleep(0.5)
    began = time.monotonic()
    answer(opened, cast)
    assert time.monotonic() - began < 1
    assert delivering.is_alive()
    delivering.join(30)


def test_a_name_server_that_knows_nothing_is_a_server_that_is_down(
    cast: Cast, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, "smtp://mail.invalid:25")
    answer(conversation, cast)
    with pytest.raises(socket.gaierror):
        postman.connect()
    assert {one.state for one in work_off()} == {"due"}
