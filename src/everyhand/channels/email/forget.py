"""Forgetting mail, when its sender asks to be forgotten."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from everyhand.channels.email.models import Mail, RawMail, SystemMail

# Why a mail has no bytes any more, as `Mail.why` keeps it.
ERASED = "erased"


@transaction.atomic
def forget(mails: QuerySet[Mail], *, at: datetime) -> int:
    """Empty these mails of every byte and name; how many there were.

    What stays is that a mail came and what became of it, so that the ledger balances, and the digests by which it is
    known when it comes again: it is a duplicate then and brings nothing back. What waited for a person waits no more.
    """
    keys = list(mails.values_list("pk", "raw"))
    RawMail.objects.filter(pk__in=[raw for _, raw in keys]).update(content=b"")
    gone = Mail.objects.filter(pk__in=[mail for mail, _ in keys])
    gone.update(
        why=ERASED, sender="", subject="", envelope_from="", envelope_to=[], helo="", last_error="", would_join=None
    )
    gone.filter(outcome=Mail.Outcome.QUARANTINED).update(
        outcome=Mail.Outcome.SUPPRESSED, done_at=at, quarantined_at=None, held=""
    )
    return len(keys)


def sent_by(addresses: Collection[str]) -> QuerySet[Mail]:
    """Every mail that one of these addresses sent, whatever became of it, except what is still to be filed."""
    return Mail.objects.exclude(outcome=Mail.Outcome.PENDING).filter(
        Q(sender__in=addresses) | Q(envelope_from__in=addresses)
    )


def forget_our_own(addresses: Collection[str]) -> None:
    """Remove what the program itself wrote to these addresses, such as acknowledgements."""
    SystemMail.objects.filter(address__in=addresses).delete()
