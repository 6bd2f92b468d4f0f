"""A night at the Riverside Courier: a ladder, a worker that climbs it a moment at a time, and who was paged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from everyhand.channels.email.models import Mailbox
from everyhand.conversations.models import Conversation
from everyhand.core import work
from everyhand.desk.hand_over import hand_over
from everyhand.desk.receive import receive
from everyhand.escalation import actions as escalation
from everyhand.escalation import climbing, ladders
from everyhand.escalation.models import Climb, Ladder, Page, Rung, Whom
from everyhand.people.models import Member, Team
from everyhand.promises import actions as promises
from everyhand.promises.models import Promise
from tests.cast import HELP, NOON, Cast, letter

# Two hours are promised; a quarter of an hour before they are over the ladder begins.
BEGINS = 105


def a_ladder(
    by: Member, *rungs: tuple[Whom, int] | tuple[Member, int], team: Team | None = None, watches: bool = True
) -> Ladder:
    """It begins 15 minutes before a promise breaks, and whoever acts has 30."""
    ladder = Ladder(team=team, watches_promises=watches)
    ladders.keep(ladder, [_rung(whom, minutes) for whom, minutes in rungs], by=by, at=NOON)
    return ladder


def ada_writes(at: datetime = NOON) -> Conversation:
    """For Ines, who answers for everything else."""
    Mailbox.objects.get_or_create(address=HELP)
    return receive(letter(), channel="email", at=at, answered_from=HELP, ours=[HELP]).conversation


def anas(cast: Cast) -> Conversation:
    conversation = ada_writes()
    hand_over(conversation, owner=cast.ana, team=cast.delivery, by=cast.ines, at=NOON)
    return conversation


class Night:
    """The worker at work: from one moment to the next at which a promise or a rung is due, an hour at most."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def passes(self, minutes: float) -> None:
        until = self.now + timedelta(minutes=minutes)
        self.works()
        while self.now < until:
            self.now = min(until, self.now + timedelta(hours=1), *self._due())
            self.works()

    def works(self) -> None:
        while escalation.begin_due(at=self.now) or promises.tick(at=self.now):
            pass
        while steps := work.claim(Climb, at=self.now, limit=1):
            for step in steps:
                climbing.climb(step, at=self.now)

    def _due(self) -> list[datetime]:
        rungs = Climb.objects.filter(done_at=None, due_at__gt=self.now).values_list("due_at", flat=True)
        promised = Promise.objects.filter(kept_at=None, withdrawn_at=None).values_list("due_at", flat=True)
        begins = [due - timedelta(minutes=15) for due in promised]
        return [*rungs, *(one for one in (*begins, *promised) if one > self.now)]


def paged(conversation: Conversation) -> list[tuple[str, float]]:
    """Who was paged, and how many minutes after noon."""
    pages = Page.objects.filter(escalation__conversation=conversation).select_related("member").order_by("pk")
    return [(page.member.name.split()[0], (page.at - NOON).total_seconds() / 60) for page in pages]


def names(pages: Iterable[tuple[str, float]]) -> list[str]:
    return [name for name, _minutes in pages]


def _rung(whom: Whom | Member, minutes: int) -> Rung:
    if isinstance(whom, Member):
        return Rung(whom=Whom.MEMBER, member=whom, minutes=minutes)
    return Rung(whom=whom, minutes=minutes)
