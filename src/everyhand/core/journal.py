"""The journal: one append-only row a fact. Timeline, audit trail, webhook source and live cursor in one.

An entry says who did what to what, and when: `action` ("promise.broken"), `actor` and `subject` ("member:7",
"conversation:42", "" for the program itself), `particulars` (ids and codes; never personal text). It is written in
the transaction of the fact it tells of, so a fact and its entry exist together or not at all.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from django.db import connection, models
from django.db.models.expressions import RawSQL
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan

from everyhand.core import rows
from everyhand.core.instances import ReadOften


class CurrentTransaction(models.Func):
    """The number of the writing transaction on PostgreSQL, 0 on SQLite, where one transaction writes at a time."""

    template = "0"
    output_field = models.BigIntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(pg_current_xact_id()::text::bigint)", **context)


class Entry(ReadOften):
    """One fact."""

    action = models.CharField(max_length=60)
    actor = models.CharField(max_length=60, blank=True)
    subject = models.CharField(max_length=60, blank=True)
    particulars = models.JSONField(default=dict)
    at = models.DateTimeField()
    # On PostgreSQL ids may commit out of order; (transaction, id) is the order in which a reader may move on.
    transaction = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject", "id"], name="journal_by_subject"),
            models.Index(fields=["transaction", "id"], name="journal_in_order"),
            models.Index(fields=["action", "at"], name="journal_by_action"),
            models.Index(fields=["actor", "at"], name="journal_by_actor"),
            models.Index(fields=["at"], name="journal_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}".strip()

    @property
    def cursor(self) -> str:
        """Where a reader stands who has read up to this entry; see `since`."""
        return f"{self.transaction}.{self.pk}"


_OLDEST_RUNNING = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


def note(action: str, *, subject: models.Model | str, at: datetime, actor: object = "", **particulars: Any) -> Entry:
    """Write one fact down, inside the caller's transaction. `particulars` must be JSON: ids, codes, ISO times."""
    return rows.create(
        Entry, action=action, actor=reference(actor), subject=reference(subject), particulars=particulars, at=at
    )


def reference(thing: object) -> str:
    """`conversation:42` for a row, a given string as it is, "" for None."""
    if isinstance(thing, models.Model):
        return f"{thing._meta.model_name}:{thing.pk}"
    return str(thing or "")


def about(*subjects: object) -> models.QuerySet[Entry]:
    """Every entry about these things, oldest first."""
    return Entry.objects.filter(subject__in=[reference(subject) for subject in subjects]).order_by("id")


def since(cursor: str, *, limit: int = 500) -> tuple[list[Entry], str]:
    """The next entries after `cursor` in the order in which they became visible, and the cursor after them.

    A cursor is an opaque string; "" starts at the beginning. On PostgreSQL entries of transactions that might still
    be overtaken by an older one are held back until that one ends, so a reader that moves on misses nothing.
    """
    transaction, entry_id = _position(cursor)
    if connection.vendor == "postgresql":
        later = TupleGreaterThan(Tuple("transaction", "id"), (transaction, entry_id))
        entries = Entry.objects.filter(later, transaction__lt=_oldest_running()).order_by("transaction", "id")
    else:  # one transaction at a time, so that ids alone are in order; SQLite would read the whole index for the pair
        entries = Entry.objects.filter(id__gt=entry_id).order_by("id")
    page = list(entries[:limit])
    return page, _cursor(page) or cursor


def newest() -> str:
    """The cursor of a reader who wants only what happens from now on."""
    running = f'WHERE "transaction" < {_OLDEST_RUNNING}' if connection.vendor == "postgresql" else ""
    newest_first = 'ORDER BY "transaction" DESC, id DESC LIMIT 1'
    with connection.cursor() as cursor:  # past the ORM, since every page asks
        cursor.execute(f'SELECT "transaction", id FROM core_entry {running} {newest_first}')  # noqa: S608 (constants)
        found = cursor.fetchone() or (0, 0)
    return f"{found[0]}.{found[1]}"


def _oldest_running() -> RawSQL:
    return RawSQL(_OLDEST_RUNNING, ())  # noqa: S611 (a constant)


def _position(cursor: str) -> tuple[int, int]:
    """The place a cursor names; the beginning for what is none, since cursors come back from browsers."""
    found = re.fullmatch(r"(\d{1,18})\.(\d{1,18})", cursor)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _cursor(entries: list[Entry]) -> str:
    return entries[-1].cursor if entries else ""
