"""Reply addresses with a signature that is not ours: somebody may be guessing their way into conversations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from everyhand.channels.email.models import Mail
from everyhand.core import journal
from everyhand.core.journal import Entry

log = structlog.get_logger(__name__)

REFUSED: Final = "reply_token.refused"
# A mistyped or cut address happens; this many in an hour do not. (A signature has 128 bits: guessing is hopeless, but
# whoever tries should be known.)
ALARM_AT: Final = 20
WITHIN: Final = timedelta(hours=1)


def note(mail: Mail, refused: int, *, at: datetime) -> None:
    """Count the refused reply tokens among the recipients of `mail`, and raise the alarm when there are many."""
    if not refused:
        return
    journal.note(REFUSED, subject=mail, at=at, count=refused)
    lately = Entry.objects.filter(action=REFUSED, at__gt=at - WITHIN).values_list("particulars", flat=True)
    total = sum(particulars["count"] for particulars in lately)
    if total >= ALARM_AT:
        log.error("many reply tokens are refused: somebody may be guessing", refused=total, mail=mail.pk)
    else:
        log.warning("reply token refused", refused=refused, mail=mail.pk)
