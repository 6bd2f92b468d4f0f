"""Servers tell us that a mail of ours did not arrive, more or less as RFC 3464 asks."""

from __future__ import annotations

import base64
import email
from email import policy
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhand.channels.email.parsing import automatic, bounces
from everyhand.desk.inbound import Address, Bounce

DAEMON = Address("Mail Delivery System", "MAILER-DAEMON@mx.example.net")

STANDARD = """\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: help@everyhand.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.net.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<miriam@example.org>: host mail.example.org[192.0.2.7] said: {code} {status}
    <miriam@example.org>: {words} (in reply to RCPT TO command)

--cut
Content-Type: message/delivery-status
{encoding}
{fields}
--cut
Content-Type: text/rfc822-headers

From: help@everyhand.example
To: miriam@example.org
Subject: Your invoice
Message-ID: <invoice-42@everyhand.example>

--cut--
"""

FIELDS = """\
Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 2 Mar 2026 09:00:00 +0000 (UTC)

Final-Recipient: rfc822; miriam@example.org
Original-Recipient: rfc822;miriam@example.org
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; {code} {status} <miriam@example.org>: {words}
"""


def report(
    *,
    code: str = "550",
    status: str = "5.1.1",
    words: str = "Recipient address rejected: User unknown",
    action: str = "failed",
    fields: str = FIELDS,
    encoding: str = "",
) -> Message:
    filled = fields.format(action=action, code=code, status=status, words=words)
    if encoding:
        filled = base64.encodebytes(filled.encode()).decode()
        encoding = f"Content-Transfer-Encoding: {encoding}\n"
    source = STANDARD.format(code=code, status=status, words=words, fields=filled, encoding=encoding)
    return email.message_from_bytes(source.encode(), policy=policy.compat32)


def recognise(message: Message, sender: Address = DAEMON) -> Bounce | None:
    return bounces.recognise(message, text="", sender=sender, subject=str(message["subject"] or ""))


def classify(message: Message, sender: Address = DAEMON) -> str | None:
    subject = str(message["subject"] or "")
    return automatic.classify(message, text="", sender=sender, subject=subject, bounce=recognise(message, sender))


def seen(message: Message) -> Bounce:
    bounce = recognise(message)
    assert bounce is not None
    return bounce


def test_a_report_says_which_mail_did_not_reach_whom_and_why() -> None:
    assert seen(report()) == Bounce(
        addresses=("miriam@example.org",),
        status="5.1.1",
        permanent=True,
        reason="The address does not exist: Recipient address rejected: User unknown",
        original_message_id="<invoice-42@everyhand.example>",
        dead=("miriam@example.org",),
    )


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("552", "5.2.2", "Mailbox full"),
        ("550", "5.7.1", "Message rejected as spam"),
        ("552", "5.3.4", "Message size exceeds fixed limit"),
        ("554", "5.7.26", "Unauthenticated mail is not accepted due to the domain's DMARC policy"),
        ("550", "5.2.1", "The email account that you tried to reach is disabled"),
        ("451", "4.7.1", "Greylisting in action, please come back later"),
        ("421", "4.7.28", "Our system has detected an unusual rate of mail from your IP, rate limited"),
        ("550", "5.1.8", "Sender address rejected: Domain not found"),
        ("554", "5.4.6", "Too many hops"),
        ("550", "5.0.0", "Rejected"),
    ],
)
def test_a_refused_mail_is_not_a_dead_address(code: str, status: str, words: str) -> None:
    assert not seen(report(code=code, status=status, words=words)).permanent


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("550", "5.0.0", "No such user here"),
        ("554", "5.4.4", "Host or domain name not found. Name service error: Host not found"),
        ("550", "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
        ("550", "5.1.6", "Recipient no longer on server"),
        ("556", "5.1.10", "Domain example.org does not accept mail (nullMX)"),
        ("550", "5.4.1", "Recipient address rejected: Access denied"),
    ],
)
def test_an_address_that_nobody_reads_is_dead(code: str, status: str, words: str) -> None:
    assert seen(report(code=code, status=status, words=words)).permanent


def test_the_servers_own_words_outweigh_a_wrong_code() -> None:
    bounce = seen(report(code="552", status="5.1.1", words="mailbox is over quota, try later"))
    assert (bounce.permanent, bounce.reason.partition(":")[0]) == (False, "The mailbox is full")


def test_a_code_in_the_reply_is_better_than_one_that_says_nothing() -> None:
    fields = FIELDS.replace("Status: {status}", "Status: 5.0.0")
    assert seen(report(fields=fields, status="5.1.2", words="sorry")).status == "5.1.2"


def test_a_server_that_still_tries_reports_a_delay() -> None:
    message = report(action="delayed", code="450", status="4.1.1", words="User unknown")
    assert classify(message) == "delay"
    assert not seen(message).permanent


def test_news_that_a_mail_arrived_is_a_receipt_and_no_bounce() -> None:
    message = report(action="delivered", code="250", status="2.0.0", words="queued")
    assert recognise(message) is None
    assert classify(message) == "receipt"


def test_the_address_we_wrote_to_counts_not_the_alias_behind_it() -> None:
    fields = FIELDS.replace("Final-Recipient: rfc822; miriam@", "Final-Recipient: rfc822; box-1789@storage.")
    assert seen(report(fields=fields)).addresses == ("miriam@example.org",)


def test_of_several_addresses_each_has_a_verdict_of_its_own_and_the_first_is_what_the_report_says() -> None:
    full = "\nFinal-Recipient: rfc822; jonas@example.org\nAction: failed\nStatus: 5.2.2\n"
    bounce = seen(report(fields=FIELDS + full))
    assert bounce.addresses == ("miriam@example.org", "jonas@example.org")
    assert (bounce.status, bounce.permanent, bounce.dead) == ("5.1.1", True, ("miriam@example.org",))
    assert bounce.gives_up("Miriam@example.org")
    assert not bounce.gives_up("jonas@example.org")


def test_an_address_behind_which_others_failed_is_given_up_only_if_all_of_them_are_dead() -> None:
    full = "\nFinal-Recipient: rfc822; jonas@example.org\nAction: failed\nStatus: 5.2.2\n"
    gone = full.replace("5.2.2", "5.1.1")
    assert not seen(report(fields=FIELDS + full)).gives_up("everybody@example.org")
    assert seen(report(fields=FIELDS + gone)).gives_up("everybody@example.org")


def test_who_was_reached_is_not_reported() -> None:
    second = "\nFinal-Recipient: rfc822; jonas@example.org\nAction: relayed\nStatus: 2.0.0\n"
    assert seen(report(fields=FIELDS + second)).addresses == ("miriam@example.org",)


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("\nAction:", "\n\nAction:"),
        ("rfc822; miriam@example.org", "miriam@example.org"),
        ("rfc822; miriam@example.org", "RFC822;<miriam@example.org>"),
        ("Action: {action}", "Action: {action} (bad recipient)"),
        ("Diagnostic-Code: smtp; ", "Diagnostic-Code: smtp;\n "),
        ("Diagnostic-Code: smtp; {code}", "Diagnostic-Code: SMTP;\n{code}"),
        ("Status: {status}", "Status: {status} (permanent failure)"),
        ("Original-Recipient: rfc822;miriam@example.org\n", ""),
        ("Reporting-MTA: dns; mx.example.net\nArrival-Date: Mon, 2 Mar 2026 09:00:00 +0000 (UTC)\n\n", ""),
    ],
)
def test_mangled_fields_are_read_all_the_same(broken: str, mended: str) -> None:
    assert broken in FIELDS
    bounce = seen(report(fields=FIELDS.replace(broken, mended)))
    assert (bounce.addresses, bounce.status, bounce.permanent) == (("miriam@example.org",), "5.1.1", True)


def test_fields_in_base64_are_read() -> None:
    assert seen(report(encoding="base64")).addresses == ("miriam@example.org",)


def test_fields_sent_as_plain_text_are_read() -> None:
    body = f"Technical report:\n\n{FIELDS}".format(action="failed", code="550", status="5.1.1", words="unknown user")
    source = f"From: mailer-daemon@example.net\nSubject: Delivery Status Notification (Failure)\n\n{body}"
    message = email.message_from_string(source, policy=policy.compat32)
    bounce = bounces.recognise(message, text=body, sender=DAEMON, subject=str(message["subject"]))
    assert bounce is not None
    assert (bounce.addresses, bounce.status) == (("miriam@example.org",), "5.1.1")


def test_a_report_whose_parts_were_never_marked_is_read() -> None:
    source = report().as_string().replace("\n--cut", "\n")
    assert seen(email.message_from_string(source, policy=policy.compat32)).addresses == ("miriam@example.org",)


def test_a_report_wrapped_by_a_gateway_is_unwrapped() -> None:
    wrapped = (
        "From: postmaster@gateway.example\nSubject: Delivery Status Notification (Failure)\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="outer"\n\n--outer\nContent-Type: message/rfc822\n\n'
        f"{report().as_string()}\n--outer--\n"
    )
    message = email.message_from_string(wrapped, policy=policy.compat32)
    bounce = recognise(message, Address("", "postmaster@gateway.example"))
    assert bounce is not None
    assert bounce.addresses == ("miriam@example.org",)


def test_a_report_without_recipients_guesses_who_but_not_that_they_are_gone() -> None:
    source = report(fields="Reporting-MTA: dns; mx.example.net\n").as_string()
    start, end = source.index("<miriam@example.org>: host"), source.index("--cut\nContent-Type: message/delivery")
    bounce = seen(email.message_from_string(source[:start] + source[end:], policy=policy.compat32))
    assert (bounce.addresses, bounce.permanent) == (("miriam@example.org",), False)


HEADERS = st.sampled_from(
    ["Return-Path: <>", "Auto-Submitted: auto-replied", "X-Failed-Recipients: a@b, <", "Precedence: bulk", "From:"]
)
TYPES = st.sampled_from(
    [
        "multipart/report; report-type=delivery-status; boundary=cut",
        "message/delivery-status",
        "text/plain",
        "message/rfc822",
    ]
)
PIECES = st.sampled_from(
    [
        "--cut\n",
        "Content-Type: message/delivery-status\n",
        "Final-Recipient: rfc822; ",
        "Action: failed\n",
        "@",
        "\n\n",
        "550 5.1.1 ",
        "<a@example.org>: ",
        "Diagnostic-Code: smtp; ",
        "User unknown\n",
        '{"notificationType":',
        "\ud800",
        "\x00",
    ]
)


@given(st.lists(HEADERS), TYPES, st.lists(PIECES | st.text(max_size=40), max_size=40))
def test_nothing_that_a_server_can_send_makes_it_raise(fields: list[str], kind: str, pieces: list[str]) -> None:
    source = "\n".join([*fields, f"Content-Type: {kind}", "", "".join(pieces)])
    message = email.message_from_bytes(source.encode("utf-8", "surrogatepass"), policy=policy.compat32)
    bounce = bounces.recognise(message, text="".join(pieces), sender=DAEMON, subject="Returned mail")
    automatic.classify(message, text="".join(pieces), sender=DAEMON, subject="Returned mail", bounce=bounce)
