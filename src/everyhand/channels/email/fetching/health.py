"""How each mailbox is doing, kept in its row: for the shell, for `doctor`, and for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from everyhand.channels.email.fetching import diagnosis
from everyhand.channels.email.fetching.diagnosis import Trouble
from everyhand.channels.email.models import ConnectedMailbox, Mail
from everyhand.core import heartbeat, journal

# A good look is written down so often; the time of the last one is never staler than this.
WRITTEN_EVERY: Final = timedelta(seconds=30)
PART: Final = "fetch"


class State(StrEnum):
    WELL = "well"
    FAILING = "failing"
    PAUSED = "paused"
    NEW = "new"  # nobody has looked yet
    UNWATCHED = "unwatched"  # no process runs that would look


@dataclass(frozen=True)
class Health:
    """A mailbox, how it is doing, and a sentence about it for the person who looks after it. `last_mail_at` is when
    the newest mail that came in through its address had reached it.
    """

    box: ConnectedMailbox
    state: State
    sentence: str
    last_mail_at: datetime | None = None


def well(box: ConnectedMailbox, *, at: datetime) -> None:
    """A look at the folder ended well."""
    if box.failing_since is None and box.last_ok_at and at - box.last_ok_at < WRITTEN_EVERY:
        return
    box.last_ok_at, box.failing_since, box.trouble, box.trouble_said = at, None, "", ""
    with transaction.atomic():
        row = ConnectedMailbox.objects.filter(pk=box.pk)
        if row.filter(alarmed_at__isnull=False).exists():
            journal.note("mailbox.recovered", subject=box.mailbox, at=at, connected=box.pk)
        row.update(last_ok_at=at, failing_since=None, trouble="", trouble_said="", alarmed_at=None)


def failing(pk: int, trouble: Trouble, *, at: datetime) -> None:
    """A look at the folder failed."""
    ConnectedMailbox.objects.filter(pk=pk).update(
        failing_since=Coalesce("failing_since", Value(at)), trouble=trouble.code, trouble_said=trouble.said
    )


def of_all(*, at: datetime, only: int | None = None) -> list[Health]:
    """Every connected mailbox, paused ones too, or the one with this primary key."""
    unwatched = bool(heartbeat.silent([PART], at=at))
    newest = Mail.objects.filter(fetched_into=OuterRef("mailbox")).order_by("-id")
    boxes = ConnectedMailbox.objects.select_related("mailbox").annotate(
        last_mail_at=Subquery(newest.values(arrived=Coalesce("arrived_at", "accepted_at"))[:1])
    )
    if only is not None:
        boxes = boxes.filter(pk=only)
    return [_health(box, unwatched, box.last_mail_at) for box in boxes]


def _health(box: ConnectedMailbox, unwatched: bool, last_mail_at: datetime | None) -> Health:
    state, sentence = _state(box, unwatched)
    return Health(box, state, sentence, last_mail_at)


def _state(box: ConnectedMailbox, unwatched: bool) -> tuple[State, str]:
    if box.paused_at:
        return State.PAUSED, _("Paused: its mail stays where it is.")
    if unwatched:
        return State.UNWATCHED, _("Nobody fetches: start `everyhand serve` or `everyhand fetch`.")
    if box.failing_since:
        return State.FAILING, diagnosis.in_words(box.trouble, box)
    if box.last_ok_at is None:
        return State.NEW, _("Connected; its mail is about to be fetched.")
    return State.WELL, _("Its mail is fetched as it arrives.")
