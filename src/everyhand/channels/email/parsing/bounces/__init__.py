"""Delivery reports: a mail of ours came back, to whom, why, and whether writing again makes sense.

Most servers send the fields of RFC 3464, more or less intact; the others tell it in words of their own. `recognise`
reads both: `report` finds the parts, `fields` the recipients in them, `addresses` the recipients in mere words,
`signs` tells a server's notice from a person's mail about one, and `diagnosis` says what it means.
"""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message

from everyhand.channels.email.parsing import headers
from everyhand.channels.email.parsing.bounces import addresses, diagnosis, notifications, signs
from everyhand.channels.email.parsing.bounces.fields import Recipient, recipients
from everyhand.channels.email.parsing.bounces.report import Report, read
from everyhand.desk.inbound import Address, Bounce

# A report on more addresses than this is judged by its first ones.
MAX_JUDGED = 50

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
    listed = recipients(report.fields)
    if listed and all(one.action in _FINE for one in listed):
        return None
    concerned = _concerned(listed)
    if not signs.is_report(message, report, sender, subject, lists_recipients=bool(concerned)):
        return None
    return _bounce(message, report, concerned, delayed=signs.is_delay(report, subject, concerned))


def is_delay(message: Message, *, text: str, subject: str) -> bool:
    """Whether the report `message`, known to be one, says that the server still tries."""
    if told := notifications.read(text):
        return told.kind == "delay"
    report = read(message, text=text)
    return signs.is_delay(report, subject, _concerned(recipients(report.fields)))


def _concerned(listed: list[Recipient]) -> list[Recipient]:
    return [one for one in listed if one.action not in _FINE and (one.address or one.action or one.diagnostic)]


def _bounce(message: Message, report: Report, concerned: list[Recipient], *, delayed: bool) -> Bounce:
    if not delayed and any(one.action.startswith("fail") for one in concerned):
        concerned = [one for one in concerned if one.action != "delayed"]
    in_words = _named_in_words(message, report)
    said = {one.address.lower(): one.said for one in in_words}
    named = [one for one in concerned if one.address]
    if not named:
        status = next((one.status for one in concerned), "")
        named = [Recipient(one.address, status=status) for one in in_words]
    # What a server said somewhere in the notice is about the one address; of several, each needs words of its own.
    replies = diagnosis.reply_lines(report.notice) if len(named) < 2 else ""
    verdicts = [
        diagnosis.judge(
            (one.diagnostic, diagnosis.first_reply(beside), diagnosis.reply_lines(beside), beside, replies),
            notice=report.notice,
            status=one.status,
            delayed=delayed,
        )
        for one in (named or concerned or [Recipient()])[:MAX_JUDGED]
        for beside in (said.get(one.address.lower(), ""),)
    ]
    if not named:
        # Nobody is named: the mail that came back tells whom it was for, not what is wrong with them.
        named = [Recipient(address) for address in _only_recipient_of_lost_mail(message, report)]
    told = bool(said or concerned)
    failed = [one.address for one, verdict in zip(named, verdicts, strict=False) if verdict.permanent and told]
    return Bounce(
        addresses=_each_once(one.address for one in named),
        status=verdicts[0].status,
        permanent=verdicts[0].permanent and told,
        reason=verdicts[0].reason,
        original_message_id=report.lost_message_id,
        dead=_each_once(failed),
    )


def _each_once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple({address.lower(): address for address in found}.values())


def _named_in_words(message: Message, report: Report) -> list[addresses.Named]:
    listed = addresses.failed(report.notice, ignore=_both_ends(message))
    told = addresses.all_in(", ".join(headers.all_text(message, "x-failed-recipients")))
    if not told:
        return listed
    said = {one.address.lower(): one.lines for one in listed}
    return [addresses.Named(address, said.get(address.lower(), [])) for address in told]


def _only_recipient_of_lost_mail(message: Message, report: Report) -> list[str]:
    everyone = addresses.all_in(report.recipients_of_lost_mail)
    return everyone if len(everyone) == 1 and everyone[0].lower() not in _both_ends(message) else []


def _both_ends(message: Message) -> frozenset[str]:
    """Who sent and who gets the report, lower case: neither is an address that failed."""
    return frozenset(
        address.lower() for name in ("to", "from") for address in addresses.all_in(headers.text(message, name))
    )
