"""The letter an answer becomes: who it is from, where answers go, what it says."""

from __future__ import annotations

import pytest

from everyhand.channels.email import tokens
from everyhand.channels.email.outbound.compose import compose
from everyhand.conversations.models import Conversation
from everyhand.conversations.saying import Upload
from everyhand.desk.receive import receive
from tests.cast import HELP, NOON, Cast, letter
from tests.channels.email.answers import ADA, BOB, CYD, addresses, answer
from tests.channels.email.test_letter import parsed


def test_the_letter_says_who_answers_and_where_answers_go(cast: Cast, conversation: Conversation) -> None:
    first = conversation.messages.get()
    message = answer(conversation, cast, files=[Upload("Zustellplan März.pdf", "application/pdf", b"%PDF-")])
    mail = parsed(compose(message))
    assert mail["From"] == f'"Ana Silva (The Courier)" <{HELP}>'
    (back,) = addresses(mail, "Reply-To")
    assert tokens.proven_conversation([back], []) == conversation.pk
    assert (addresses(mail, "To"), addresses(mail, "Cc")) == ([ADA], [BOB, CYD])
    assert mail["Subject"] == "Re: Paper, please"
    assert mail["In-Reply-To"] == mail["References"] == f"<{first.message_id}>"
    assert tokens.proven_conversation([], [str(mail["Message-ID"])[1:-1]]) == conversation.pk
    assert mail["Date"].datetime == message.at
    assert mail["Auto-Submitted"] is None
    assert not [name for name in mail if name.lower().startswith("x-")]
    assert [file.get_filename() for file in mail.iter_attachments()] == ["Zustellplan März.pdf"]


def test_words_say_the_same_in_text_and_html(cast: Cast, conversation: Conversation) -> None:
    text = "Dear Ada,\n\n  1 < 2 & see https://courier.test/a?b=1&c=2.\nBye\n\n<script>alert(1)</script>"
    mail = parsed(compose(answer(conversation, cast, text)))
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    words, _, below = plain.get_content().replace("\r\n", "\n").partition("\n\nOn Mar 2, 2026")
    assert words == text
    assert below.endswith("wrote:\n> No paper today.\n")
    shown = html.get_content().replace("\r\n", "\n")
    assert "<p>Dear Ada,</p>" in shown
    assert "<p>&nbsp;&nbsp;1 &lt; 2 &amp; see " in shown
    assert '<a href="https://courier.test/a?b=1&amp;c=2">https://courier.test/a?b=1&amp;c=2</a>.<br>\nBye</p>' in shown
    assert "<script" not in shown


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("Paper", "Re: Paper"),
        ("Re: Paper", "Re: Paper"),
        ("RE: AW: Re[2]: SV : Paper", "Re: Paper"),
        ("回复\uff1aPaper", "Re: Paper"),
        ("Ad: Paper", "Re: Ad: Paper"),
        ("Fwd: Paper", "Re: Fwd: Paper"),
        ("Regarding paper: none", "Re: Regarding paper: none"),
        ("Zeitung fehlt — schon wieder", "Re: Zeitung fehlt — schon wieder"),
        ("", "Re:"),
        ("Paper\r\nBcc: evil@evil.test", "Re: Paper Bcc: evil@evil.test"),
    ],
)
def test_the_subject_says_re_once(cast: Cast, heard: str, said: str) -> None:
    inbound = letter(subject=heard)
    opened = receive(inbound, channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation
    mail = parsed(compose(answer(opened, cast)))
    assert str(mail["Subject"] or "") == said
    assert mail["Bcc"] is None
