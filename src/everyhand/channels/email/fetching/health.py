"""How each mailbox is doing, kept in its row: for the shell, for `doctor`, and for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from everyhand.channels.email.fetching import diagnosis
from everyhand.channels.email.fetching.diagnosis import Trouble
from everyhand.channels.email.models import ConnectedMailbox
from everyhand.core import heartbeat

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
    """A mailbox, how it is doing, and a sentence about it for the person who looks after it."""

    box: ConnectedMailbox
    state: State
    sentence: str


def well(box: ConnectedMailbox, *, at: datetime) -> None:
    """A look at the folder ended well."""
    if box.failing_since is None and box.last_ok_at and at - box.last_ok_at < WRITTEN_EVERY:
        return
    box.last_ok_at, box.failing_since, box.trouble, box.trouble_said = at, None, "", ""
    ConnectedMailbox.objects.filter(pk=box.pk).update(last_ok_at=at, failing_since=None, trouble="", trouble_said="")


def failing(pk: int, trouble: Trouble, *, at: datetime) -> None:
    """A look at the folder failed."""
    ConnectedMailbox.objects.filter(pk=pk).update(
        failing_since=Coalesce("failing_since", Value(at)), trouble=trouble.code, trouble_said=trouble.said
    )


def of_all(*, at: datetime) -> list[Health]:
    """Every connected mailbox, paused ones too."""
    unwatched = bool(heartbeat.silent([PART], at=at))
    return [_health(box, unwatched) for box in ConnectedMailbox.objects.select_related("mailbox")]


def _health(box: ConnectedMailbox, unwatched: bool) -> Health:
    if box.paused_at:
        return Health(box, State.PAUSED, _("Paused: its mail stays where it is."))
    if unwatched:
        return Health(box, State.UNWATCHED, _("Nobody fetches: start `everyhand serve` or `everyhand fetch`."))
    if box.failing_since:
        return Health(box, State.FAILING, diagnosis.in_words(box.trouble, box))
    if box.last_ok_at is None:
        return Health(box, State.NEW, _("Connected; its mail is about to be fetched."))
    return Health(box, State.WELL, _("Its mail is fetched as it arrives."))
