"""Files that came in are looked at by a virus scanner, where the company has one: after they were filed, so that no
mail waits for a scanner. (What members attach is looked at before it is kept: `web.uploads`.) What was kept before
there was a scanner is looked at later, a little at a time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from everyhand.conversations.models import Attachment, Message, VirusCheck
from everyhand.core import journal, viruses, work
from everyhand.core.bookmarks import Bookmark

# How many files one look back takes in hand, and how long a check rests that finds no scanner named any more.
A_LOOK_BACK: Final = 200
UNTIL_NAMED_AGAIN: Final = timedelta(days=1)
_READER: Final = "files kept before a scanner was named"


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
    if not scanner:
        work.put_off(row, "No virus scanner is named any more.", until=at + UNTIL_NAMED_AGAIN)
        return
    unseen = Attachment.objects.filter(message=row.message_id, virus=None).select_related("blob")
    found: dict[int, str] = {}
    for file in unseen:
        found[file.pk] = viruses.found_in(bytes(file.blob.content), scanner=scanner)
    with transaction.atomic():
        for pk, virus in found.items():
            Attachment.objects.filter(pk=pk).update(virus=virus)
            if virus:
                conversation = row.message.conversation
                journal.note("attachment.infected", subject=conversation, at=at, attachment=pk, virus=virus)
        work.complete(row, at=at)


def look_back(*, at: datetime) -> int:
    """Have the next files looked at that were kept when nobody looked, the oldest first; how many files were gone over.

    None while others wait to be looked at, so that a new mail never waits behind the past. A bookmark says up to which
    file all was gone over: what is behind it costs nothing.
    """
    if not settings.EVERYHAND.clamav or VirusCheck.objects.filter(done_at=None, quarantined_at=None).exists():
        return 0
    bookmark, _ = Bookmark.objects.get_or_create(reader=_READER, defaults={"cursor": "0"})
    beyond = Attachment.objects.filter(pk__gt=int(bookmark.cursor)).order_by("pk")
    files = list(beyond.values_list("pk", "message", "virus")[:A_LOOK_BACK])
    if not files:
        return 0
    unseen = dict.fromkeys(message for _pk, message, virus in files if virus is None)
    with transaction.atomic():
        # Conditional, because another worker may have looked back meanwhile.
        mine = Bookmark.objects.filter(pk=bookmark.pk, cursor=bookmark.cursor)
        if not mine.update(cursor=str(files[-1][0])):
            return 0
        rows = (VirusCheck(message_id=message, due_at=at) for message in unseen)
        VirusCheck.objects.bulk_create(rows, ignore_conflicts=True)
    return len(files)


def is_infected(message: Message) -> bool:
    """Whether a virus was found in one of its files."""
    return Attachment.objects.filter(message=message).exclude(virus=None).exclude(virus="").exists()
