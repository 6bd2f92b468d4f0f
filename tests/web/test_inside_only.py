"""What is said among colleagues, and who was copied in secretly, never leaves the house, whichever way out."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from everyhand.channels.email.models import Mailbox
from everyhand.channels.email.outbound.compose import compose
from everyhand.channels.email.parsing.mail import parse
from everyhand.conversations import quoting
from everyhand.conversations.models import Conversation, Message
from everyhand.customers.models import Customer
from everyhand.desk.join import join
from everyhand.desk.receive import receive
from everyhand.desk.reply import write_note
from tests.cast import HELP
from tests.channels.email.test_letter import parsed
from tests.web.house import House, answers, arrives, browser_of

ASIDE = "between us she always complains"
SECRET_COPY = "the.lawyer@elsewhere.example"


@pytest.fixture
def conversation(house: House, monkeypatch: pytest.MonkeyPatch) -> Conversation:
    """Ada wrote, and colleagues talked about her; replies quote as much as they can."""
    monkeypatch.setitem(settings.EVERYHAND.values, "quote_history", quoting.ALL)
    Mailbox.objects.create(address=HELP)
    conversation = arrives().conversation
    write_note(conversation, author=house.ben, text=ASIDE, at=timezone.now())
    Customer.objects.filter(pk=conversation.customer_id).update(about=ASIDE)
    return conversation


def sent(message: Message) -> str:
    letter = parsed(compose(message))
    parts = [str(part.get_content()) for part in letter.walk() if part.get_content_maintype() == "text"]
    return "\n".join([str(letter.items()), *parts])


def packed(house: House, customer: int, **fields: str) -> str:
    """All that is in the archive of a customer, as one text."""
    response = browser_of(house.ines).post(f"/customers/{customer}/export", fields)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


def test_a_note_is_in_no_reply_after_it(house: House, conversation: Conversation) -> None:
    assert ASIDE not in sent(answers(house.ana, conversation, "Sorry!"))


def test_a_note_of_a_merged_conversation_is_in_no_reply_either(house: House, conversation: Conversation) -> None:
    other = arrives().conversation
    join(other, conversation, by=house.ana, at=timezone.now())
    other.refresh_from_db()
    assert ASIDE in browser_of(house.ana).get(f"/conversations/{other.pk}").content.decode()
    assert ASIDE not in sent(answers(house.ana, other, "Sorry!"))


def test_what_is_handed_to_the_customer_has_no_note_unless_it_is_asked_for(
    house: House, conversation: Conversation
) -> None:
    assert ASIDE not in packed(house, conversation.customer_id)
    assert packed(house, conversation.customer_id, notes="on").count(ASIDE) == 2


def test_an_administrators_export_has_nothing_of_a_private_team(house: House, conversation: Conversation) -> None:
    arrives("my boss shouts", to="hr@courier.test")
    told = packed(house, conversation.customer_id, notes="on")
    assert "my boss shouts" not in told
    assert "hr@courier.test" not in told


def mail_with_a_secret_copy() -> bytes:
    """As some servers leave it: the sender's own copy, with the line that nobody should see."""
    fields = ("From: Ada <ada@example.org>", f"To: {HELP}", f"Bcc: {SECRET_COPY}", "Subject: Paper")
    return "\r\n".join([*fields, "Message-ID: <bcc@example.org>", "", "No paper on route 4.", ""]).encode()


def test_who_was_copied_in_secretly_takes_no_part_and_is_named_nowhere(house: House) -> None:
    Mailbox.objects.create(address=HELP)
    now = timezone.now()
    inbound = parse(mail_with_a_secret_copy(), source="test", recipients=(HELP, SECRET_COPY), at=now)
    received = receive(inbound, channel="email", at=now, answered_from=HELP, ours=[HELP])
    conversation = received.conversation
    assert SECRET_COPY not in json.dumps(list(received.message.recipients))
    assert SECRET_COPY not in browser_of(house.ana).get(f"/conversations/{conversation.pk}").content.decode()
    reply = answers(house.ana, conversation, "Sorry!")
    assert SECRET_COPY not in sent(reply)
    assert [one.address for one in reply.deliveries.all()] == ["ada@example.org"]


def test_a_reply_to_several_names_only_those_everybody_sees(house: House, conversation: Conversation) -> None:
    reply: Any = answers(house.ana, conversation, "Sorry!")
    letter = parsed(compose(reply))
    assert letter["Bcc"] is None
    assert "ben@courier.test" not in sent(reply)
