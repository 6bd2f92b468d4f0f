"""Reading the journal to its end, for whoever does something about what it says.

A reader keeps a bookmark. What it does about some facts is committed together with the bookmark behind them, so a
process that dies in between does it again from the start, and nothing is done twice or left out. It takes several at
once, since most of what it asks and writes is the same for each; where that fails, one by one. A fact that it stumbles
over even then is set aside as a row of work of its own, tried again later and shown to people, and the reader reads on.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

import structlog
from django.db import models, transaction

from everyhand.core import journal, outage, work
from everyhand.core.journal import Entry
from everyhand.core.work import DueRow

log = structlog.get_logger(__name__)

# Does what follows from these facts, in the transaction that moves the bookmark; the moment is now, not when they
# happened.
React = Callable[[Sequence[Entry], datetime], None]

# Facts in one transaction: few enough that no other writer waits for it.
READ_TOGETHER: Final = 128


class Bookmark(models.Model):
    """Up to where a reader of the journal has read. A reader without one begins at the beginning."""

    reader = models.CharField(max_length=60, unique=True)
    cursor = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        return f"{self.reader} at {self.cursor}"


class Setback(DueRow):
    """A fact that a reader stumbled over: it is tried again by itself while the reader reads on."""

    pauses = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30))

    reader = models.CharField(max_length=60)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="+")

    class Meta(DueRow.Meta):
        abstract = False
        indexes: ClassVar = [*DueRow.Meta.indexes]
        constraints: ClassVar = [models.UniqueConstraint(fields=["reader", "entry"], name="one_setback_a_fact")]

    def __str__(self) -> str:
        return f"{self.reader}: {self.entry}"


def read_on(reader: str, actions: Container[str], react: React, *, at: datetime) -> int:
    """React to the next facts with these actions; how many of all were read. Several processes may do this at once."""
    bookmark, _ = Bookmark.objects.get_or_create(reader=reader)
    entries, _ = journal.since(bookmark.cursor, limit=READ_TOGETHER)
    if not entries:
        return 0
    with transaction.atomic():
        # Conditional, because another worker may have read these meanwhile.
        mine = Bookmark.objects.filter(reader=reader, cursor=bookmark.cursor)
        if not mine.update(cursor=entries[-1].cursor):
            return 0
        _react(reader, react, [entry for entry in entries if entry.action in actions], at)
    return len(entries)


def try_setbacks_again(react: React, setbacks: Sequence[Setback], *, at: datetime) -> None:
    """React to facts that were set aside and are claimed now; each is done, or due again later, or quarantined."""
    for setback in setbacks:
        with work.attempt(setback, at=at), transaction.atomic():
            react([setback.entry], at)
            work.complete(setback, at=at)


def _react(reader: str, react: React, entries: Sequence[Entry], at: datetime) -> None:
    if not entries:
        return
    try:
        with transaction.atomic():
            react(entries, at)
    except Exception as error:
        if outage.is_outage(error):
            raise
        if len(entries) > 1:
            log.info("reacting to facts one by one, since together they failed", reader=reader, facts=len(entries))
            for entry in entries:
                _react(reader, react, [entry], at)
            return
        (entry,) = entries
        log.exception("stumbled over a fact", reader=reader, entry=entry.pk, action=entry.action)
        reason = f"{type(error).__name__}: {error}"[:2000]
        Setback.objects.create(reader=reader, entry=entry, due_at=at + Setback.pauses[0], last_error=reason)
