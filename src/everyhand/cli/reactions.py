"""What happens when: each fact of the journal that something follows from later, and what.

What must be true at once is called by the verb of the desk that makes it true, in its transaction; here is what may
follow a moment later, and must not be lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from everyhand.core import bookmarks, work
from everyhand.core.bookmarks import Setback
from everyhand.core.journal import Entry
from everyhand.notices import actions as notices
from everyhand.notices import facts
from everyhand.notices.facts import WhatFollows
from everyhand.notices.known import Known

READER: Final = "reactions"

WHAT_HAPPENS_WHEN: Final[Mapping[str, WhatFollows]] = {
    "conversation.opened": facts.became_mine,
    "conversation.assigned": facts.became_mine,
    "message.received": facts.customer_wrote,
    "note.written": facts.colleague_noted,
    "member.mentioned": facts.colleague_mentioned,
    "promise.broken": facts.promise_broke,
    "promise.kept": facts.promise_ended,
    "promise.withdrawn": facts.promise_ended,
    "delivery.failed": facts.reply_failed,
    "delivery.bounced": facts.reply_failed,
    "mail.held": facts.mail_waits,
    "mail.quarantined": facts.mail_waits,
    "mail.decided": facts.mail_settled,
    "mail.tried_again": facts.mail_settled,
    "mailbox.troubled": facts.mailbox_in_trouble,
    "mailbox.recovered": facts.mailbox_is_well,
    "disk.short": facts.disk_short,
    "disk.well": facts.disk_well,
    "notice_mail.paused": facts.mail_to_colleague_paused,
}


def react(at: datetime) -> int:
    """React to what happened since the last time, and again to what went wrong; how many facts there were."""
    setbacks = work.claim(Setback, at=at, limit=10)
    bookmarks.try_setbacks_again(follow, setbacks, at=at)
    return bookmarks.read_on(READER, WHAT_HAPPENS_WHEN, follow, at=at) + len(setbacks)


def follow(entries: Sequence[Entry], at: datetime) -> None:
    """Do all that follows from these facts, in their order and in one transaction."""
    known = Known(entries)
    follows = (one for entry in entries for one in WHAT_HAPPENS_WHEN[entry.action](entry, known))
    notices.announce(follows, at=at)
