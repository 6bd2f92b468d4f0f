"""Whatever people type into any field that reaches a letter, it stays one letter to those it is for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings

from everyhand.channels.email.models import Mailbox
from everyhand.channels.email.outbound.compose import compose
from everyhand.conversations.models import Conversation, Message
from everyhand.conversations.saying import Upload
from everyhand.customers.models import Identity
from everyhand.desk.receive import receive
from tests.cast import HELP, NOON, Cast, letter
from tests.channels.email.answers import ADA, BOB, CYD, addresses, answer
from tests.channels.email.far_end import Start
from tests.channels.email.test_deliver import work_off
from tests.channels.email.test_dkim import RSA, holds
from tests.channels.email.test_dkim import signing as signing  # noqa: PLC0414 (a fixture)
from tests.channels.email.test_letter import NASTY, assert_well_formed, parsed

FIELDS = ["From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References"]
TYPED = (*NASTY, "ä" * 64_000, "x" * 64_000, "=?utf-8?q?" * 5_000)

Type = Callable[[Cast, Conversation, str], None]


def stored(text: str, length: int) -> str:
    """As a database keeps it."""
    return text[:length].replace("\x00", "").encode("utf-8", "replace").decode()


def as_member(cast: Cast, conversation: Conversation, text: str) -> None:
    cast.ana.name = text


def as_company(cast: Cast, conversation: Conversation, text: str) -> None:
    Mailbox.objects.update(name="")
    settings.EVERYHAND.values["company"] = text  # type: ignore[index]


def as_mailbox(cast: Cast, conversation: Conversation, text: str) -> None:
    Mailbox.objects.update(name=stored(text, 200))


def as_customer(cast: Cast, conversation: Conversation, text: str) -> None:
    Identity.objects.filter(value=ADA).update(name=stored(text, 300))


def as_subject(cast: Cast, conversation: Conversation, text: str) -> None:
    conversation.subject = stored(text, 500)
    conversation.save()


def as_signature(cast: Cast, conversation: Conversation, text: str) -> None:
    cast.ana.signature = stored(text, 1000)


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back afterwards."""
    monkeypatch.setitem(settings.EVERYHAND.values, "company", "The Courier")


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("typed", [as_member, as_company, as_mailbox, as_customer, as_subject, as_signature])
def test_no_field_adds_a_field_or_a_recipient(cast: Cast, conversation: Conversation, typed: Type) -> None:
    for text in TYPED:
        typed(cast, conversation, text)
        raw = compose(answer(conversation, cast))
        mail = parsed(raw)

        assert_well_formed(raw, FIELDS)
        assert addresses(mail, "To") == [ADA]
        assert addresses(mail, "Cc") == [BOB, CYD]
        assert addresses(mail, "From") == [HELP]
        assert len(addresses(mail, "Reply-To")) == 1


def test_no_file_name_does_either(cast: Cast, conversation: Conversation) -> None:
    files = [Upload(stored(text, 1000), "text/plain", b"x") for text in TYPED]
    raw = compose(answer(conversation, cast, files=files))

    assert_well_formed(raw, FIELDS)
    assert len(list(parsed(raw).iter_attachments())) == len(files)


def test_a_line_without_end_arrives_whole_in_lines_that_every_relay_can_carry(
    cast: Cast, conversation: Conversation
) -> None:
    text = f"{'ä' * 100_000}\n{'https://courier.test/' + 'x' * 50_000}\n.\nFrom here"
    raw = compose(answer(conversation, cast, text))
    body = parsed(raw).get_body(("plain",))

    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert body is not None
    assert body.get_content().replace("\r\n", "\n").startswith(f"{text}\n")


def test_a_reply_is_a_letter_and_no_newsletter(cast: Cast, conversation: Conversation) -> None:
    named = {name.lower() for name in parsed(compose(answer(conversation, cast)))}

    assert not {name for name in named if name.startswith(("list-", "x-", "feedback-"))}
    assert not named & {"precedence", "auto-submitted", "bcc", "disposition-notification-to", "return-receipt-to"}


def test_a_customer_in_another_script_is_answered_and_the_letter_is_signed(
    cast: Cast, mail_server: Start, signing: object
) -> None:
    inbound = letter(sender="jörg@bücher.example", name="Jörg", subject="Где газета?")
    opened = receive(inbound, channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation
    far_end = mail_server()
    message = answer(opened, cast)
    work_off()
    (arrived,) = far_end.received

    assert arrived.recipients == ["jörg@xn--bcher-kva.example"]
    assert holds(arrived.raw, RSA)
    assert str(parsed(arrived.raw)["Subject"]) == "Re: Где газета?"
    assert Message.objects.get(pk=message.pk).deliveries.get().state == "sent"
