"""STARTTLS at the SMTP door."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings

from everyhand.channels.email.listener import CertificateUnusable
from tests.channels.email.door import ADA, HELP, LETTER, Line, Open, make_certificate, stored
from tests.servers.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"), "mail.paper.test")


def test_with_a_certificate_mail_comes_encrypted(
    open_door: Open, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "smtp_certificate", certificate)
    door = open_door()
    trusting = ssl.create_default_context(cafile=str(certificate))
    with smtplib.SMTP("127.0.0.1", door.port, timeout=10) as client:
        client.starttls(context=trusting)
        client.sendmail(ADA, [HELP], LETTER)
        assert not client.has_extn("starttls")
        assert not client.has_extn("auth")
    assert stored() == [LETTER]


def test_what_was_said_before_encryption_does_not_count(
    open_door: Open, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands injected behind STARTTLS are thrown away (RFC 3207 section 5; CVE-2011-0411)."""
    monkeypatch.setitem(settings.EVERYHAND.values, "smtp_certificate", certificate)
    door = open_door()
    client = smtplib.SMTP("127.0.0.1", door.port, timeout=10)
    client.ehlo()
    assert client.sock is not None
    client.sock.sendall(b"STARTTLS\r\nMAIL FROM:<mallory@evil.test>\r\nRCPT TO:<help@paper.test>\r\n")
    assert client.getreply()[0] == 220
    trusting = ssl.create_default_context(cafile=str(certificate))
    client.sock = trusting.wrap_socket(client.sock, server_hostname="mail.paper.test")
    client.file = None
    assert client.docmd("DATA")[0] == 503
    client.close()


def test_a_client_that_hangs_up_in_the_handshake_is_forgotten(
    open_door: Open, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "smtp_certificate", certificate)
    door = open_door(connections=1)
    for nonsense in (b"", b"this is no handshake\r\n"):
        with closing(Line(door)) as line:
            line.say(b"EHLO mail.customers.test", b"STARTTLS")
            line.send(nonsense)

        def is_free() -> bool:
            with closing(Line(door)) as next_line:
                return next_line.greeting.startswith(b"220 ")

        wait_until(is_free, seconds=5, what="the connection is given free")


def test_a_certificate_that_is_none_is_named_with_the_setting_and_the_fix(
    open_door: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mail.pem").write_text("nothing")
    monkeypatch.setitem(settings.EVERYHAND.values, "smtp_certificate", tmp_path / "mail.pem")
    with pytest.raises(CertificateUnusable, match=r"EVERYHAND_SMTP_CERTIFICATE is “.*mail.pem”: .* Give a PEM file"):
        open_door()


def test_a_renewed_certificate_is_used_without_a_restart(
    open_door: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = make_certificate(tmp_path, "old.paper.test")
    monkeypatch.setitem(settings.EVERYHAND.values, "smtp_certificate", current)
    door = open_door()
    make_certificate(tmp_path, "new.paper.test").replace(current)
    with smtplib.SMTP("127.0.0.1", door.port, timeout=10) as client:
        client.starttls(context=ssl.create_default_context(cafile=str(current)))
    current.write_text("half a certificate")
    with smtplib.SMTP("127.0.0.1", door.port, timeout=10) as client:
        assert client.starttls()[0] == 220
