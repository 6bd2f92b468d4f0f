"""A mailbox that can't be fetched for a while: the administrators are told, once for each trouble.

That they were told is a moment in the row of the mailbox, which `health.well` takes out when mail comes in again. Both
are facts in the journal: `mailbox.troubled` and `mailbox.recovered`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from babel import Locale
from babel.dates import format_datetime
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from everyhand.channels.email.fetching import health
from everyhand.channels.email.models import ConnectedMailbox, SystemMail
from everyhand.channels.email.outbound import letter, system_mail
from everyhand.core import heartbeat, journal
from everyhand.people.models import Member, Role

log = structlog.get_logger(__name__)

# After a start those who fetch need a moment before what is written about the mailboxes is true again.
SETTLING: Final = timedelta(minutes=2)
# Where an administrator sees what to do, below the address of the installation.
PAGE: Final = "/mailboxes"


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
    journal.note("mailbox.troubled", subject=box.mailbox, at=at, connected=box.pk, trouble=box.trouble)
    for admin in _administrators():
        with translation.override(admin.language or settings.EVERYHAND.language):
            # Read for each of them, since its sentence is in the language that is active.
            (found,) = health.of_all(at=at, only=box.pk)
            _write(admin, found, since or box.changed_at, at=at)
    return True


def _administrators() -> Iterable[Member]:
    everybody = Member.objects.filter(is_active=True, role=Role.ADMIN)
    return [one for one in everybody if letter.is_address(one.email)]


def _write(admin: Member, found: health.Health, since: datetime, *, at: datetime) -> None:
    address = found.box.mailbox.address
    words = _(
        "Since %(since)s no mail of %(address)s has come in.\n\n"
        "%(sentence)s\n\n"
        "Nothing is lost: the mail stays in the mailbox, and we go on trying. How it stands and what you can do:\n"
        "%(page)s\n\n"
        "We write once for each trouble, so you will not hear of this one again.\n"
    )
    system_mail.write(
        SystemMail.Kind.ALARM,
        address=admin.email,
        fields=[
            ("From", system_mail.sender(settings.DEFAULT_FROM_EMAIL)),
            ("To", letter.people([(admin.name, admin.email)], field="To")),
            ("Subject", letter.words(_("No mail of %(address)s comes in") % {"address": address}, field="Subject")),
            ("Auto-Submitted", "auto-generated"),
        ],
        text=words
        % {
            "since": _in_words(since, admin),
            "address": address,
            "sentence": found.sentence,
            "page": settings.BASE_URL + PAGE,
        },
        at=at,
    )


def _in_words(moment: datetime, reader: Member) -> str:
    local = moment.astimezone(ZoneInfo(reader.time_zone or settings.EVERYHAND.time_zone))
    locale = Locale.parse(translation.get_language() or "en", sep="-")
    return format_datetime(local, "medium", tzinfo=local.tzinfo, locale=locale)
