"""One mail understood: the recipe, one call a concern."""

from __future__ import annotations

from datetime import datetime, timedelta

from everyhand.channels.email.parsing import (
    addresses,
    automatic,
    bounces,
    dates,
    forwards,
    headers,
    ids,
    limits,
    parts,
    replies,
    structure,
)
from everyhand.channels.email.parsing.structure import Part
from everyhand.desk.inbound import Address, Inbound

_ENVELOPE_FIELDS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")


def parse(raw: bytes, *, source: str, recipients: tuple[str, ...] = (), at: datetime) -> Inbound:
    """Understand the mail `raw`.

    `source` says where it came from and is only passed on; `recipients` are the addresses of the envelope, if known;
    `at` is when we accepted it. Raises `limits.TooHostile`, with a sentence to show, for a mail no person sends. Any
    other bytes at all give an `Inbound`: what cannot be read properly is read as well as can be, with a remark.
    """
    limits.check_size(raw)
    mail = structure.read(raw)
    content = parts.read(mail)
    remarks = content.remarks
    sender, sender_doubtful = _sender(mail, remarks)
    subject = _subject(mail, remarks)
    to, cc = addresses.of(mail, "to"), addresses.of(mail, "cc")
    reply, quoted = replies.split(content.text, content.html)
    bounce = bounces.recognise(mail, text=content.text, sender=sender, subject=subject)
    return Inbound(
        source=source,
        sender=sender,
        sender_doubtful=sender_doubtful,
        recipients=_recipients(mail, recipients, to + cc),
        to=to,
        cc=cc,
        reply_to=addresses.of(mail, "reply-to"),
        subject=subject,
        text=content.text,
        html=content.html,
        reply=reply,
        quoted=quoted,
        files=tuple(content.files),
        sent_at=_sent_at(mail, at, remarks),
        message_id=next(iter(ids.read(headers.raw(mail, "message-id"))), ""),
        in_reply_to=ids.read(headers.raw(mail, "in-reply-to")),
        references=ids.read(headers.raw(mail, "references")),
        automatic=automatic.classify(mail, text=content.text, sender=sender, subject=subject, bounce=bounce),
        bounce=bounce,
        # A delivery report carries the letter that failed, but nobody forwarded it.
        forwarded=None if bounce else forwards.find(content.text, subject, tuple(content.messages)),
        remarks=tuple(remarks),
    )


def _sender(mail: Part, remarks: dict[str, None]) -> tuple[Address, bool]:
    """Who wrote it, as the mail claims: the first address of the first From field, or the next best field. And whether
    that is in doubt, since programs disagree on whom such a mail names.
    """
    named = addresses.of(mail, "from")
    doubtful = len(headers.raw(mail, "from")) > 1 or len({address.email for address in named if address.email}) > 1
    if doubtful:
        remarks["The mail names more than one sender. The first is shown; nothing proves who wrote it."] = None
    for address in named:
        if address.email:
            if "@" in address.name and address.email.lower() not in address.name.lower():
                remarks["The sender's name looks like another address than the one the mail came from."] = None
            return address, doubtful
    for name in ("sender", "reply-to", "return-path"):
        for address in addresses.of(mail, name):
            if address.email:
                remarks[f"The mail has no usable From field; the sender is taken from {name.title()}."] = None
                return Address(address.name or next((a.name for a in named), ""), address.email), True
    remarks["The mail does not say who sent it."] = None
    return next(iter(named), Address()), True


def _subject(mail: Part, remarks: dict[str, None]) -> str:
    subject = headers.text(mail, "subject")
    if len(subject) > limits.SUBJECT_LENGTH:
        remarks["The subject is very long and shown in part."] = None
    return subject[: limits.SUBJECT_LENGTH]


def _sent_at(mail: Part, at: datetime, remarks: dict[str, None]) -> datetime | None:
    claimed = dates.read(next(iter(headers.raw(mail, "date")), ""))
    if claimed is not None and claimed > at + timedelta(days=2):
        remarks["The mail claims to be written in the future."] = None
    return claimed


def _recipients(mail: Part, envelope: tuple[str, ...], named: tuple[Address, ...]) -> tuple[str, ...]:
    if envelope:
        return tuple(dict.fromkeys(email for raw in envelope if (email := addresses.normal(raw))))
    delivered = [address for name in _ENVELOPE_FIELDS for address in addresses.of(mail, name)]
    return tuple(dict.fromkeys(address.email for address in [*delivered, *named] if address.email))
