"""All mail read again after the parser has learnt something: what it says changes, what happened to it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from click.testing import CliRunner
from django.conf import settings

from everyhand.channels.email import accept, file, queries
from everyhand.channels.email.models import Mail, Mailbox, SystemMail
from everyhand.channels.email.parsing.isolated import IsolatedParser, ParseFailed
from everyhand.cli.main import main
from everyhand.conversations import finding
from everyhand.conversations.models import Attachment, Conversation, Delivery, Message
from everyhand.core import journal
from everyhand.desk.inbound import File, Inbound
from everyhand.promises.models import Promise
from tests.cast import HELP, NOON, Cast, minutes

REALLY_READ = IsolatedParser.parse
Change = Callable[[Inbound], Inbound]
LETTER = "No paper today.\n\nOn Mar 2, 2026 at 9:00 AM Ana Silva <help@courier.test> wrote:\n> Was it wet?\n"


def parser_that(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    """Every mail is read by the real parser, and then understood otherwise."""

    def read(self: IsolatedParser, raw: bytes, **more: Any) -> Inbound:
        return change(REALLY_READ(self, raw, **more))

    monkeypatch.setattr(IsolatedParser, "parse", read)


def the_parser_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IsolatedParser, "parse", REALLY_READ)


def written(text: str = LETTER, *, subject: str = "Paper", number: int = 1, picture: bool = True) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ada Brown <ada@example.org>", HELP, subject
    mail["Message-ID"], mail["Date"] = f"<{number}@example.org>", "Mon, 2 Mar 2026 11:00:00 +0000"
    mail.set_content(text)
    if picture:
        mail.add_attachment(b"a letterbox", maintype="image", subtype="jpeg", filename="letterbox.jpg")
    return mail.as_bytes()


@pytest.fixture
def comes_in(cast: Cast) -> Callable[..., Mail]:
    """A mail is accepted and filed."""
    Mailbox.objects.create(address=HELP)

    def come(raw: bytes) -> Mail:
        mail = accept.accept(accept.Arriving(raw, "test", "ada@example.org", (HELP,)), at=NOON).mail
        filer = file.Filer()
        filer.file(file.claim(at=NOON, limit=1, only=[mail.pk]), at=NOON)
        filer.close()
        mail.refresh_from_db()
        return mail

    return come


def reparse(*options: str) -> str:
    result = CliRunner().invoke(main, ["reparse", *options])
    assert result.exit_code == 0, result.output
    return result.output


def everything_else() -> list[object]:
    """What reading again must leave alone."""
    return [
        list(
            Conversation.objects.order_by("pk").values(
                "pk", "status", "owner", "customer", "last_message_at", "reply_due"
            )
        ),
        list(Promise.objects.order_by("pk").values()),
        list(Message.objects.order_by("pk").values("pk", "conversation", "at", "author_identity", "message_id")),
        list(Mail.objects.order_by("pk").values("pk", "outcome", "why", "conversation", "message", "fingerprint")),
        Delivery.objects.count(),
        SystemMail.objects.count(),
        queries.ledger(),
    ]


def test_a_parser_that_has_learnt_nothing_changes_nothing(comes_in: Callable[..., Mail]) -> None:
    comes_in(written())
    comes_in(written(subject="Out of office", number=2))
    before = everything_else()

    assert reparse("--apply") == "2 mails read again, 0 changed, 0 for a person to decide\n"
    assert everything_else() == before
    assert not journal.Entry.objects.filter(action="message.read_again").exists()


def test_what_is_read_otherwise_is_listed_by_its_length_and_changed_when_asked(
    comes_in: Callable[..., Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    parser_that(monkeypatch, lambda said: replace(said, reply=said.text, quoted="", subject="=?x?"))
    mail = comes_in(written())
    the_parser_of_today(monkeypatch)
    before, text = everything_else(), mail.message.text if mail.message else ""

    listed = reparse()
    assert listed == (
        f"mail {mail.pk}, message {mail.message_id}: subject 4 -> 5, reply {len(text)} -> 15, quoted 0 -> "
        f"{len(text) - 15 - 2}\n1 mails read again, 1 would change, 0 for a person to decide (--apply changes them)\n"
    )
    assert reparse() == listed
    assert "Was it wet" not in listed

    assert reparse("--apply").endswith("1 mails read again, 1 changed, 0 for a person to decide\n")
    message = Message.objects.get()
    assert message.reply == "No paper today."
    assert "Was it wet?" in message.quoted
    assert (message.subject, message.conversation.subject, message.conversation.snippet) == (
        "Paper",
        "Paper",
        message.reply,
    )
    assert finding.find(None, "paper").hits
    assert not finding.find(None, "=?x?").hits
    assert everything_else() == before
    assert reparse("--apply").startswith("1 mails read again, 0 changed")


def test_files_that_stay_keep_their_address(comes_in: Callable[..., Mail], monkeypatch: pytest.MonkeyPatch) -> None:
    noise = File("winmail.dat", "application/ms-tnef", b"noise")
    parser_that(monkeypatch, lambda said: replace(said, files=(noise, replace(said.files[0], name="unnamed"))))
    mail = comes_in(written())
    kept = Attachment.objects.get(name="unnamed").token
    the_parser_of_today(monkeypatch)

    assert f"mail {mail.pk}, message {mail.message_id}: attachments 2 -> 1\n" in reparse("--apply")
    (picture,) = Attachment.objects.all()
    assert (picture.name, picture.token, bytes(picture.blob.content)) == ("letterbox.jpg", kept, b"a letterbox")
    assert finding.find(None, "letterbox.jpg").hits


@pytest.mark.parametrize("learnt", [True, False])
def test_a_mail_that_is_now_taken_for_another_kind_is_a_persons_decision(
    learnt: bool, comes_in: Callable[..., Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    def otherwise(said: Inbound) -> Inbound:
        return replace(said, automatic="out-of-office", reply="")

    if not learnt:
        parser_that(monkeypatch, otherwise)
    mail = comes_in(written())
    (parser_that if learnt else lambda *_: the_parser_of_today(monkeypatch))(monkeypatch, otherwise)
    before = everything_else()
    listed = reparse("--apply")

    kinds = ("a person’s", "out-of-office") if learnt else ("out-of-office", "a person’s")
    assert f"mail {mail.pk}" in listed
    assert "It was taken for {} and is now taken for {}. Nothing was changed; please decide.".format(*kinds) in listed
    assert listed.endswith("1 mails read again, 0 changed, 1 for a person to decide\n")
    assert everything_else() == before


def test_a_mail_that_can_not_be_read_any_more_stays_as_it_is(
    comes_in: Callable[..., Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    mail, other = comes_in(written()), comes_in(written("Another.", number=2))

    def fails(said: Inbound) -> Inbound:
        if "Another" in said.text:
            return said
        raise ParseFailed("The parser crashed on this mail, twice.")

    parser_that(monkeypatch, fails)
    listed = reparse("--apply")

    assert f"mail {mail.pk}, message {mail.message_id}: It can't be read any more: The parser crashed" in listed
    assert f"mail {other.pk}" not in listed
    assert mail.message
    assert Message.objects.get(pk=mail.message.pk).reply == "No paper today."


def test_a_renamed_conversation_keeps_its_name(comes_in: Callable[..., Mail], monkeypatch: pytest.MonkeyPatch) -> None:
    parser_that(monkeypatch, lambda said: replace(said, subject="Pap\ufffd"))
    comes_in(written())
    the_parser_of_today(monkeypatch)
    Conversation.objects.update(subject="The round in Dock Road")
    reparse("--apply")

    assert Message.objects.get().subject == "Paper"
    assert Conversation.objects.get().subject == "The round in Dock Road"


def test_only_mail_since_a_day_or_a_number(comes_in: Callable[..., Mail], monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (comes_in(written(number=number)) for number in (1, 2, 3))
    Mail.objects.filter(pk=first.pk).update(accepted_at=NOON - minutes(24 * 60))
    Mail.objects.filter(pk=second.pk).update(accepted_at=NOON - minutes(12 * 60 + 30))
    monkeypatch.setitem(settings.EVERYHAND.values, "time_zone", "Europe/Berlin")
    parser_that(monkeypatch, lambda said: replace(said, remarks=("Odd.",)))

    def named(listed: str) -> list[int]:
        return [int(line.split(",")[0].split()[1]) for line in listed.splitlines() if line.startswith("mail ")]

    assert named(reparse()) == [first.pk, second.pk, third.pk]
    assert named(reparse("--since", "2026-03-02")) == [second.pk, third.pk]
    assert named(reparse("--since", str(third.pk))) == [third.pk]
    wrong = CliRunner().invoke(main, ["reparse", "--since", "2026-13-77"])
    assert wrong.exit_code == 2
    assert "give a day such as" in wrong.output


def test_an_interruption_loses_nothing(comes_in: Callable[..., Mail], monkeypatch: pytest.MonkeyPatch) -> None:
    parser_that(monkeypatch, lambda said: replace(said, quoted=""))
    for number in range(6):
        comes_in(written(number=number, picture=False))
    the_parser_of_today(monkeypatch)
    really_index = finding.index
    done: list[int] = []

    def breaks_off(message: Message) -> None:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(message.pk)
        really_index(message)

    monkeypatch.setattr(finding, "index", breaks_off)
    assert CliRunner().invoke(main, ["reparse", "--apply"]).exit_code == 1
    monkeypatch.setattr(finding, "index", really_index)

    assert Message.objects.filter(quoted="").count() == 3
    assert reparse("--apply").endswith("6 mails read again, 3 changed, 0 for a person to decide\n")
    assert not Message.objects.filter(quoted="").exists()
