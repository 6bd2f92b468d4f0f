"""Everyhand's door and letters, and the programs of others: a real Postfix on both sides, and swaks."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from email.policy import SMTP

import pytest
from django.utils import timezone

from everyhand.channels.email import tokens
from everyhand.channels.email.models import Mail
from everyhand.channels.email.outbound.deliver import deliver
from everyhand.conversations.models import Delivery
from everyhand.core import work
from everyhand.desk.receive import receive
from everyhand.desk.reply import reply
from tests.cast import NOON, Cast, letter, minutes
from tests.channels.email.door import HELP, Open, everybody_locked_out, impatient
from tests.channels.email.far_end import use
from tests.channels.email.test_letter import parsed
from tests.servers.postfix import Postfix
from tests.servers.processes import wait_until
from tests.skips import absent

pytestmark = pytest.mark.django_db(transaction=True)

ADA = "ada@customers.test"


def test_a_reply_reaches_the_customer_and_their_answer_comes_back(
    open_door: Open, make_postfix: Callable[..., Postfix], monkeypatch: pytest.MonkeyPatch
) -> None:
    postfix = make_postfix()
    postfix.start(relay={"paper.test": open_door().port})
    use(monkeypatch, postfix.url)
    ana = Cast().ana
    heard = letter(sender=ADA, message_id="first@customers.test", subject="Zeitung fehlt – schon wieder")
    conversation = receive(heard, channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation
    message = reply(
        conversation,
        author=ana,
        text="It is on its way — promised.\n\nFrom tomorrow on it comes earlier.\n.\nAna",
        at=NOON,
        message_id_for=lambda pk: tokens.message_id(pk, HELP),
    )
    deliver(work.claim(Delivery, at=NOON + minutes(1), limit=5), clock=timezone.now)
    delivery = Delivery.objects.get()
    assert delivery.state == "sent"
    assert delivery.answer.startswith("250 2.0.0 Ok: queued as ")

    (arrived,) = postfix.wait_for_mail(ADA)
    mail = parsed(arrived.as_bytes(policy=SMTP))
    assert mail["Subject"] == "Re: Zeitung fehlt – schon wieder"
    assert (mail["Message-ID"], mail["In-Reply-To"]) == (f"<{message.message_id}>", "<first@customers.test>")
    plain = mail.get_body(("plain",))
    assert plain is not None
    said = plain.get_content().replace("\r\n", "\n")
    assert said.startswith(message.text + "\n")
    assert said.endswith("\n> No paper today.\n")
    assert tokens.returned_delivery([str(mail["Return-Path"]).strip("<>")]) == delivery.pk

    back = mail["Reply-To"].addresses[0].addr_spec
    postfix.deliver(b"From: ada@customers.test\r\nSubject: Re\r\n\r\nThank you.\r\n", sender=ADA, to=back)
    wait_until(Mail.objects.exists, seconds=20, what="the answer arrives")
    assert tokens.proven_conversation(Mail.objects.get().envelope_to, []) == conversation.pk


def test_a_bounce_comes_back_to_its_delivery(
    open_door: Open, make_postfix: Callable[..., Postfix], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Postfix takes the reply and learns later that there is no such customer."""
    postfix = make_postfix()
    postfix.start(relay={"paper.test": open_door().port})
    use(monkeypatch, postfix.url)
    ana = Cast().ana
    heard = letter(sender="gone@nowhere.test")
    conversation = receive(heard, channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation
    reply(conversation, author=ana, text="Hello.", at=NOON, message_id_for=lambda pk: tokens.message_id(pk, HELP))
    deliver(work.claim(Delivery, at=NOON + minutes(1), limit=5), clock=timezone.now)
    wait_until(Mail.objects.exists, seconds=20, what="the bounce arrives")
    bounce = Mail.objects.get()
    assert bounce.envelope_from == ""
    assert tokens.returned_delivery(bounce.envelope_to) == Delivery.objects.get().pk


def test_a_mail_that_is_asked_to_come_later_comes_later(
    open_door: Open, make_postfix: Callable[..., Postfix], monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    postfix = make_postfix()
    postfix.start(relay={"paper.test": open_door().port})
    with everybody_locked_out():
        postfix.deliver(b"Subject: patience\r\n\r\n", sender=ADA, to=HELP)
        wait_until(lambda: "451 4.3.0" in postfix.log(), seconds=20, what="Postfix is asked to come later")
    wait_until(Mail.objects.exists, seconds=20, what="the mail comes again")


def test_swaks_brings_mail(open_door: Open) -> None:
    swaks = shutil.which("swaks") or absent("swaks", "on Debian, as root: apt-get install swaks")
    door = open_door()
    command = [swaks, "--server", f"127.0.0.1:{door.port}", "--from", ADA, "--to", f"{HELP},nobody@paper.test"]
    said = subprocess.run([*command, "--body", ".\n..dots"], capture_output=True, text=True, timeout=60, check=False)
    assert "250 2.0.0 Stored as" in said.stdout, said.stdout + said.stderr
    assert "550 5.1.1" in said.stdout
    assert b"\r\n.\r\n..dots\r\n" in bytes(Mail.objects.get().raw.content)
