"""Whose word is taken for who wrote the mail of which mailbox: the server that took it in there, and no other.

What one provider writes into a mail proves something in the mailboxes it fills itself. In a mailbox elsewhere the same
words may be anybody's, so each connected mailbox has a receiver of its own, or none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction

from everyhand.channels.email.authentication import microsoft
from everyhand.channels.email.models import ConnectedMailbox, Mail
from everyhand.core import journal
from everyhand.people.models import Member

GOOGLE, GOOGLES_HOST = "mx.google.com", "imap.gmail.com"


def usual(host: str) -> str:
    """The receiver of mailboxes on this IMAP server, as far as that is known; "" when nobody is to be believed.

    The server that the setting names is taken only for a neighbour, such as mx.example.com for imap.example.com.
    """
    host = host.lower().rstrip(".")
    if host == GOOGLES_HOST:
        return GOOGLE
    if microsoft.is_its_host(host):
        return microsoft.NAME
    named = str(settings.EVERYHAND.trusted_receiver).lower()
    return named if named and _are_neighbours(host, named) else ""


@transaction.atomic
def believe(box: ConnectedMailbox, receiver: str, *, at: datetime, by: Member | None = None) -> None:
    """From now on take the word of `receiver`, an authserv-id (RFC 8601), about mail of this mailbox; "" is nobody."""
    ConnectedMailbox.objects.filter(pk=box.pk).update(receiver=receiver)
    journal.note("mailbox.receiver_chosen", subject=box.mailbox, actor=by, at=at, connected=box.pk, receiver=receiver)


def of_mails(mails: Iterable[Mail]) -> dict[int, str]:
    """By primary key, the receiver believed about each of these mails that was fetched; one read, if there are any."""
    fetched = {mail.pk: mail.source for mail in mails if mail.source.startswith("imap ")}
    if not fetched:
        return {}
    named = {f"imap {box}": box.receiver for box in ConnectedMailbox.objects.exclude(receiver="")}
    # Behind the name of the mailbox stand the numbers that the server gave the mail there.
    return {pk: named.get(source.rpartition(" ")[0], "") for pk, source in fetched.items()}


def _are_neighbours(host: str, other: str) -> bool:
    return host == other or host.endswith(f".{other}") or host.partition(".")[2] == other.partition(".")[2] != ""
