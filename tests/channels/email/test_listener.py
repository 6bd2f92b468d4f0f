"""Bringing mail to the SMTP door, over real sockets."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

from everyhand.channels.email.listener.dialogue import Limits
from everyhand.channels.email.listener.listen import CannotListen, Listener, listen
from everyhand.channels.email.models import Mail, Mailbox, RawMail, Redelivery
from tests.servers.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

ADA = "ada@customers.test"
HELP = "help@paper.test"
LETTER = b"From: Ada <ada@customers.test>\r\nTo: help@paper.test\r\nSubject: Where is it?\r\n\r\nMy paper.\r\n"

Open = Callable[..., Listener]


@pytest.fixture
def open_door() -> Iterator[Open]:
    """Open a listener on a free port; keyword arguments are limits. It is closed after the test."""
    Mailbox.objects.create(address=HELP)
    Mailbox.objects.create(address="*@shop.test")
    with ExitStack() as doors:

        def open_one(**limits: Any) -> Listener:
            listener = Listener("127.0.0.1", 0, limits=Limits(**{"size": 1_000_000, **limits}))
            listener.start()
            doors.callback(listener.stop)
            return listener

        yield open_one


@pytest.fixture
def door(open_door: Open) -> Listener:
    return open_door()


class Line:
    """A raw connection: bytes out, lines in."""

    def __init__(self, door: Listener) -> None:
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
def call(door: Listener) -> Iterator[Line]:
    with closing(Line(door)) as line:
        yield line


def send(door: Listener, raw: bytes = LETTER, *, sender: str = ADA, to: list[str] | None = None) -> dict[str, Any]:
    with smtplib.SMTP("127.0.0.1", door.port, timeout=30) as client:
        return client.sendmail(sender, to or [HELP], raw)


def stored() -> list[bytes]:
    return [bytes(raw.content) for raw in RawMail.objects.order_by("pk")]


def test_a_mail_is_stored_as_it_came_before_the_sender_hears_250(door: Listener) -> None:
    send(door)
    mail = Mail.objects.get()
    assert stored() == [LETTER]
    assert (mail.source, mail.envelope_from, mail.envelope_to) == ("smtp 127.0.0.1", ADA, [HELP])
    assert mail.outcome == Mail.Outcome.PENDING
    assert mail.is_open


def test_lines_that_begin_with_dots_arrive_as_they_were_written(door: Listener) -> None:
    raw = b".\r\n..\r\n...and so on.\r\n.profile\r\nends with a dot.\r\n"
    send(door, raw)
    assert stored() == [raw]


def test_an_empty_mail_is_a_mail(call: Line) -> None:
    call.begin()
    assert call.say(b".").startswith(b"250 ")
    assert stored() == [b""]


def test_every_byte_survives(door: Listener) -> None:
    raw = b"Subject: \xc3\xa4\xff\r\n\r\n" + bytes(byte for byte in range(256) if byte not in b"\r\n") + b"\r\n"
    with smtplib.SMTP("127.0.0.1", door.port, timeout=30) as client:
        client.sendmail(ADA, [HELP], raw, mail_options=["BODY=8BITMIME"])
    assert stored() == [raw]


def test_a_line_of_half_a_megabyte_is_not_cut(door: Listener) -> None:
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


def test_the_other_recipients_get_it_when_one_is_refused(door: Listener) -> None:
    refused = send(door, to=[HELP, "nobody@paper.test", "tea@shop.test"])
    assert list(refused) == ["nobody@paper.test"]
    assert Mail.objects.get().envelope_to == [HELP, "tea@shop.test"]


def test_a_mailbox_made_a_moment_ago_takes_mail(door: Listener) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(door, to=["jobs@paper.test"])
    Mailbox.objects.create(address="jobs@paper.test")

    def is_taken() -> bool:
        try:
            return send(door, to=["jobs@paper.test"]) == {}
        except smtplib.SMTPRecipientsRefused:
            return False

    wait_until(is_taken, seconds=2, what="the new mailbox takes mail")


def test_a_bounce_comes_from_nobody(door: Listener) -> None:
    send(door, sender="")
    assert Mail.objects.get().envelope_from == ""


def test_addresses_in_any_script_are_read(call: Line) -> None:
    call.say(b"EHLO mail.customers.test", "MAIL FROM:<jörg@küche.test> SMTPUTF8 BODY=8BITMIME".encode())
    call.say("RCPT TO:<käse@shop.test>".encode(), b"DATA")
    call.send(LETTER)
    assert call.say(b".").startswith(b"250 ")
    mail = Mail.objects.get()
    assert (mail.envelope_from, mail.envelope_to) == ("jörg@küche.test", ["käse@shop.test"])


def test_the_same_bytes_again_are_taken_and_counted_not_doubled(door: Listener) -> None:
    send(door)
    send(door)
    assert Mail.objects.count() == 1
    assert Redelivery.objects.count() == 1


def test_a_mail_that_breaks_off_is_not_taken(door: Listener) -> None:
    with closing(Line(door)) as line:
        line.begin()
        line.send(LETTER)
    send(door, b"Subject: whole\r\n\r\n")
    assert stored() == [b"Subject: whole\r\n\r\n"]


def test_several_commands_come_in_one_go(door: Listener) -> None:
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
    door: Listener, monkeypatch: pytest.MonkeyPatch
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


def test_a_full_disk_asks_the_sender_to_come_later(door: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_taken_port_is_named_with_the_setting_and_the_fix(door: Listener) -> None:
    with pytest.raises(
        CannotListen, match=rf"EVERYHAND_SMTP is “127.0.0.1:{door.port}”: another program listens there"
    ):
        listen("127.0.0.1", door.port).start()


def test_an_address_of_another_machine_is_named_with_the_setting() -> None:
    with pytest.raises(CannotListen, match="EVERYHAND_SMTP is “192.0.2.1:2525”"):
        listen("192.0.2.1", 2525).start()
