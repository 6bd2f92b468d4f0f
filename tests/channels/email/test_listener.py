"""Bringing mail to the SMTP door, over real sockets."""

from __future__ import annotations

import smtplib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

from everyhand.channels.email.listener import CertificateUnusable, Listener
from everyhand.channels.email.listener.dialogue import Limits
from everyhand.channels.email.models import Mail, Mailbox, RawMail, Redelivery
from tests.servers.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

ADA = "ada@customers.test"
HELP = "help@paper.test"
LETTER = b"From: Ada <ada@customers.test>\r\nTo: help@paper.test\r\nSubject: Where is it?\r\n\r\nMy paper.\r\n"


@dataclass(frozen=True)
class Door:
    """A running listener, and where it listens."""

    listener: Listener
    host: str
    port: int


Open = Callable[..., Door]


@pytest.fixture
def open_door() -> Iterator[Open]:
    """Open a listener on a free port; keyword arguments are limits. It is closed after the test."""
    Mailbox.objects.create(address=HELP)
    Mailbox.objects.create(address="*@shop.test")
    with ExitStack() as doors:

        def open_one(**limits: Any) -> Door:
            door = doors.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener = Listener(door, limits=Limits(**{"size": 1_000_000, **limits}))
            listener.start()
            doors.callback(listener.stop)
            return Door(listener, *door.getsockname())

        yield open_one


@pytest.fixture
def door(open_door: Open) -> Door:
    return open_door()


class Line:
    """A raw connection: bytes out, lines in."""

    def __init__(self, door: Door) -> None:
        self._socket = socket.create_connection(("127.0.0.1", door.port), timeout=10)
        self._file = self._socket.makefile("rb")
        self.greeting = self.hear()

    def say(self, *words: bytes) -> bytes:
        self.send(b"".join(word + b"\r\n" for word in words))
        return [self.hear() for _ in words][-1]

    def send(self, raw: bytes) -> None:
        self._socket.sendall(raw)

    def hear(self) -> bytes:
        """The next reply, its last line; b"" when the server hung up."""
        while line := self._file.readline():
            if line[3:4] != b"-":
                return line
        return b""

    def begin(self, *recipients: str) -> None:
        """Go as far as DATA."""
        self.say(b"EHLO mail.customers.test", f"MAIL FROM:<{ADA}>".encode())
        self.say(*(f"RCPT TO:<{one}>".encode() for one in recipients or (HELP,)), b"DATA")

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def call(door: Door) -> Iterator[Line]:
    with closing(Line(door)) as line:
        yield line


def send(door: Door, raw: bytes = LETTER, *, sender: str = ADA, to: list[str] | None = None) -> dict[str, Any]:
    with smtplib.SMTP("127.0.0.1", door.port, timeout=30) as client:
        return client.sendmail(sender, to or [HELP], raw)


def stored() -> list[bytes]:
    return [bytes(raw.content) for raw in RawMail.objects.order_by("pk")]


def test_a_mail_is_stored_as_it_came_before_the_sender_hears_250(door: Door) -> None:
    send(door)
    mail = Mail.objects.get()
    assert stored() == [LETTER]
    assert (mail.source, mail.envelope_from, mail.envelope_to) == ("smtp 127.0.0.1", ADA, [HELP])
    assert mail.outcome == Mail.Outcome.PENDING
    assert mail.is_open


def test_lines_that_begin_with_dots_arrive_as_they_were_written(door: Door) -> None:
    raw = b".\r\n..\r\n...and so on.\r\n.profile\r\nends with a dot.\r\n"
    send(door, raw)
    assert stored() == [raw]


def test_an_empty_mail_is_a_mail(call: Line) -> None:
    call.begin()
    assert call.say(b".").startswith(b"250 ")
    assert stored() == [b""]


def test_every_byte_survives(door: Door) -> None:
    raw = b"Subject: \xc3\xa4\xff\r\n\r\n" + bytes(byte for byte in range(256) if byte not in b"\r\n") + b"\r\n"
    with smtplib.SMTP("127.0.0.1", door.port, timeout=30) as client:
        client.sendmail(ADA, [HELP], raw, mail_options=["BODY=8BITMIME"])
    assert stored() == [raw]


def test_a_line_of_half_a_megabyte_is_not_cut(door: Door) -> None:
    raw = b"Subject: long\r\n\r\n" + b"x" * 500_000 + b"\r\n"
    send(door, raw)
    assert stored() == [raw]


def test_a_line_that_is_too_long_is_refused_and_not_cut(open_door: Open) -> None:
    door = open_door(line=100_000)
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        send(door, b"Subject: long\r\n\r\n" + b"x" * 100_001 + b"\r\n")
    assert refusal.value.smtp_code == 500
    assert stored() == []
    send(door)
    assert stored() == [LETTER]


def test_a_mail_that_says_it_is_too_large_is_refused_before_it_is_sent(call: Line) -> None:
    call.say(b"EHLO mail.customers.test")
    assert call.say(b"MAIL FROM:<ada@customers.test> SIZE=1000001").startswith(b"552 ")


def test_a_mail_that_turns_out_too_large_is_refused_and_the_next_one_taken(call: Line) -> None:
    call.begin()
    call.send(b"y" * 998 + b"\r\n")
    for _ in range(1_010):
        call.send(b"x" * 998 + b"\r\n")
    assert call.say(b".").startswith(b"552 5.3.4 ")
    call.begin()
    call.send(LETTER)
    assert call.say(b".").startswith(b"250 ")
    assert stored() == [LETTER]


SMUGGLED = b"MAIL FROM:<boss@customers.test>\r\nRCPT TO:<help@paper.test>\r\nDATA\r\nSubject: forged\r\n\r\nPay.\r\n"


@pytest.mark.parametrize(
    "end",
    [
        b"\n.\n",
        b"\r\n.\n",
        b"\n.\r\n",
        b"\r.\r",
        b"\r\n.\r",
        b"\r.\r\n",
        b"\n.\n.\n",
        b"\r\n\x00.\r\n",
        b"\r\r\n.\r\r\n",
    ],
)
def test_no_second_mail_is_smuggled_past_the_end_of_the_first(call: Line, end: bytes) -> None:
    call.begin()
    call.send(b"Subject: harmless\r\n\r\nHello" + end + SMUGGLED)
    assert call.say(b".").startswith(b"250 ")
    (raw,) = stored()
    assert b"Subject: forged" in raw
    assert Mail.objects.get().envelope_from == ADA


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("help@paper.test", 250),
        ("HELP@Paper.Test", 250),
        ("help+42-abc@paper.test", 250),
        ("anything@shop.test", 250),
        ("Postmaster", 250),
        ("postmaster@paper.test", 250),
        ("helpme@paper.test", 550),
        ("help@customers.test", 550),
        ("help@sub.paper.test", 550),
        ('"help@paper.test"@customers.test', 550),
        ("help%customers.test@elsewhere.test", 550),
        ("@customers.test:help@paper.test", 250),
        ("", 501),
        ("help@paper.test\x00@customers.test", 553),
        ("((((((((((" * 150 + "@paper.test", 501),
    ],
)
def test_mail_is_taken_for_our_mailboxes_only(call: Line, address: str, code: int) -> None:
    call.say(b"EHLO mail.customers.test", b"MAIL FROM:<>")
    assert call.say(b"RCPT TO:<" + address.encode() + b">")[:3] == str(code).encode()


def test_a_stranger_hears_whether_it_is_the_domain_or_the_mailbox(call: Line) -> None:
    call.say(b"EHLO mail.customers.test", b"MAIL FROM:<>")
    assert call.say(b"RCPT TO:<nobody@paper.test>").startswith(b"550 5.1.1 ")
    assert call.say(b"RCPT TO:<ada@customers.test>").startswith(b"550 5.7.1 ")


def test_the_other_recipients_get_it_when_one_is_refused(door: Door) -> None:
    refused = send(door, to=[HELP, "nobody@paper.test", "tea@shop.test"])
    assert list(refused) == ["nobody@paper.test"]
    assert Mail.objects.get().envelope_to == [HELP, "tea@shop.test"]


def test_a_mailbox_made_a_moment_ago_takes_mail(door: Door) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(door, to=["jobs@paper.test"])
    Mailbox.objects.create(address="jobs@paper.test")

    def is_taken() -> bool:
        try:
            return send(door, to=["jobs@paper.test"]) == {}
        except smtplib.SMTPRecipientsRefused:
            return False

    wait_until(is_taken, seconds=2, what="the new mailbox takes mail")


def test_a_bounce_comes_from_nobody(door: Door) -> None:
    send(door, sender="")
    assert Mail.objects.get().envelope_from == ""


def test_addresses_in_any_script_are_read(call: Line) -> None:
    call.say(b"EHLO mail.customers.test", "MAIL FROM:<jörg@küche.test> SMTPUTF8 BODY=8BITMIME".encode())
    call.say("RCPT TO:<käse@shop.test>".encode(), b"DATA")
    call.send(LETTER)
    assert call.say(b".").startswith(b"250 ")
    mail = Mail.objects.get()
    assert (mail.envelope_from, mail.envelope_to) == ("jörg@küche.test", ["käse@shop.test"])


def test_the_same_bytes_again_are_taken_and_counted_not_doubled(door: Door) -> None:
    send(door)
    send(door)
    assert Mail.objects.count() == 1
    assert Redelivery.objects.count() == 1


def test_a_mail_that_breaks_off_is_not_taken(door: Door) -> None:
    with closing(Line(door)) as line:
        line.begin()
        line.send(LETTER)
    send(door, b"Subject: whole\r\n\r\n")
    assert stored() == [b"Subject: whole\r\n\r\n"]


def test_several_commands_come_in_one_go(door: Door) -> None:
    with closing(Line(door)) as line:
        line.say(b"EHLO mail.customers.test")
        line.send(b"MAIL FROM:<ada@customers.test>\r\nRCPT TO:<help@paper.test>\r\nDATA\r\n")
        assert [line.hear()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        line.send(b"One.\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<help@paper.test>\r\nDATA\r\n")
        assert [line.hear()[:3] for _ in range(4)] == [b"250", b"250", b"250", b"354"]
        line.send(b"Two.\r\n.\r\nQUIT\r\n")
        assert [line.hear()[:3] for _ in range(2)] == [b"250", b"221"]
    assert stored() == [b"One.\r\n", b"Two.\r\n"]


def test_nobody_is_told_who_has_a_mailbox_or_invited_to_sign_in(call: Line) -> None:
    call.send(b"EHLO mail.customers.test\r\n")
    assert call.hear().startswith(b"250 ")
    assert call.say(b"VRFY help@paper.test") == call.say(b"VRFY nobody@paper.test")
    assert call.say(b"EXPN help@paper.test").startswith(b"502 ")
    assert call.say(b"AUTH PLAIN AGFkYQBzZWNyZXQ=").startswith(b"502 ")


def test_whoever_tries_out_addresses_is_sent_away(open_door: Open) -> None:
    with closing(Line(open_door(refused_recipients=3))) as line:
        line.say(b"EHLO mail.customers.test", b"MAIL FROM:<>", *(b"RCPT TO:<a%d@paper.test>" % n for n in range(3)))
        assert line.hear().startswith(b"421 4.7.0 ")
        assert line.hear() == b""


def test_recipients_beyond_the_limit_are_asked_to_come_separately(open_door: Open) -> None:
    door = open_door(recipients=2)
    refused = send(door, to=["a@shop.test", "b@shop.test", "c@shop.test"])
    assert refused["c@shop.test"][0] == 452
    assert Mail.objects.get().envelope_to == ["a@shop.test", "b@shop.test"]


def test_more_connections_than_allowed_are_asked_to_come_later(open_door: Open) -> None:
    door = open_door(connections=2)
    with closing(Line(door)) as first, closing(Line(door)), closing(Line(door)) as third:
        assert third.greeting.startswith(b"421 4.7.0 ")
        assert first.say(b"QUIT").startswith(b"221 ")
        assert first.hear() == b""
        with closing(Line(door)) as fourth:
            assert fourth.greeting.startswith(b"220 ")


def test_who_says_nothing_is_sent_away(open_door: Open) -> None:
    with closing(Line(open_door(idle_seconds=0.2))) as line:
        assert line.hear().startswith(b"421 4.4.2 ")
        assert line.hear() == b""


def test_a_locked_database_asks_the_sender_to_come_later_and_nothing_is_half_taken(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    with connection.cursor() as cursor, closing(Line(door)) as line:
        line.begin()
        line.send(LETTER)
        lock_everybody_out(cursor)
        try:
            assert line.say(b".").startswith(b"451 4.3.0 ")
        finally:
            cursor.execute("ROLLBACK")
        line.begin()
        line.send(LETTER)
        assert line.say(b".").startswith(b"250 ")
    assert stored() == [LETTER]


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let those who wait for the database give up after a moment."""
    options = connections.settings["default"].setdefault("OPTIONS", {})
    if connection.vendor == "sqlite":
        monkeypatch.setitem(options, "timeout", 0.2)
    else:
        monkeypatch.setitem(options, "options", "-c lock_timeout=200ms")


def lock_everybody_out(cursor: Any) -> None:
    if connection.vendor == "sqlite":
        cursor.execute("BEGIN IMMEDIATE")
    else:
        cursor.execute("BEGIN")
        cursor.execute(f"LOCK TABLE {RawMail._meta.db_table} IN ACCESS EXCLUSIVE MODE")


def test_a_full_disk_asks_the_sender_to_come_later(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's disk is another machine's; its error for a full one is told apart by its code")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
    options = connections.settings["default"]["OPTIONS"]
    with monkeypatch.context() as full:
        full.setitem(options, "init_command", options["init_command"] + f"PRAGMA max_page_count={pages};")
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            send(door, LETTER + b"x" * 900_000)
    assert refusal.value.smtp_code == 452
    assert stored() == []


def test_mail_is_asked_to_come_later_while_the_disk_is_nearly_full(
    open_door: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "free_space", 10**15)
    with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
        send(open_door())
    assert refusal.value.smtp_code == 452


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"), "mail.paper.test")


def make_certificate(directory: Path, name: str) -> Path:
    """A self-signed certificate for `name` and its key, in one PEM file."""
    path = directory / f"{name}.pem"
    options = f"-nodes -days 1 -subj /CN={name} -addext subjectAltName=DNS:{name},IP:127.0.0.1"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-keyout", "key", "-out", "chain", *options.split()],  # noqa: S607
        check=True,
        capture_output=True,
        cwd=directory,
    )
    path.write_text((directory / "chain").read_text() + (directory / "key").read_text())
    return path


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


def test_mails_that_arrive_together_share_a_commit(door: Door) -> None:
    with ThreadPoolExecutor(8) as clients:
        with connection.cursor() as cursor:
            lock_everybody_out(cursor)
            replies = [clients.submit(send, door, LETTER + b"%d\r\n" % number) for number in range(8)]
            time.sleep(0.5)
            cursor.execute("ROLLBACK")
        for reply in replies:
            assert reply.result() == {}
    assert Mail.objects.count() == 8
    # The first one found the database closed; the seven that came while it waited were accepted at one time.
    assert len(set(Mail.objects.values_list("accepted_at", flat=True))) <= 3


def test_stopping_finishes_what_is_being_committed_and_asks_the_others_to_come_again(open_door: Open) -> None:
    door = open_door()
    with closing(Line(door)) as idle, closing(Line(door)) as busy, connection.cursor() as cursor:
        busy.begin()
        lock_everybody_out(cursor)
        busy.send(LETTER + b".\r\n")
        time.sleep(0.3)
        stopping = threading.Thread(target=door.listener.stop)
        stopping.start()
        assert idle.hear().startswith(b"421 4.3.2 ")
        cursor.execute("ROLLBACK")
        assert busy.hear().startswith(b"250 ")
        stopping.join(10)
        assert not stopping.is_alive()
    assert stored() == [LETTER]
