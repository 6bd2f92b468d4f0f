"""Delivery reports: a mail of ours came back, to whom, why, and whether writing again makes sense.

Most servers send the fields of RFC 3464, more or less intact; the others tell it in words of their own. `recognise`
reads both: `report` finds the parts, `fields` the recipients in them, `addresses` the recipients in mere words,
`signs` tells a server's notice from a person's mail about one, and `diagnosis` says what it means.
"""

from __future__ import annotations

from email.message import Message

from everyhand.channels.email.parsing import headers
from everyhand.channels.email.parsing.bounces import (
    addresses,
    diagnosis,
    notifications,
    signs,
)
from everyhand.channels.email.parsing.bounces.fields import Recipient, recipients
from everyhand.channels.email.parsing.bounces.report import (
    Report,
    read,
)
from everyhand.desk.inbound import Address, Bounce

_FINE = frozenset(("delivered", "relayed", "expanded", "deliverable"))


def recognise(message: Message, *, text: str, sender: Address, subject: str) -> Bounce | None:
    """The delivery report that `message` is, or None where it is something else.

    `message` is parsed with `policy=compat32`; `text` is what it says to people, `sender` and `subject` are decoded
    already. Never raises. A report of success, a complaint (RFC 5965) and a person's mail that quotes or forwards a
    report are not bounces.
    """
    report = read(message, text=text)
    if "message/feedback-report" in report.kinds or report.report_type == "feedback-report":
        return None
    if told := notifications.read(text):
        return told.bounce
    found = [one for one in recipients(report.fields) if one.address or one.action or one.diagnostic]
    concerned = [one for one in found if one.action not in _FINE]
    if found and not concerned:
        return None
    if not _is_report(message, report, sender, subject, bool(concerned)):
        return None
    return _bounce(message, report, concerned, delayed=_is_delay(report, subject, concerned))


def is_delay(message: Message, *, text: str, subject: str) -> bool:
    """Whether the report `message`, known to be one, says that the server still tries."""
    report = read(message, text=text)
    if told := notifications.read(text):
        return told.kind == "delay"
    return _is_delay(report, subject, [one for one in recipients(report.fields) if one.action not in _FINE])


def _is_report(message: Message, report: Report, sender: Address, subject: str, has_recipients: bool) -> bool:
    daemon = signs.is_daemon(sender.name, sender.email)
    if report.report_type == "disposition-notification" or "message/disposition-notification" in report.kinds:
        # A receipt, except that some servers use its form to return a mail they would not keep.
        return "rejected" in headers.text(message, "auto-submitted").lower() or "rejected" in subject.lower()
    if report.kind == "multipart/report" and (has_recipients or report.report_type == "delivery-status"):
        return True
    if signs.is_answer(subject) and not daemon:
        return False
    if headers.text(message, "x-failed-recipients"):
        return True
    null_sender = _came_from_nobody(message)
    if has_recipients and (daemon or null_sender or signs.speaks_of_failure(subject)):
        return True
    subject_speaks = signs.speaks_of_failure(subject)
    opening = signs.opens_like_a_report(report.notice)
    automatic = headers.text(message, "auto-submitted").lower().startswith("auto-")
    weight = 2 * daemon + 2 * subject_speaks + 2 * opening + null_sender + automatic
    return weight >= 4 and opening + subject_speaks > 0


def _came_from_nobody(message: Message) -> bool:
    paths = [value.strip().lower() for value in headers.raw(message, "return-path")[:1]]
    return any(path == "<>" or "mailer-daemon" in path for path in paths)


_STILL_TRYING = (
    "has not yet been delivered",
    "not yet been delivered",
    "warning message only",
    "this is a warning only",
    "will be retried until",
    "temporary failure report",
    "attempts will continue",
    "will continue to",
    "still being retried",
    "do not need to resend",
    "do not need to re-send",
    "will keep trying",
    "will try again",
    "has been delayed",
    "is delayed",
)


def _is_delay(report: Report, subject: str, concerned: list[Recipient]) -> bool:
    if any(one.action for one in concerned):
        return all(one.action == "delayed" for one in concerned if one.action)
    words = f"{subject}\n{report.notice}".lower()
    return any(phrase in words for phrase in _STILL_TRYING)


def _bounce(message: Message, report: Report, concerned: list[Recipient], *, delayed: bool) -> Bounce:
    if not delayed and any(one.action.startswith("fail") for one in concerned):
        concerned = [one for one in concerned if one.action != "delayed"]
    in_words = _named_in_words(message, report)
    named = [one for one in concerned if one.address] or [
        Recipient(one.address, status=next((other.status for other in concerned), "")) for one in in_words
    ]
    said = {one.address.lower(): one.said for one in in_words}
    replies = diagnosis.reply_lines(report.notice)
    verdicts = [
        diagnosis.judge(
            (one.diagnostic, diagnosis.reply_lines(beside), beside, replies),
            notice=report.notice,
            status=one.status,
            delayed=delayed,
        )
        for one in named or concerned or [Recipient()]
        for beside in (said.get(one.address.lower(), ""),)
    ]
    return Bounce(
        addresses=tuple({one.address.lower(): one.address for one in named}.values()),
        status=verdicts[0].status,
        # One dead address among living ones: nobody is given up on the strength of a neighbour.
        permanent=all(verdict.permanent for verdict in verdicts),
        reason=verdicts[0].reason,
        original_message_id=report.lost_message_id,
    )


def _named_in_words(message: Message, report: Report) -> list[addresses.Named]:
    told = addresses.all_in(", ".join(headers.all_text(message, "x-failed-recipients")))
    both_ends = frozenset(
        address.lower() for name in ("to", "from") for address in addresses.all_in(headers.text(message, name))
    )
    listed = addresses.failed(report.notice, ignore=both_ends)
    if told:
        said = {one.address.lower(): one.said for one in listed}
        return [addresses.Named(address, said.get(address.lower(), "")) for address in told]
    return listed or [addresses.Named(address, "") for address in report.only_recipient_of_lost_mail]
