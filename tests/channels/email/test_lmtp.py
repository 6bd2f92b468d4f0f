"""Handing mail over by LMTP, as a mail server of the company's own does."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from everyhand.channels.email.listener import Listener, LocalDialogue
from everyhand.channels.email.listener.dialogue import Limits
from everyhand.channels.email.models import Mail, Mailbox
from tests.channels.email.door import ADA, HELP, LETTER, Door, Line, stored
from tests.servers.everyhand import RunningEveryhand
from tests.servers.postfix import Postfix
from tests.servers.processes import free_port

SALES = "sales@paper.test"


@pytest.fixture
def door(transactional_db: None) -> Iterator[Door]:
    for address in (HELP, SALES):
        Mailbox.objects.create(address=address)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listener = Listener(listening, dialogue=LocalDialogue, limits=Limits(size=1_000_000))
        listener.start()
        yield Door(listener, *listening.getsockname())
        listener.stop()


@pytest.fixture
def call(door: Door) -> Iterator[Line]:
    with closing(Line(door)) as line:
        line.say(b"LHLO post.paper.test", f"MAIL FROM:<{ADA}>".encode())
        yield line


def test_a_mail_handed_over_by_lmtp_is_stored_as_it_came(door: Door) -> None:
    with smtplib.LMTP("127.0.0.1", door.port) as client:
        assert client.sendmail(ADA, [HELP], LETTER) == {}

    mail = Mail.objects.get()
    assert stored() == [LETTER]
    assert (mail.source, mail.envelope_from, mail.envelope_to) == ("lmtp 127.0.0.1", ADA, [HELP])


def test_each_recipient_that_was_taken_has_an_answer_of_its_own(call: Line) -> None:
    assert call.say(f"RCPT TO:<{HELP}>".encode()).startswith(b"250 ")
    assert call.say(b"RCPT TO:<nobody@paper.test>").startswith(b"550 ")
    assert call.say(f"RCPT TO:<{SALES}>".encode()).startswith(b"250 ")
    assert call.say(b"DATA").startswith(b"354 ")

    first = call.say(LETTER + b".")
    second = call.hear()

    assert first.startswith(b"250 2.0.0 ")
    assert second.startswith(b"250 2.0.0 ")
    assert call.say(b"NOOP").startswith(b"250 ")
    assert Mail.objects.get().envelope_to == [HELP, SALES]


def test_a_mail_that_is_too_large_is_refused_once_for_each_recipient(call: Line) -> None:
    call.say(f"RCPT TO:<{HELP}>".encode(), f"RCPT TO:<{SALES}>".encode(), b"DATA")
    call.send(b"x" * 998 + b"\r\n")
    for _ in range(1_010):
        call.send(b"x" * 998 + b"\r\n")

    assert call.say(b".").startswith(b"552 5.3.4 ")
    assert call.hear().startswith(b"552 5.3.4 ")
    assert call.say(b"NOOP").startswith(b"250 ")
    assert stored() == []


@pytest.mark.parametrize("greeting", [b"EHLO post.paper.test", b"HELO post.paper.test"])
def test_who_greets_as_in_smtp_is_told_how_to_greet(door: Door, greeting: bytes) -> None:
    with closing(Line(door)) as line:
        assert line.say(greeting) == b"500 5.5.1 This is LMTP: say LHLO\r\n"
        assert line.say(b"LHLO post.paper.test").startswith(b"250 ")


def test_nothing_is_taken_before_the_greeting(door: Door) -> None:
    with closing(Line(door)) as line:
        assert line.say(f"MAIL FROM:<{ADA}>".encode()).startswith(b"503 ")


def test_a_postfix_of_the_company_hands_mail_over_by_lmtp(
    start_everyhand: Callable[..., RunningEveryhand], make_postfix: Callable[..., Postfix]
) -> None:
    port = free_port()
    everyhand = start_everyhand(EVERYHAND_LMTP=f"127.0.0.1:{port}")
    everyhand.run("mailbox", "add", HELP)
    everyhand.run("mailbox", "add", SALES)
    postfix = make_postfix()
    postfix.start(relay={"paper.test": port}, by="lmtp")

    postfix.deliver(LETTER, sender=ADA, to=[HELP, SALES])

    everyhand.wait_until(
        lambda: "Where is it?" in everyhand.run("list", "--json"), seconds=30, what="the letter is filed"
    )
    assert postfix.log().count("status=sent (250 2.0.0 Stored as ") == 2
