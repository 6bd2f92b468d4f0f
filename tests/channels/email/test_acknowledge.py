"""Acknowledging a new conversation: who answers, and by when; never to a machine, and seldom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings

from everyhand.channels.email import tokens
from everyhand.channels.email.models import Mailbox, SystemMail
from everyhand.channels.email.outbound.acknowledge import acknowledge
from everyhand.desk.inbound import Address
from everyhand.desk.receive import receive
from tests.cast import HELP, NOON, Cast, letter, minutes
from tests.channels.email.answers import addresses
from tests.channels.email.test_letter import parsed

ADA = "ada@example.org"

Hear = Callable[..., SystemMail | None]


@pytest.fixture
def hear(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Hear:
    """Take a letter in and acknowledge it; `at` is in minutes after noon."""
    monkeypatch.setitem(settings.EVERYHAND.values, "acknowledge", True)
    Mailbox.objects.create(address=HELP, name="The Courier")
    Mailbox.objects.create(address="*@own.test")

    def take(*, at: float = 0, envelope_from: str | None = ADA, **fields: object) -> SystemMail | None:
        inbound = letter(**fields)  # type: ignore[arg-type]
        now = NOON + minutes(at)
        received = receive(inbound, channel="email", at=now, answered_from=HELP, ours=[HELP])
        assert received.promise
        due_at = received.promise.due_at
        return acknowledge(received.conversation, inbound, due_at=due_at, at=now, envelope_from=envelope_from)

    return take


def test_it_names_the_owner_and_the_time_in_the_companys_language_and_zone(
    hear: Hear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "time_zone", "Europe/Berlin")
    mail = hear()
    assert mail is not None
    words = parsed(bytes(mail.content)).get_content()
    assert "Ines Hart" in words
    assert "Monday, March 2, 2026, 3:00\u202fPM (Central European Standard Time)" in words
    monkeypatch.setitem(settings.EVERYHAND.values, "language", "de")
    mail = hear(sender="bob@example.org")
    assert mail is not None
    assert "Montag, 2. März 2026, 15:00 (Mitteleuropäische Normalzeit)" in parsed(bytes(mail.content)).get_content()


def test_it_threads_and_brings_the_answer_back(hear: Hear) -> None:
    mail = hear(message_id="first@example.org", references=("zero@example.org",))
    assert mail is not None
    sent = parsed(bytes(mail.content))
    assert sent["From"] == f"The Courier <{HELP}>"
    assert sent["In-Reply-To"] == "<first@example.org>"
    assert sent["References"].split() == ["<zero@example.org>", "<first@example.org>"]
    assert tokens.proven_conversation(addresses(sent, "Reply-To"), []) is not None


def test_it_is_marked_as_automatic_and_wants_no_answer_from_machines(hear: Hear) -> None:
    mail = hear()
    assert mail is not None
    sent = parsed(bytes(mail.content))
    assert (mail.envelope_from, mail.kind) == ("", SystemMail.Kind.ACKNOWLEDGEMENT)
    assert (sent["Auto-Submitted"], sent["Precedence"]) == ("auto-replied", "bulk")
    assert sent["X-Auto-Response-Suppress"] == "All"


def test_nobody_can_use_it_to_send_their_own_words_to_others(hear: Hear) -> None:
    mail = hear(text="Buy pills", subject="Buy pills", name="Buy pills at evil.test")
    assert mail is not None
    assert "pills" not in str(parsed(bytes(mail.content)))


def test_the_same_address_hears_it_once_an_hour(hear: Hear) -> None:
    assert hear(at=0) is not None
    assert hear(at=59) is None
    assert hear(at=59, sender="ADA@example.org") is None
    assert hear(at=59, sender="bob@example.org") is not None
    assert hear(at=61) is not None


def test_it_is_off_unless_a_company_wants_it(hear: Hear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "acknowledge", False)
    assert hear() is None


@pytest.mark.parametrize("why", ["bounce", "auto-reply", "out-of-office", "list", "loop", "receipt"])
def test_machines_and_lists_get_none(hear: Hear, why: str) -> None:
    assert hear(automatic=why) is None


@pytest.mark.parametrize(
    "sender",
    [
        "mailer-daemon@example.org",
        "MAILER-DAEMON@example.org",
        "postmaster@example.org",
        "noreply@example.org",
        "no-reply@example.org",
        "do_not_reply@example.org",
        "shop-noreply@example.org",
        "noreply+123@example.org",
        "bounces+ada=example.org@list.test",
        "owner-news@list.test",
        "news-request@list.test",
        "help@courier.test",
        "help+42-abc@courier.test",
        "anybody@own.test",
        "",
        "no address",
    ],
)
def test_nobody_and_ourselves_get_none(hear: Hear, sender: str) -> None:
    assert hear(sender=sender) is None


def test_the_null_sender_gets_none(hear: Hear) -> None:
    assert hear(envelope_from="") is None


@pytest.mark.parametrize(
    "sender", ["norbert@example.org", "nora.reply@example.org", "bounty@example.org", "rooter@x.test"]
)
def test_people_with_such_names_do(hear: Hear, sender: str) -> None:
    assert hear(sender=sender, envelope_from=sender) is not None


def test_copied_people_get_none(hear: Hear) -> None:
    hear(cc=(Address("Bob", "bob@example.org"),))
    assert [mail.address for mail in SystemMail.objects.all()] == [ADA]
    assert settings.EVERYHAND.acknowledge_at_most_every == timedelta(hours=1)
