"""Mail the program itself sends to one person: written as a row in the caller's transaction, sent by the worker.

So a sign-in code neither makes a page wait for a mail server nor gets lost with one, and nothing is sent by a request
that failed afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import Message as MimePart
from email.utils import format_datetime, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from everyhand.channels.email import queries
from everyhand.channels.email.models import SystemMail
from everyhand.channels.email.outbound import letter
from everyhand.core import tokens


class Backend(BaseEmailBackend):
    """Django's EMAIL_BACKEND: what anything in Django sends (sign-in codes) becomes `SystemMail` of kind sign-in."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write one row for each recipient; how many messages there were. Raises `letter.NoAddress`."""
        at = timezone.now()
        for message in email_messages:
            for recipient in message.recipients():
                name, address = parseaddr(recipient)
                write(
                    SystemMail.Kind.SIGN_IN,
                    address=address,
                    fields=[
                        ("From", sender(message.from_email)),
                        ("To", letter.people([(name, address)], field="To")),
                        ("Subject", letter.words(str(message.subject), field="Subject")),
                        ("Auto-Submitted", "auto-generated"),
                    ],
                    text=str(message.body),
                    html=_html(message),
                    files=[_enclosure(attachment) for attachment in message.attachments],
                    at=at,
                )
        return len(email_messages)


def write(kind: SystemMail.Kind, **of_the_mail: Any) -> SystemMail:
    """The same as `composed`, in the caller's transaction."""
    mail = composed(kind, **of_the_mail)
    mail.save()
    return mail


def composed(
    kind: SystemMail.Kind,
    *,
    address: str,
    fields: Sequence[letter.Field],
    text: str,
    at: datetime,
    html: str = "",
    files: Sequence[letter.Enclosure] = (),
    envelope_from: str = "",
) -> SystemMail:
    """A mail to `address`, due now, that is not saved yet: whoever writes many does that with nothing else in the
    transaction. Where failures of it interest nobody its envelope sender is null, and Exchange is asked to answer none
    of them.
    """
    domain = queries.mailbox_for([]).partition("@")[2]
    every = [
        *fields,
        ("Date", format_datetime(at)),
        ("Message-ID", letter.ids([f"{tokens.random()}@{domain}"])),
        ("X-Auto-Response-Suppress", "All"),
    ]
    content = letter.write(every, text=text, html=html, files=files)
    return SystemMail(
        kind=kind, address=letter.address(address), envelope_from=envelope_from, content=content, made_at=at, due_at=at
    )


def sender(from_email: str) -> str:
    """What stands in From, for Django's `from_email`: by default the first mailbox, in the company's name."""
    name, address = parseaddr(from_email)
    if from_email == settings.DEFAULT_FROM_EMAIL and not settings.EVERYHAND.mail_from:
        address = queries.mailbox_for([])
    return letter.people([(name or settings.EVERYHAND.company, address)], field="From")


def _html(message: EmailMessage) -> str:
    alternatives = getattr(message, "alternatives", [])
    return next((str(content) for content, kind in alternatives if kind == "text/html"), "")


def _enclosure(attachment: Any) -> letter.Enclosure:
    if isinstance(attachment, MimePart):
        content = attachment.get_payload(decode=True)
        name, kind = attachment.get_filename() or "", attachment.get_content_type()
    else:
        name, content, kind = attachment
    raw = content if isinstance(content, bytes) else str(content).encode()
    return letter.Enclosure(name or "", kind or "application/octet-stream", raw)
