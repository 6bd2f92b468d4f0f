"""A mailbox that can't be fetched for a while: the administrators are told, once for each trouble.

That they were told is a moment in the row of the mailbox, which `health.well` takes out when mail comes in again. Both
are facts in the journal, `mailbox.troubled` and `mailbox.recovered`, from which the notices follow.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import translation

from everyhand.channels.email.fetching import health
from everyhand.channels.email.models import ConnectedMailbox
from everyhand.core import heartbeat, journal

log = structlog.get_logger(__name__)

# After a start those who fetch need a moment before what is written about the mailboxes is true again.
SETTLING: Final = timedelta(minutes=2)


def raise_alarms(*, at: datetime, watching_since: datetime) -> int:
    """Tell of every mailbox that was not fetched for as long as is set and was not told of yet; how many there were.

    `watching_since` is when whoever asks began: a night in which the machine was off is nobody's trouble.
    """
    if at - watching_since < SETTLING:
        return 0
    patience: timedelta = settings.EVERYHAND.mailbox_alarm
    heard = heartbeat.heard_from(health.PART)
    nobody_fetches = max(heard or watching_since, watching_since) <= at - patience
    late = Q(changed_at__lte=at - patience) if nobody_fetches else Q(failing_since__lte=at - patience)
    boxes = ConnectedMailbox.objects.filter(late, paused_at=None, alarmed_at=None).select_related("mailbox")
    return sum(_tell_once(box, heard if nobody_fetches else box.failing_since, at=at) for box in boxes)


def told_of() -> QuerySet[ConnectedMailbox]:
    """The mailboxes in a trouble that the administrators were told of."""
    return ConnectedMailbox.objects.filter(alarmed_at__isnull=False, paused_at=None)


@transaction.atomic
def _tell_once(box: ConnectedMailbox, since: datetime | None, *, at: datetime) -> bool:
    same = ConnectedMailbox.objects.filter(
        pk=box.pk, alarmed_at=None, failing_since=box.failing_since, changed_at=box.changed_at
    )
    if not same.update(alarmed_at=at):
        return False
    log.error("a mailbox can't be fetched", mailbox=box.pk, trouble=box.trouble)
    with translation.override("en"):  # whoever is told may read another language; the page has it in theirs
        (found,) = health.of_all(at=at, only=box.pk)
    journal.note(
        "mailbox.troubled",
        subject=box.mailbox,
        at=at,
        connected=box.pk,
        address=box.mailbox.address,
        since=(since or box.changed_at).isoformat(),
        trouble=found.sentence,
    )
    return True
