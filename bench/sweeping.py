"""Work that waits for its time: what one look for due rows costs, however many are not due yet.

The worker looks for each kind again and again (`cli/worker.py`), so a look must not cost more because more waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import perf_counter
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from bench import floors
from bench.figures import Figure, of_times
from bench.tables import Table, write
from everyhand.channels.email.models import SystemMail
from everyhand.conversations.models import Conversation, Delivery, Message, Sleep
from everyhand.core import work
from everyhand.escalation import actions as escalation
from everyhand.escalation.models import Climb, Escalation, Ladder
from everyhand.notices import watching
from everyhand.promises import actions as promises
from everyhand.promises.models import Promise

A_TIME: Final = 20_000
RUNGS: Final = 20_000  # of a ladder, of which there is none so high
LOOKS: Final = 50

Look = Callable[[datetime], object]


def swept(fewer: int, more: int) -> Iterator[Figure]:
    """Each look with so many rows of its kind waiting, and with so many more. The rows stay in the database."""
    at = timezone.now()
    waiting = Waiting(at)
    for rows in (fewer, more):
        waiting.grow_to(rows)
        floor = floors.indexed_query()
        for what, look in _looks().items():
            look(at)
            yield of_times(f"{what}, {rows:,} waiting", [_timed(look, at) for _ in range(LOOKS)], floor=floor)


def _looks() -> dict[str, Look]:
    return {
        "replies to deliver": lambda at: work.claim(Delivery, at=at, limit=32),
        "mails of our own": lambda at: work.claim(SystemMail, at=at, limit=32),
        "conversations asleep": lambda at: work.claim(Sleep, at=at, limit=1),
        "rungs to climb": lambda at: work.claim(Climb, at=at, limit=1),
        "promises to escalate": lambda at: escalation.begin_due(at=at),
        "promises that broke": lambda at: promises.tick(at=at),
        "promises about to break": lambda at: watching.tell_what_is_about_to_break(
            at=at, within=settings.EVERYHAND.warn_before
        ),
    }


class Waiting:
    """Rows of each kind that are due later than anybody looks."""

    def __init__(self, at: datetime) -> None:
        self._at, self._rows = at, 0
        self._message = Message.objects.order_by("-pk")[0]
        conversation = Conversation.objects.order_by("-pk")[0]
        self._conversation, self._owner = conversation.pk, conversation.owner_id
        self._deliveries = self._table(Delivery, "message_id", "address", "due_at")
        self._mails = self._table(SystemMail, "kind", "address", "content", "made_at", "due_at")
        self._sleeps = self._table(Sleep, "conversation_id", "before", "due_at")
        self._promises = self._table(Promise, "conversation_id", "owner_id", "kind", "made_at", "due_at")
        Ladder.objects.create(watches_promises=True)
        self._escalation = Escalation.objects.create(conversation=conversation, begun_at=at)
        self._climbs = self._table(Climb, "escalation_id", "round", "place", "due_at")
        # Only one runs in a conversation, and here they are all in the same; no look asks this index.
        with connection.schema_editor() as schema:
            for constraint in Promise._meta.constraints:
                schema.remove_constraint(Promise, constraint)

    def grow_to(self, rows: int) -> None:
        while self._rows < rows:
            for number in range(self._rows, min(self._rows + A_TIME, rows)):
                due_at = self._at + timedelta(days=1, seconds=number)
                self._deliveries.add(self._message.pk, f"waits{number}@bench.example", due_at)
                self._mails.add("notice", f"waits{number}@bench.example", b"later", self._at, due_at)
                self._sleeps.add(self._conversation, "open", due_at)
                self._climbs.add(self._escalation.pk, 1 + number // RUNGS, number % RUNGS, due_at)
                self._promises.add(self._conversation, self._owner, "next_reply", self._at, due_at)
            with transaction.atomic():
                write([one.take() for one in self._tables])
            self._rows = min(self._rows + A_TIME, rows)

    @property
    def _tables(self) -> tuple[Table, ...]:
        return (self._deliveries, self._mails, self._sleeps, self._climbs, self._promises)

    def _table(self, model: type, *names: str) -> Table:
        table = Table(model, *names)
        table.next = (table.model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
        return table


def _timed(look: Look, at: datetime) -> float:
    began = perf_counter()
    look(at)
    return perf_counter() - began
