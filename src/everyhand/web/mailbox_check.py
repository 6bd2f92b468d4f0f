"""Trying a mailbox while somebody waits for the answer: seconds, and only so many at once."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from everyhand.channels.email.fetching import connecting, diagnosis
from everyhand.channels.email.fetching.connecting import Found
from everyhand.channels.email.fetching.reaching import Deadline
from everyhand.channels.email.models import ConnectedMailbox

SECONDS: Final = 10.0
# Checks may take this many of the threads that serve pages, so that pages go on being served.
_places = threading.BoundedSemaphore(2)

# The field that is most likely wrong, for each trouble.
_FIELDS: Final = {
    "name": "host",
    "private": "host",
    "refused": "host",
    "timeout": "host",
    "connection": "host",
    "port": "port",
    "encryption": "security",
    "certificate": "host",
    "password": "password",
    "folder": "folder",
}
# Of these no server said anything.
_OURS: Final = ("name", "private", "refused", "timeout", "port")


class Failed(Exception):
    """The mailbox can't be read like this. `sentence` says what to do, `said` is what the server said; `field` is the
    field of a form it belongs to, or None.
    """

    def __init__(self, sentence: str, *, said: str = "", field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.said, self.field = sentence, said, field


def check(box: ConnectedMailbox, *, secret: str, days: int, at: datetime) -> Found:
    """What `connecting.look` finds, within seconds. Raises `Failed`."""
    if not _places.acquire(blocking=False):
        raise Failed(_("Two other mailboxes are being tried just now. Try again in a moment."))
    try:
        with Deadline(SECONDS) as deadline:
            return connecting.look(box, secret=secret, days=days, at=at, deadline=deadline)
    except connecting.REFUSALS as error:
        trouble = diagnosis.diagnose(error)
        sentence = diagnosis.in_words(trouble.code, box, first_time=True)
        said = "" if trouble.code in _OURS else trouble.said
        raise Failed(sentence, said=said, field=_FIELDS.get(trouble.code)) from error
    finally:
        _places.release()
