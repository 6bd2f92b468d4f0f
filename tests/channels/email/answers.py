"""A conversation of three customers, and Ana's answers to it."""

from __future__ import annotations

from email.headerregistry import AddressHeader
from email.message import EmailMessage

import pytest

from everyhand.channels.email import tokens
from everyhand.channels.email.models import Mailbox
from everyhand.conversations.models import Conversation, Message, Participant
from everyhand.desk.inbound import Address
from everyhand.desk.receive import receive
from everyhand.desk.reply import reply
from tests.cast import HELP, NOON, Cast, letter, minutes

ADA, BOB, CYD = "ada@example.org", "bob@example.org", "cyd@example.org"


@pytest.fixture
def conversation(cast: Cast) -> Conversation:
    """Ada's, with Bob and Cyd copied in and let in."""
    Mailbox.objects.create(address=HELP, name="The Courier")
    heard = letter(cc=(Address("Bob", BOB), Address("", CYD)), subject="AW: Paper, please")
    opened = receive(heard, channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation
    Participant.objects.update(approved_at=NOON)
    return opened


def answer(conversation: Conversation, cast: Cast, text: str = "It is on its way.", **more: object) -> Message:
    return reply(
        conversation,
        author=cast.ana,
        text=text,
        at=NOON + minutes(5),
        message_id_for=lambda pk: tokens.message_id(pk, HELP),
        **more,  # type: ignore[arg-type]
    )


def addresses(mail: EmailMessage, field: str) -> list[str]:
    header: AddressHeader = mail[field]
    return [one.addr_spec for one in header.addresses]
