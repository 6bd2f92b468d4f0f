"""Bringing mail to the SMTP door, over real sockets."""

from __future__ import annotations

import smtplib
from contextlib import closing

import pytest

from everyhand.channels.email.models import Mail, Mailbox, Redelivery
from tests.channels.email.door import ADA, HELP, LETTER, Door, Line, Open, send, stored
from tests.servers.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_what_we_do_not_speak_is_refused_and_no_word_of_it_becomes_a_mail(call: Line) -> None:
    call.say(b"EHLO mail.customers.test", b"MAIL FROM:<ada@customers.test>", b"RCPT TO:<help@paper.test>")
    assert call.say(b"BDAT 24 LAST").startswith(b"500 ")
    assert call.say(b"RSET").startswith(b"250 ")
    assert stored() == []


def test_a_command_of_a_megabyte_is_refused(door: Door) -> None:
    with closing(Line(door)) as line:
        line.say(b"EHLO mail.customers.test")
        assert line.say(b"MAIL FROM:<" + b"a" * 1_000_000 + b"@customers.test>").startswith(b"500 ")
    send(door)
    assert stored() == [LETTER]
