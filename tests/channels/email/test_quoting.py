"""What was said before, below our replies: as much as the company chose, never more than everybody already had."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from django.conf import settings

from everyhand.channels.email.outbound.compose import compose
from everyhand.channels.email.parsing.mail import parse
from everyhand.conversations import quoting
from everyhand.conversations.models import Conversation, Message, Participant
from everyhand.conversations.written_down import How
from everyhand.customers import actions as customers
from everyhand.desk.capture import capture
from everyhand.desk.inbound import Address
from everyhand.desk.receive import receive
from everyhand.desk.reply import reply, take_back, write_note
from tests.cast import HELP, NOON, Cast, letter, minutes
from tests.channels.email.answers import ADA, BOB, CYD
from tests.channels.email.test_letter import parsed

WORDS = "Dear Ada,\n\nyour paper is on its way.\n\nYours"
EVERYBODY = (Address("Bob", BOB), Address("", CYD))


@pytest.fixture
def quote(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """How much is quoted; "last" unless the test says otherwise."""
    how_much = getattr(request, "param", quoting.LAST)
    monkeypatch.setitem(settings.EVERYHAND.values, "quote_history", how_much)
    return how_much


def says(conversation: Conversation, cast: Cast, text: str, *, after: int) -> Message:
    return reply(
        conversation,
        author=cast.ana,
        text=text,
        at=NOON + minutes(after),
        message_id_for=lambda pk: f"{pk}@courier.test",
    )


def hears(conversation: Conversation, text: str, *, after: int, cc: tuple[Address, ...] = EVERYBODY) -> Message:
    heard = letter(text, cc=cc)
    return receive(
        heard, channel="email", at=NOON + minutes(after), answered_from=HELP, ours=[HELP], proof=conversation.pk
    ).message


@pytest.mark.parametrize("quote", [quoting.LAST, quoting.ALL], indirect=True)
@pytest.mark.usefixtures("quote")
def test_what_a_colleague_wrote_down_is_nobodys_mail_and_never_quoted(cast: Cast) -> None:
    written = capture(
        customer=Address("Ada Brown", ADA), said="Wants a crossword.", how=How.PHONE, by=cast.ana, at=NOON,
        answered_from=HELP,
    )  # fmt: skip
    first = says(written.conversation, cast, "Here is one.", after=5)
    assert "crossword" not in plain(first)
    assert "wrote:" not in plain(first)
    hears(written.conversation, "Thank you!", after=6, cc=())
    again = plain(says(written.conversation, cast, "You are welcome.", after=7))
    assert "> Thank you!" in again
    assert "crossword" not in again


def plain(message: Message) -> str:
    body = parsed(compose(message)).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html(message: Message) -> str:
    body = parsed(compose(message)).get_body(("html",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_the_message_that_is_answered_stands_below_the_answer(
    cast: Cast, conversation: Conversation, quote: str
) -> None:
    message = says(conversation, cast, WORDS, after=5)

    assert plain(message) == (
        f"{WORDS}\n\nOn Mar 2, 2026 at 12:00 PM Ada Brown <ada@example.org> wrote:\n> No paper today.\n"
    )
    assert '<blockquote type="cite" class="gmail_quote"' in html(message)
    assert "<p>No paper today.</p>" in html(message)
    assert message.text == message.reply == WORDS


@pytest.mark.parametrize("quote", [quoting.NONE], indirect=True)
def test_a_company_may_quote_nothing(cast: Cast, conversation: Conversation, quote: str) -> None:
    message = says(conversation, cast, WORDS, after=5)

    assert plain(message) == f"{WORDS}\n"
    assert "blockquote" not in html(message)


@pytest.mark.parametrize("quote", [quoting.LAST, quoting.ALL], indirect=True)
def test_or_the_last_message_or_all_newest_first(cast: Cast, conversation: Conversation, quote: str) -> None:
    says(conversation, cast, "Which street?", after=5)
    hears(conversation, "Dock Road.", after=10)
    message = says(conversation, cast, WORDS, after=15)

    said = [line for line in plain(message).splitlines() if line.startswith(">")]
    assert said == (
        ["> Dock Road."] if quote == quoting.LAST else ["> Dock Road.", "> Which street?", "> No paper today."]
    )


@pytest.mark.parametrize("quote", [quoting.ALL], indirect=True)
def test_notes_and_what_was_taken_back_are_never_quoted(cast: Cast, conversation: Conversation, quote: str) -> None:
    write_note(conversation, author=cast.ben, text="He complains every week.", at=NOON + minutes(1))
    undone = says(conversation, cast, "Not our fault!", after=2)
    assert take_back(undone, by=cast.ana, at=NOON + minutes(2))
    hears(conversation, "And?", after=10)
    message = says(conversation, cast, WORDS, after=15)

    assert "every week" not in plain(message) + html(message)
    assert "Not our fault" not in plain(message) + html(message)
    assert "> And?" in plain(message)


@pytest.mark.parametrize("quote", [quoting.ALL], indirect=True)
def test_what_its_author_can_still_take_back_is_not_quoted(cast: Cast, conversation: Conversation, quote: str) -> None:
    says(conversation, cast, "Not our fault!", after=5)
    at_once = reply(
        conversation, author=cast.ben, text=WORDS, at=NOON + minutes(5), message_id_for=lambda pk: f"{pk}@courier.test"
    )

    assert "Not our fault" not in plain(at_once)


@pytest.mark.parametrize("quote", [quoting.ALL], indirect=True)
def test_somebody_let_in_later_gets_nothing_from_before(cast: Cast, conversation: Conversation, quote: str) -> None:
    says(conversation, cast, "Your card number is safe.", after=5)
    dora = customers.identify(email="dora@example.org", name="Dora", at=NOON)
    Participant.objects.create(conversation=conversation, identity=dora, proposed_at=NOON, approved_at=NOON)
    first = says(conversation, cast, "Hello Dora.", after=10)
    second = says(conversation, cast, WORDS, after=15)

    assert plain(first) == "Hello Dora.\n"
    assert [line for line in plain(second).splitlines() if line.startswith(">")] == ["> Hello Dora."]


@pytest.mark.parametrize("quote", [quoting.ALL], indirect=True)
def test_a_long_history_is_left_out_from_the_oldest(cast: Cast, conversation: Conversation, quote: str) -> None:
    hears(conversation, "x" * 30_000, after=5)
    hears(conversation, "line\n" * 8_000, after=10)
    message = says(conversation, cast, WORDS, after=15)

    assert quoting.CHARACTERS_AT_MOST < len(message.quoted) < quoting.CHARACTERS_AT_MOST * 2
    assert message.quoted.endswith(quoting.LEFT_OUT)
    assert "No paper today" not in message.quoted


def test_a_name_can_not_break_the_line_above_a_quotation(cast: Cast, quote: str) -> None:
    inbound = letter(name="Ada\n> <b>Eve</b>\r\n\r\n> Ben: we pay double", subject="Paper")
    opened = receive(inbound, channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation
    message = says(opened, cast, WORDS, after=5)

    assert [line for line in message.quoted.splitlines() if line.startswith(">")] == ["> No paper today."]
    assert "<b>" not in html(message)


def test_members_and_teams_sign(cast: Cast, conversation: Conversation, quote: str) -> None:
    cast.ana.signature, cast.delivery.signature = "Ana Silva\nDelivery", "The Courier · 12 Dock Road\n"
    conversation.team = cast.delivery
    conversation.save()
    cast.delivery.save()
    message = says(conversation, cast, WORDS, after=5)
    before = compose(message)
    cast.ana.signature = "Ana"
    cast.ana.save()

    assert plain(message).startswith(f"{WORDS}\n\n-- \nAna Silva\nDelivery\nThe Courier · 12 Dock Road\n\nOn Mar 2")
    assert '<div class="gmail_signature">-- <br>\nAna Silva<br>\nDelivery<br>' in html(message)
    assert compose(Message.objects.get(pk=message.pk)) == before


@pytest.mark.parametrize("quote", [quoting.ALL], indirect=True)
def test_our_own_letter_is_split_into_its_words_and_the_rest(
    cast: Cast, conversation: Conversation, quote: str
) -> None:
    cast.ana.signature = "Ana Silva\nDelivery, The Courier"
    says(conversation, cast, "Which street?", after=5)
    hears(conversation, "Dock Road.\n\n> Which street?\n\nAs always.", after=10)
    read = parse(compose(says(conversation, cast, WORDS, after=15)), source="test", at=NOON)

    assert read.reply == WORDS


@pytest.fixture(params=[("UTC", "en"), ("Europe/Berlin", "de")], ids=["English", "German"])
def company(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Where it is, and what it speaks."""
    for name, value in zip(("time_zone", "language"), request.param, strict=True):
        monkeypatch.setitem(settings.EVERYHAND.values, name, value)


NEW = "Thank you, it came.\n\nBut it was wet. Why?"


@pytest.mark.parametrize("quote", [quoting.LAST, quoting.ALL], indirect=True)
@pytest.mark.parametrize("program", ["plain", "Gmail", "Thunderbird", "Outlook"])
@pytest.mark.usefixtures("company")
def test_an_answer_to_our_letter_is_exactly_what_is_new_in_it(
    cast: Cast,
    conversation: Conversation,
    quote: str,
    program: str,
) -> None:
    cast.ana.signature = "Ana Silva\nDelivery, The Courier"
    says(conversation, cast, "Which street?", after=5)
    hears(conversation, "Dock Road.", after=10)
    ours = says(conversation, cast, WORDS, after=15)
    read = parse(answered(program, ours), source="test", at=NOON)

    assert read.reply == NEW
    assert "on its way" in read.quoted


def answered(program: str, ours: Message) -> bytes:
    """How mail programs answer a letter: their line above it, and the letter behind ">" or in a blockquote."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = ADA, HELP, "Re: Paper"
    above = "On Mon, Mar 2, 2026 at 12:16 PM Ana Silva (The Courier) <help@courier.test> wrote:"
    behind = "\n".join(f"> {line}".rstrip() if line[:1] != ">" else f">{line}" for line in plain(ours).splitlines())
    new_html = "".join(f"<p>{line}</p>" for line in NEW.split("\n\n"))
    header = "From: Ana Silva <help@courier.test>\nSent: Monday, March 2, 2026 12:15 PM\nTo: ada@example.org\nSubject: Re: Paper"
    below = f"{header}\n\n{plain(ours)}" if program == "Outlook" else f"{above}\n{behind}\n"
    mail.set_content(f"{NEW}\n\n{below}")
    inside = html(ours).partition('<body dir="auto">')[2].partition("</body>")[0]
    around = {
        "Gmail": f'<div class="gmail_quote"><div class="gmail_attr">{above.replace("<", "&lt;")}</div>'
        f'<blockquote class="gmail_quote">{inside}</blockquote></div>',
        "Thunderbird": f'<div class="moz-cite-prefix">{above.replace("<", "&lt;")}</div>'
        f'<blockquote type="cite">{inside}</blockquote>',
        "Outlook": f'<div id="divRplyFwdMsg">{header.replace("<", "&lt;").replace(chr(10), "<br>")}</div>{inside}',
    }
    if program in around:
        mail.add_alternative(f"<html><body>{new_html}{around[program]}</body></html>", subtype="html")
    return mail.as_bytes()
