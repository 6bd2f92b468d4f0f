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
    sender,
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
    author, sender_doubtful = sender.claimed(mail, remarks)
    subject = _subject(mail, remarks)
    to, cc = addresses.of(mail, "to"), addresses.of(mail, "cc")
    reply, quoted = replies.split(content.text, content.html)
    bounce = bounces.recognise(mail, text=content.text, sender=author, subject=subject)
    return Inbound(
        source=source,
        sender=author,
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
        automatic=automatic.classify(mail, text=content.text, sender=author, subject=subject, bounce=bounce),
        bounce=bounce,
        # A delivery report carries the letter that failed, but nobody forwarded it.
        forwarded=None if bounce else forwards.find(content.text, subject, tuple(content.messages)),
        remarks=tuple(remarks),
    )


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
