"""Nobody has set a mail server yet: what is to leave waits, and nobody is kept busy with it, however much that is.

Settings are read when we start, so it is put off for long, and brought forward when we start with a server.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from everyhand.channels.email.models import SystemMail
from everyhand.conversations.models import Delivery
from everyhand.core import work

NO_SERVER: Final = "No outgoing mail server is set (EVERYHAND_MAIL_URL)."
PAUSE: Final = timedelta(hours=1)


def wait(kind: type[Delivery | SystemMail], *, at: datetime) -> int:
    """Put off some of what is due, the longest waiting first, with the reason; how many there were."""
    return work.put_off_due(kind, NO_SERVER, at=at, until=at + PAUSE)


def wait_no_longer(*, at: datetime) -> int:
    """There is one: some of what waited for it is due now, in its order; how many there were."""
    return sum(work.bring_forward(kind, NO_SERVER, at=at) for kind in (Delivery, SystemMail))
