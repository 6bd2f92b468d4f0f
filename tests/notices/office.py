"""What the worker does about what happened, a step at a time, and what members find."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from everyhand.channels.email.models import SystemMail
from everyhand.channels.email.outbound import notice_mail
from everyhand.cli.reactions import WHAT_HAPPENS_WHEN, follow
from everyhand.core.journal import Entry
from everyhand.notices import queries, words
from everyhand.notices.models import Notice
from everyhand.people.models import Member


class Office:
    """Reacts to the journal as the worker does. In a test's one transaction PostgreSQL shows a reader of the journal
    nothing (nobody knows yet that it will be committed), so this one goes by the ids.
    """

    def __init__(self) -> None:
        self._read = 0

    def reacts(self, at: datetime) -> None:
        """To everything that happened since the last time."""
        entries = list(Entry.objects.filter(pk__gt=self._read).order_by("pk"))
        if entries:
            self._read = entries[-1].pk
        follow([entry for entry in entries if entry.action in WHAT_HAPPENS_WHEN], at)

    def writes_mails(self, at: datetime) -> list[EmailMessage]:
        """What is written to members of what is due, the oldest first."""
        before = set(SystemMail.objects.values_list("pk", flat=True))
        notice_mail.write_due(at)
        mails = SystemMail.objects.filter(kind=SystemMail.Kind.NOTICE).exclude(pk__in=before).order_by("pk")
        return [as_read(mail) for mail in mails]


@pytest.fixture
def office() -> Office:
    return Office()


def as_read(mail: SystemMail) -> EmailMessage:
    message = message_from_bytes(bytes(mail.content), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def told(member: Member) -> list[str]:
    """What this member finds among their notices and has not read, the oldest first."""
    notices = queries.with_all_that_is_said(queries.notices_of(member)).filter(read_at=None).order_by("pk")
    return [words.what_happened(notice) for notice in notices]


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def all_told() -> int:
    return Notice.objects.count()
