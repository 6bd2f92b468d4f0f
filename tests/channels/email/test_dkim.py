"""Signed mail, checked by somebody else's program against a name system of ours."""

from __future__ import annotations

from pathlib import Path

import dkim as another_program
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from everyhand.channels.email.models import SystemMail
from everyhand.channels.email.outbound import letter, system_mail
from everyhand.channels.email.outbound.deliver import deliver_system_mail
from everyhand.channels.email.outbound.dkim import Seal, sign
from everyhand.config import environment
from everyhand.conversations.models import Conversation
from everyhand.core import work
from tests.cast import HELP, NOON, Cast
from tests.channels.email.answers import ADA, answer
from tests.channels.email.far_end import Start
from tests.channels.email.test_deliver import SOON, work_off
from tests.channels.email.test_letter import parsed

RSA = Seal("courier.test", "2026a", generate_private_key(65537, 2048))
ED25519 = Seal("courier.test", "2026b", Ed25519PrivateKey.generate())


def holds(raw: bytes, *seals: Seal) -> bool:
    """Whether another program finds the signature right, with these keys published."""
    published = {f"{seal.name}.".encode(): seal.record.encode() for seal in seals}
    try:
        return bool(another_program.DKIM(raw).verify(dnsfunc=lambda name, timeout=5: published.get(name)))
    except another_program.ValidationError:
        return False


def written(text: str = "Hello.", subject: str = "Paper", sender: str = HELP) -> bytes:
    fields = [
        ("From", letter.people([("Ana Silva", sender)], field="From")),
        ("To", letter.people([("Ada", ADA)], field="To")),
        ("Subject", letter.words(subject, field="Subject")),
        ("Message-ID", letter.ids(["1@courier.test"])),
    ]
    return letter.write(fields, text=text, html=f"<p>{text}</p>")


@pytest.mark.parametrize("seal", [RSA, ED25519], ids=["RSA", "Ed25519"])
def test_a_signed_letter_is_right_and_the_same_each_time(seal: Seal) -> None:
    raw = sign(written(), seal)

    assert holds(raw, seal)
    assert not holds(raw, Seal(seal.domain, seal.selector, generate_private_key(65537, 2048)))
    assert sign(written(), seal) == raw
    assert raw.endswith(written())
    assert max(len(line) for line in raw.split(b"\r\n")) <= letter.LINE + 2


@given(st.text(max_size=500), st.text(max_size=200))
def test_whatever_it_says(text: str, subject: str) -> None:
    assert holds(sign(written(text, subject), ED25519), ED25519)


@pytest.mark.parametrize(
    "change",
    [
        (b"Hello.", b"Goodbye."),
        (b"Subject: Paper", b"Subject: Money"),
        (b"\r\nMIME-Version:", b"\r\nSubject: Money\r\nMIME-Version:"),
        (b"\r\nMIME-Version:", b"\r\nReply-To: <evil@evil.test>\r\nMIME-Version:"),
        (b"To: Ada", b"To: Bob"),
        (b"<1@courier.test>", b"<2@courier.test>"),
    ],
)
def test_nobody_changes_or_adds_anything_on_the_way(change: tuple[bytes, bytes]) -> None:
    raw = sign(written(), RSA)

    assert change[0] in raw
    assert not holds(raw.replace(*change, 1), RSA)


def test_only_mail_of_that_domain_is_signed() -> None:
    assert sign(written(sender="help@other.test"), RSA) == written(sender="help@other.test")
    assert sign(written(sender="help@notcourier.test"), RSA) == written(sender="help@notcourier.test")
    assert holds(sign(written(sender="help@desk.courier.test"), RSA), RSA)


@pytest.fixture
def signing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The three settings, as read from an environment."""
    key = pem(tmp_path, RSA)
    names = {
        "EVERYHAND_DKIM_DOMAIN": "courier.test",
        "EVERYHAND_DKIM_SELECTOR": "2026a",
        "EVERYHAND_DKIM_KEY": str(key),
    }
    read = environment.read({"EVERYHAND_DATA": str(tmp_path), **names})
    for name in ("dkim_domain", "dkim_selector", "dkim_key"):
        monkeypatch.setitem(settings.EVERYHAND.values, name, getattr(read, name))
    return key


def pem(directory: Path, seal: Seal) -> Path:
    path = directory / "dkim.pem"
    path.write_bytes(seal.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def test_replies_leave_signed_and_every_field_that_matters_is(
    cast: Cast, conversation: Conversation, mail_server: Start, signing: Path
) -> None:
    far_end = mail_server()
    answer(conversation, cast)
    work_off()

    first, *others = [one.raw for one in far_end.received]
    assert holds(first, RSA)
    assert {first} == {*others}
    listed = str(parsed(first)["DKIM-Signature"]).replace(" ", "").partition(";h=")[2].partition(";")[0].lower()
    assert {name.lower() for name in parsed(first)} - {"dkim-signature"} <= set(listed.split(":"))
    assert {"from", "to", "subject", "date", "message-id", "reply-to", "in-reply-to", "references"} <= set(
        listed.split(":")
    )


def test_a_second_try_has_the_same_bytes(
    cast: Cast, conversation: Conversation, mail_server: Start, signing: Path
) -> None:
    far_end = mail_server()
    answer(conversation, cast)
    work_off()
    work.retry(conversation.messages.last().deliveries.first(), at=SOON)  # type: ignore[union-attr, arg-type]
    far_end.moods.data = "451 later"
    answer(conversation, cast, "Again.")
    work_off()
    far_end.moods.data = ""
    work_off(SOON + (SOON - NOON))

    assert len({one.raw for one in far_end.received}) == 2


def test_mail_of_the_program_itself_leaves_signed(
    cast: Cast, conversation: Conversation, mail_server: Start, signing: Path
) -> None:
    far_end = mail_server()
    system_mail.write(
        SystemMail.Kind.SIGN_IN,
        address=ADA,
        fields=[("From", letter.people([("The Courier", HELP)], field="From")), ("Subject", "Your code")],
        text="123456",
        at=NOON,
    )
    deliver_system_mail(work.claim(SystemMail, at=SOON, limit=1), clock=lambda: SOON)

    assert holds(far_end.received[0].raw, RSA)


def test_a_key_that_can_not_sign_stops_the_program(tmp_path: Path) -> None:
    good = str(pem(tmp_path, RSA))
    short = tmp_path / "short.pem"
    short.write_text("-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n")
    for key, said in ((str(short), "openssl genrsa"), (str(tmp_path / "none.pem"), "no such file")):
        with pytest.raises(environment.SettingWrong, match=said):
            environment.read({"EVERYHAND_DATA": str(tmp_path), "EVERYHAND_DKIM_KEY": key})
    with pytest.raises(environment.SettingWrong, match="EVERYHAND_DKIM_DOMAIN and EVERYHAND_DKIM_SELECTOR are not set"):
        environment.read({"EVERYHAND_DATA": str(tmp_path), "EVERYHAND_DKIM_KEY": good})
