"""Work is rows with a due time.

Whatever must still be done for somebody later (a mail to file, a reply to deliver, a promise to watch) is a row that
was written in the transaction in which it became necessary. A worker claims due rows with a lease, does the work
outside that transaction, and completes them. If the worker dies the lease runs out and another one takes over; a row
that fails too often is quarantined and shown to people, never dropped. The rows are the truth; whoever runs them
(`everyhand worker`, several machines on PostgreSQL, a distributed queue one day) only needs the functions here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

import structlog
from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import F, Q

from everyhand.core import outage, rows
from everyhand.core.instances import ReadOften

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)
PUT_OFF_TOGETHER = 500


class LeaseLost(Exception):
    """Somebody else works on this row now: roll back whatever belongs to it."""


class DueRow(ReadOften):
    """A row of work. It is open until `done_at` or `quarantined_at` is set.

    `attempts` counts claims, not failures, so that a row that kills its worker is counted too.
    """

    # The pauses after each failed attempt; when they are used up the row is quarantined.
    pauses: ClassVar[Sequence[timedelta]] = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5))

    due_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, editable=False)
    claim = models.CharField(max_length=16, blank=True, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    done_at = models.DateTimeField(null=True, editable=False)
    quarantined_at = models.DateTimeField(null=True, editable=False)
    last_error = models.TextField(blank=True, editable=False)

    class Meta:
        abstract = True
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=Q(done_at=None, quarantined_at=None), name="%(class)s_open_by_due"
            ),
            models.Index(fields=["quarantined_at"], condition=Q(quarantined_at__isnull=False), name="%(class)s_stuck"),
        ]

    @property
    def is_open(self) -> bool:
        return self.done_at is None and self.quarantined_at is None


Row = TypeVar("Row", bound=DueRow)


def kinds() -> list[type[DueRow]]:
    """Every kind of work there is."""
    return [model for model in apps.get_models() if issubclass(model, DueRow)]


def claim(
    kind: type[Row],
    *,
    at: datetime,
    limit: int,
    lease: timedelta = LEASE,
    only: Sequence[int] | None = None,
    given_up: Callable[[Row], object] | None = None,
) -> list[Row]:
    """Take up to `limit` due rows, the longest waiting first, for as long as `lease`.

    Rows that were claimed as often as `pauses` allows and never completed took their worker down with them: they are
    quarantined here instead of being handed out again, and `given_up` hears of each in the same transaction. `only`
    restricts the claim to these primary keys.
    """
    due = kind._default_manager.filter(_free(at), due_at__lte=at).order_by("due_at", "pk")
    if only is not None:
        due = due.filter(pk__in=only)
    if not due.exists():
        return []  # most of the time; on SQLite whoever writes would wait for a transaction that finds nothing
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True, of=("self",))
        taken: list[Row] = []
        mark = secrets.token_hex(8)
        for row in due[:limit]:
            if row.attempts > len(kind.pauses):
                _quarantine(row, "Its worker stopped each time it tried, without saying why.", at)
                if given_up:
                    given_up(row)
            else:
                row.claim, row.claimed_until, row.attempts = mark, at + lease, row.attempts + 1
                taken.append(row)
        kind._default_manager.filter(pk__in=[row.pk for row in taken]).update(
            claim=mark, claimed_until=at + lease, attempts=F("attempts") + 1
        )
    return taken


def keep(rows: Sequence[Row], *, at: datetime, lease: timedelta = LEASE) -> int:
    """The heartbeat: extend the lease of rows still being worked on; how many are still ours."""
    kept = 0
    for row in rows:
        kept += _mine(row).update(claimed_until=at + lease)
    return kept


def complete(row: DueRow, *, at: datetime, **outcome: object) -> None:
    """The work is done. Call it in the transaction of its effect, so that both happen or neither does. `outcome` are
    further fields of the row.

    Raises `LeaseLost` when somebody else has taken the row over meanwhile; within `rows.gathering`, at its end.
    """
    done = {"done_at": at, "claimed_until": None, "claim": "", "last_error": "", **outcome}
    mine = {"pk": row.pk, "claim": row.claim, "done_at": None, "quarantined_at": None}
    rows.change(type(row), mine, done, otherwise=LeaseLost(f"{row._meta.label} {row.pk}"))
    for name, value in done.items():
        setattr(row, name, value)


def put_off(row: DueRow, reason: str, *, until: datetime) -> None:
    """Not now, and through no fault of the row's (nobody to deliver to yet): the attempt does not count."""
    _mine(row).update(
        due_at=until, claimed_until=None, claim="", last_error=reason[:2000], attempts=models.Value(row.attempts - 1)
    )


def put_off_together(rows: Sequence[Row], reason: str, *, until: datetime) -> None:
    """The same for rows that were claimed together, with one statement."""
    mine = type(rows[0])._default_manager.filter(
        pk__in=[row.pk for row in rows], claim=rows[0].claim, done_at=None, quarantined_at=None
    )
    mine.update(due_at=until, claimed_until=None, claim="", last_error=reason[:2000], attempts=F("attempts") - 1)


def put_off_due(kind: type[Row], reason: str, *, at: datetime, until: datetime) -> int:
    """And for those of a kind that are due at `at` and that nobody works on, the longest waiting first; how many there
    were. Few enough at a time that no other writer waits for it: thousands took more than a second.
    """
    due = open_rows(kind).filter(claimed_until=None, due_at__lte=at)
    if not due.exists():
        return 0
    first = due.order_by("due_at", "pk").values("pk")[:PUT_OFF_TOGETHER]
    return due.filter(pk__in=first).update(due_at=until, last_error=reason[:2000])


def bring_forward(kind: type[Row], reason: str, *, at: datetime) -> int:
    """What was put off for this reason is due now: so many at a time, too; how many there were."""
    put_off = open_rows(kind).filter(claimed_until=None, due_at__gt=at, last_error=reason[:2000])
    first = list(put_off.order_by("due_at", "pk").values_list("pk", flat=True)[:PUT_OFF_TOGETHER])
    return put_off.filter(pk__in=first).update(due_at=at) if first else 0


def put_off_unclaimed(rows: models.QuerySet[Row], *, until: datetime) -> int:
    """And for all of these open rows that nobody works on and that would be due earlier; how many there were.

    They keep their order among themselves: what is due at the same time is claimed by primary key.
    """
    return rows.filter(claimed_until=None, due_at__lt=until).update(due_at=until)


def fail(row: DueRow, reason: str, *, at: datetime) -> None:
    """It did not work: try again after the next pause, or quarantine it when there is none left."""
    if row.attempts > len(row.pauses):
        _quarantine(row, reason, at)
        return
    pause = row.pauses[row.attempts - 1]
    # Up to a tenth more, so that what failed together does not come back together.
    pause += pause * secrets.randbelow(100) / 1000
    _mine(row).update(due_at=at + pause, claimed_until=None, claim="", last_error=reason[:2000])


def quarantine(row: DueRow, reason: str, *, at: datetime) -> None:
    """It can't work as it is: set it aside for a person, with the reason. Raises `LeaseLost` as `complete` does."""
    if not _quarantine(row, reason, at):
        raise LeaseLost(f"{row._meta.label} {row.pk}")


@contextmanager
def attempt(row: DueRow, *, at: datetime) -> Iterator[None]:
    """Around one attempt at a claimed row: whatever goes wrong with it is logged and told in the row, so that nobody
    has to guess. Raises only an outage of the database, which is not the row's fault.
    """
    try:
        yield
    except LeaseLost:
        log.warning("somebody else had taken it over", row=row._meta.label, pk=row.pk)
    except Exception as error:
        if outage.is_outage(error):
            raise
        log.exception("an attempt failed", row=row._meta.label, pk=row.pk, attempts=row.attempts)
        fail(row, f"{type(error).__name__}: {error}", at=at)


def retry(row: DueRow, *, at: datetime) -> None:
    """A person says "try again now": open the row afresh with all its attempts, unless it is done."""
    type(row)._default_manager.filter(pk=row.pk, done_at=None).update(
        due_at=at, quarantined_at=None, claimed_until=None, claim="", attempts=0
    )


def open_rows(kind: type[Row]) -> models.QuerySet[Row]:
    return kind._default_manager.filter(done_at=None, quarantined_at=None)


def quarantined(kind: type[Row]) -> models.QuerySet[Row]:
    """What was set aside, the newest first."""
    return kind._default_manager.filter(quarantined_at__isnull=False, done_at=None).order_by("-quarantined_at", "-pk")


def late(kind: type[Row], *, at: datetime, by: timedelta) -> models.QuerySet[Row]:
    """Open rows that should have been done before `at - by`: a worker is missing, slow, or keeps failing."""
    return open_rows(kind).filter(due_at__lt=at - by).order_by("due_at", "pk")


def struggling(kind: type[Row]) -> models.QuerySet[Row]:
    """Open rows that have failed at least once and will be tried again."""
    return open_rows(kind).exclude(last_error="").order_by("due_at", "pk")


def _free(at: datetime) -> Q:
    return Q(done_at=None, quarantined_at=None) & (Q(claimed_until=None) | Q(claimed_until__lt=at))


def _mine(row: DueRow) -> models.QuerySet[DueRow]:
    return type(row)._default_manager.filter(pk=row.pk, claim=row.claim, done_at=None, quarantined_at=None)


def _quarantine(row: DueRow, reason: str, at: datetime) -> int:
    done = _mine(row).update(quarantined_at=at, claimed_until=None, claim="", last_error=reason[:2000])
    row.quarantined_at, row.last_error = at, reason[:2000]
    return done
