"""Files that came in are looked at by a virus scanner, where the company has one: after they were filed, so that no
mail waits for a scanner. (What members attach is looked at before it is kept: `web.uploads`.)
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from everyhand.conversations.models import Attachment, Message, VirusCheck
from everyhand.core import journal, viruses, work


def to_be_checked(message: Message, *, at: datetime) -> None:
    """Somebody else's files came with it. In the transaction in which they were kept."""
    if settings.EVERYHAND.clamav:
        VirusCheck.objects.update_or_create(
            message=message,
            defaults={"due_at": at, "done_at": None, "quarantined_at": None, "claimed_until": None, "attempts": 0},
        )


def check(row: VirusCheck, *, at: datetime) -> None:
    """Have the files looked at that nobody looked at yet. Raises `viruses.NotChecked` while the scanner is away."""
    scanner = settings.EVERYHAND.clamav
    unseen = Attachment.objects.filter(message=row.message_id, virus=None).select_related("blob")
    found: dict[int, str] = {}
    for file in unseen if scanner else ():
        found[file.pk] = viruses.found_in(bytes(file.blob.content), scanner=scanner)
    with transaction.atomic():
        for pk, virus in found.items():
            Attachment.objects.filter(pk=pk).update(virus=virus)
            if virus:
                conversation = row.message.conversation
                journal.note("attachment.infected", subject=conversation, at=at, attachment=pk, virus=virus)
        work.complete(row, at=at)


def is_infected(message: Message) -> bool:
    """Whether a virus was found in one of its files."""
    return Attachment.objects.filter(message=message).exclude(virus=None).exclude(virus="").exists()
