"""What is due to be told by mail: put together by member and conversation, and looked at once more before it leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from everyhand.core import work
from everyhand.core.prepared import Given, prepared
from everyhand.notices import queries
from everyhand.notices.models import MailTelling, Notice, Rest
from everyhand.people.models import Member

BATCH: Final = 50
# A digest tells of so much at most; the page has the rest.
IN_A_DIGEST: Final = 100


@dataclass(frozen=True)
class Bundle:
    """What goes to a member in one mail: everything due about one conversation, or all of a digest."""

    member: Member
    digest: bool
    tellings: Sequence[MailTelling]

    def news(self) -> list[Notice]:
        """What is still to be told: unread, to somebody who works here, may see it and whom mail reaches."""
        if _paused()(member=self.member.pk):
            return []
        return [one.notice for one in self.tellings if queries.may_be_told(one.notice)]

    def done(self, *, at: datetime) -> None:
        """In the transaction that writes the mail, which may be tried again. Raises `work.LeaseLost`."""
        for telling in self.tellings:
            work.complete(copy(telling), at=at)

    def failed(self, reason: str, *, at: datetime) -> None:
        for telling in self.tellings:
            work.fail(telling, reason, at=at)


@cache
def _paused() -> Callable[..., list[int]]:
    paused = Rest.objects.filter(member=Given("member"), mail_paused_at__isnull=False)
    return prepared(paused.values_list("pk", flat=True))


def due_mail(*, at: datetime, lease: timedelta = work.LEASE) -> list[Bundle]:
    """Claim what is due now, and with each digest all that belongs into it."""
    claimed = work.claim(MailTelling, at=at, limit=BATCH, lease=lease)
    if not claimed:
        return []
    readers = MailTelling.objects.filter(pk__in=[one.pk for one in claimed], digest=True).values("notice__member")
    rest = work.open_rows(MailTelling).filter(digest=True, notice__member__in=readers, due_at__lte=at)
    if more := list(rest.filter(claimed_until=None).values_list("pk", flat=True)[:IN_A_DIGEST]):
        claimed += work.claim(MailTelling, at=at, limit=IN_A_DIGEST, lease=lease, only=more)
    return _bundled(_with_their_notices(claimed))


def _with_their_notices(claimed: Iterable[MailTelling]) -> list[MailTelling]:
    """The claimed rows, each with its notice and all that is said of it: one query."""
    rows = list(claimed)
    known = queries.with_all_that_is_said(Notice.objects.all()).in_bulk([row.notice_id for row in rows])
    for row in rows:
        row.notice = known[row.notice_id]
    return rows


def _bundled(rows: Iterable[MailTelling]) -> list[Bundle]:
    together: dict[tuple[int, bool, str], list[MailTelling]] = {}
    for row in sorted(rows, key=lambda row: row.notice_id):
        notice = row.notice
        about = "" if row.digest else f"{notice.conversation_id or notice.thing}"
        together.setdefault((notice.member_id, row.digest, about), []).append(row)
    return [Bundle(rows[0].notice.member, digest, rows) for (_, digest, _), rows in together.items()]
