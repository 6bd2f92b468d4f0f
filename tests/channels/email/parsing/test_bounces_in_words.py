"""Many servers tell in words of their own that a mail did not arrive; people write about such mails, too."""

from __future__ import annotations

import email
import time
from email import policy

import pytest

from everyhand.channels.email.parsing import automatic, bounces
from everyhand.desk.inbound import Address, Bounce

DAEMON = "MAILER-DAEMON@mx.example.net"
LOST = (
    "\nReceived: from everyhand.example by mx.example.net\nTo: miriam@example.org\nMessage-ID: <42@everyhand.example>\n"
)


def recognise(text: str, *, sender: str, subject: str, fields: str = "") -> Bounce | None:
    message = email.message_from_string(f"From: {sender}\nSubject: {subject}\n{fields}\n{text}", policy=policy.compat32)
    return bounces.recognise(message, text=text, sender=Address("", sender), subject=subject)


NOTICES = {
    "qmail": (
        "failure notice",
        "Hi. This is the qmail-send program at mx.example.net.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        "<miriam@example.org>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
        "--- Below this line is a copy of the message.\n",
    ),
    "Exim": (
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to one or more of its\n"
        "recipients. This is a permanent error. The following address(es) failed:\n\n"
        "  miriam@example.org\n    Unrouteable address\n\n"
        "------ This is a copy of the message, including all the headers. ------\n",
    ),
    "Postfix without fields": (
        "Undelivered Mail Returned to Sender",
        "This is the Postfix program at host mx.example.net.\n\nFor further assistance, please contact "
        "<postmaster@example.net>\n\n<miriam@example.org>: host mail.example.org[192.0.2.7] said: 550 5.1.1\n"
        "    <miriam@example.org>... User unknown\n",
    ),
    "old Sendmail": (
        "Returned mail: User unknown",
        "   ----- Transcript of session follows -----\n>>> RCPT To:<miriam@example.org>\n"
        "<<< 550 <miriam@example.org>, User Unknown\n550 <miriam@example.org>... User unknown\n\n"
        "   ----- Unsent message follows -----\n",
    ),
    "Yahoo": (
        "Delivery failure",
        "Message from yahoo.example.\nUnable to deliver message to the following address(es).\n\n"
        "<miriam@example.org>:\nThis user doesn't have a yahoo.example account (miriam@example.org) [0]\n\n"
        "--- Original message follows.\n",
    ),
    "Gmail": (
        "Delivery Status Notification (Failure)",
        "Delivery to the following recipient failed permanently:\n\n     miriam@example.org\n\n"
        "Technical details of permanent failure:\nThe error that the other server returned was:\n"
        "550 550 5.1.1 unknown address (state 14).\n\n----- Original message -----\n",
    ),
    "Exchange 5.5": (
        "Undeliverable: Your invoice",
        "Your message\n\n  To:      miriam@example.org\n  Subject: Your invoice\n"
        "  Sent:    Mon, 2 Mar 2026 09:00:00 -0000\n\ndid not reach the following recipient(s):\n\n"
        "miriam@example.org on Mon, 2 Mar 2026 09:00:07 -0000\n    The recipient name is not recognized\n"
        "    MSEXCH:IMS:EXAMPLE:SITE:SERVER 0 (000C05A6) Unknown Recipient\n",
    ),
    "IMail": (
        "Undeliverable Mail",
        "Unknown user: miriam@example.org\n\nRCPT TO generated following response:\n"
        "550 <miriam@example.org>... No such user\n\nOriginal message follows.\n",
    ),
    "DragonFly": (
        "Mail delivery failed",
        "This is the DragonFly Mail Agent v0.13 at mx.example.net.\n\n"
        "There was an error delivering your mail to <miriam@example.org>.\n\n"
        "mail.example.org [192.0.2.7] did not like our RCPT TO:\n550 5.1.1 <miriam@example.org>: User unknown\n\n"
        "Original message follows.\n",
    ),
    "MailEnable": (
        "Message Delivery Failure",
        "MailEnable: Message could not be delivered to some recipients.\n"
        "The following recipient(s) could not be reached:\n\n\tRecipient: [SMTP:miriam@example.org]\n"
        "\tReason: Remote SMTP Server Returned: 550 No such user here\n\nMessage headers follow:\n",
    ),
    "MailMarshal": (
        "Undeliverable Mail: Your invoice",
        "Your message:\n  From:    help@everyhand.example\n  Subject: Your invoice\n\n"
        "Could not be delivered because of\n\n550 5.1.1 User unknown\n\n"
        "The following recipients were affected:\n    miriam@example.org\n",
    ),
    "Apache James": (
        "[BOUNCE]",
        "Hi. This is the James mail server at mx.example.net.\nI'm afraid I wasn't able to deliver your message to the "
        "following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out. Below\n"
        "I include the list of recipients and the reason why I was unable to deliver\nyour message.\n\n"
        "Failed recipient(s):\nmiriam@example.org\n\nError message:\n550 5.1.1 User unknown\n",
    ),
    "Active!hunter": (
        "FAILURE NOTICE :",
        "  ----- The following addresses had permanent fatal errors -----\n\n"
        ">>> miriam@example.org <miriam@example.org>\n\n  ----- Transcript of session follows -----\n"
        "550 sorry, no mailbox here by that name (#5.1.1 - chkusr)\n",
    ),
    "InterScan": (
        "Mail could not be delivered",
        "Sent >>> RCPT TO:<miriam@example.org>\nReceived <<< 550 5.1.1 <miriam@example.org>... user unknown\n\n"
        "Unable to deliver message to <miriam@example.org>.\n",
    ),
    "m-FILTER": (
        "failure notice",
        "このメールは「m-FILTER」が自動的に生成して送信しています。\n以下のメールアドレスへの送信に失敗しました。\n\n"
        "miriam@example.org\n\n-------server message\n550 5.1.1 <miriam@example.org>: User unknown\n\n"
        "-------SMTP command\nRCPT\n\n-------original message\n",
    ),
}


@pytest.mark.parametrize("server", NOTICES)
def test_a_dead_address_is_recognised_in_the_words_of(server: str) -> None:
    subject, words = NOTICES[server]
    bounce = recognise(words + LOST, sender=DAEMON, subject=subject, fields="Return-Path: <>\n")
    assert bounce is not None
    assert (bounce.addresses, bounce.permanent) == (("miriam@example.org",), True)
    assert bounce.original_message_id == "<42@everyhand.example>"


@pytest.mark.parametrize(
    "reason",
    [
        "Sorry, your message cannot be delivered. This account is over quota.",
        "mailbox is full: retry timeout exceeded",
        "552 message size exceeds limit",
        "SMTP error from remote mail server after MAIL FROM: 550 Sender verify failed",
        "SMTP error from remote mail server after end of data: 550 User unknown",
        "554 5.7.1 Service unavailable; client host [192.0.2.1] blocked using zen.spamhaus.org",
        "Name service error for name=example.org: Host not found, try again",
        "Connected to 192.0.2.7 but greeting failed: 421 too many connections",
        "all hosts have been failing for a long time",
        "550 Protocol violation",
        "552 mailbox is full",
        "550 5.2.2 mailbox is full",
        "550 'miriam@example.org' is not a registered gateway user",
        "550 : User unknown",
        "550: : User unknown",
        "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable -> 550 : User unknown",
        "5.3.0 - Other mail system problem 550-'Unknown user miriam@docomo.ne.jp' (delivery attempts: 0)",
    ],
)
def test_a_condition_that_may_pass_is_not_permanent(reason: str) -> None:
    words = f"I wasn't able to deliver your message to the following addresses.\n\n<miriam@example.org>:\n{reason}\n"
    bounce = recognise(words, sender=DAEMON, subject="failure notice")
    assert bounce is not None
    assert (bounce.addresses, bounce.permanent) == (("miriam@example.org",), False)


def test_a_user_unknown_by_name_is_dead_also_in_japan() -> None:
    words = "I wasn't able to deliver your message.\n\n<miriam@ezweb.ne.jp>:\n550 <miriam@ezweb.ne.jp>: User unknown\n"
    bounce = recognise(words, sender=DAEMON, subject="failure notice")
    assert bounce is not None
    assert bounce.permanent


@pytest.mark.parametrize(
    "reason",
    [
        "550 miriam@example.org...User account is overquota",
        "child status 100...The e-mail message could not be delivered because the user's mailfolder is full.",
    ],
)
def test_a_full_mailbox_is_given_up_when_the_server_calls_it_unavailable(reason: str) -> None:
    words = f"I wasn't able to deliver your message to the following addresses.\n\n<miriam@example.org>:\n{reason}\n"
    bounce = recognise(words, sender=DAEMON, subject="failure notice")
    assert bounce is not None
    assert bounce.permanent


def test_why_an_old_mail_was_held_is_no_reason_of_this_one() -> None:
    words = (
        "--- Non-Delivery Report ---\nThe email below could not be delivered to the following user:\n\n"
        '"miriam@example.org" <miriam@example.org>\n\nOld message:\n\nIt is held until the moderator can review it.\n'
    )
    bounce = recognise(words, sender=DAEMON, subject="Non-Delivery: Your invoice")
    assert bounce is not None
    assert (bounce.addresses, bounce.permanent) == (("miriam@example.org",), True)


def test_what_answers_a_subject_at_a_return_path_is_no_person() -> None:
    words = "Votre message n'a pas pu etre delivre a\nmiriam@example.org\n"
    subject = "RE: Your invoice : non remis (delivery failed)"
    to = "To: readers-bounces@everyhand.example\n"
    assert recognise(words, sender="internet@bank.example", subject=subject) is None
    bounce = recognise(words, sender="internet@bank.example", subject=subject, fields=to)
    assert bounce is not None
    assert bounce.addresses == ("miriam@example.org",)


def test_every_address_of_a_notice_is_found_and_none_below_the_lost_mail() -> None:
    words = (
        "Unable to deliver message to the following address(es).\n\n<miriam@example.org>:\nNo such user\n\n"
        "<Jonas@Example.org>:\nNo such user\n\n--- Original message follows.\n\n<stranger@example.org>:\n"
    )
    bounce = recognise(words, sender=DAEMON, subject="Delivery failure")
    assert bounce is not None
    assert bounce.addresses == ("miriam@example.org", "Jonas@Example.org")


def test_a_warning_that_a_mail_is_late_is_a_delay() -> None:
    words = (
        "A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours."
        "\n\n  miriam@example.org\n    Delay reason: Connection timed out\n\nDelivery attempts will continue."
    )
    subject = "Warning: message 1abc-2 delayed 24 hours"
    message = email.message_from_string(f"From: {DAEMON}\nSubject: {subject}\n\n{words}", policy=policy.compat32)
    sender = Address("", DAEMON)
    bounce = bounces.recognise(message, text=words, sender=sender, subject=subject)
    assert bounce is not None
    assert not bounce.permanent
    assert automatic.classify(message, text=words, sender=sender, subject=subject, bounce=bounce) == "delay"


def test_amazon_tells_of_a_bounce_in_json() -> None:
    words = (
        '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":'
        '"miriam@example.org","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},'
        '"mail":{"commonHeaders":{"messageId":"<42@everyhand.example>"}}}'
    )
    bounce = recognise(words, sender="no-reply@sns.amazonaws.com", subject="AWS Notification Message")
    assert bounce is not None
    assert (bounce.addresses, bounce.status, bounce.permanent) == (("miriam@example.org",), "5.1.1", True)
    assert bounce.original_message_id == "<42@everyhand.example>"


def test_what_no_database_takes_is_taken_out_of_json() -> None:
    words = (
        '{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"miriam\\u0000\\ud800@example.org",'
        '"diagnosticCode":"smtp; 550 \\udfff no such user"}, 7, {"emailAddress": 7}]}, "mail": []}'
    )
    bounce = recognise(words, sender="no-reply@sns.amazonaws.com", subject="AWS Notification Message")
    assert bounce is not None
    assert "\x00" not in bounce.addresses[0]
    assert "".join((*bounce.addresses, bounce.reason)).encode()


PEOPLE = {
    "asks about a parcel": ("Undelivered parcel", "My parcel was not delivered. Delivery failed twice."),
    "quotes a notice": (
        "Delivery failure",
        "Hi, I get this when I write to Miriam, why?\n\n> <miriam@example.org>: 550 5.1.1 User unknown\n",
    ),
    "pastes a notice": (
        "Mail could not be delivered",
        "Hello,\n\nyour server said this:\n\n<miriam@example.org>: 550 5.1.1 User unknown\n",
    ),
    "forwards a notice": (
        "Fwd: Undelivered Mail Returned to Sender",
        "See below.\n\n-------- Forwarded Message --------\nFrom: MAILER-DAEMON@mx.example.net\n\n"
        "This is the mail system at host mx.example.net.\n\n<miriam@example.org>: 550 5.1.1 User unknown\n\n"
        "Final-Recipient: rfc822; miriam@example.org\nAction: failed\nStatus: 5.1.1\n",
    ),
    "answers a notice": ("Re: failure notice", "I've given up, too.\n\n> Sorry it didn't work out.\n"),
}


@pytest.mark.parametrize("doing", PEOPLE)
def test_nobody_is_taken_for_a_server_who(doing: str) -> None:
    subject, words = PEOPLE[doing]
    assert recognise(words, sender="anna@example.com", subject=subject) is None


def test_an_absence_note_that_says_the_mail_will_not_be_delivered_is_no_bounce() -> None:
    words = "I have left the company. Your mail will not be delivered to anybody, write to jonas@example.org instead."
    fields = "Return-Path: <>\nAuto-Submitted: auto-replied\nX-Auto-Response-Suppress: All\n"
    assert recognise(words, sender="miriam@example.org", subject="Automatic reply: Your invoice", fields=fields) is None


def test_a_parcel_services_notice_is_no_bounce() -> None:
    words = "Dear customer, your parcel could not be delivered today. We will come again tomorrow."
    fields = "Auto-Submitted: auto-generated\n"
    assert recognise(words, sender="info@parcels.example", subject="Delivery failed", fields=fields) is None


@pytest.mark.parametrize(
    "flood",
    [
        "<" * 200_000,
        "@" * 200_000,
        "a@" * 100_000,
        "550 " * 50_000,
        "user " * 40_000,
        "\n".join(["<miriam@example.org>: 550 user"] * 5_000),
        "(" * 100_000 + "\n" * 100_000,
        "error in reply to " * 10_000,
        "-" * 200_000,
    ],
)
def test_a_flood_takes_no_longer_than_its_length(flood: str) -> None:
    began = time.process_time()
    recognise(flood, sender=DAEMON, subject="Returned mail")
    assert time.process_time() - began < 2
