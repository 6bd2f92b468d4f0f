"""The inbox: which conversations stand in it, in which order, one page at a time.

Pages go on from the last row that was shown (a keyset), so that page 400 costs what page 1 does and nothing is shown
twice when something new comes in between.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Final

from django.db.models import Count, Q, QuerySet

from everyhand.conversations import queries
from everyhand.conversations.models import Conversation, Follower, Status
from everyhand.core.counting import counted
from everyhand.people.models import Member, Membership, Team

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Every status at once, beside those of `Status`.
ANY: Final = "any"
# Nobody counts further: a view with more says "99+".
COUNTED: Final = 100
EVERYTHING: Final = Q()


class View(StrEnum):
    MINE = "mine"
    TEAMS = "teams"
    EVERYONE = "everyone"


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursor of the page after them ("" when there is none)."""

    conversations: list[Conversation]
    next: str


def standing_in(view: View, member: Member, status: str, narrowed_by: Q = EVERYTHING) -> QuerySet[Conversation]:
    """What `member` finds in this view of their inbox and `narrowed_by` lets pass, unordered."""
    rows = queries.visible_to(member).filter(narrowed_by)
    if status != ANY:
        rows = rows.filter(status=status)
    if view == View.MINE:
        return rows.filter(owner=member)
    if view == View.TEAMS:
        return rows.filter(team__in=Membership.objects.filter(member=member).values("team"))
    return rows


def waiting_with(member: Member, owners: Iterable[int]) -> dict[int, int]:
    """How many open conversations that `member` may see each of `owners` has: what is private is not even counted."""
    if not member.sees_every_queue:
        return _by_owner(queries.visible_to(member).filter(status=Status.OPEN))
    # A sum over the owners' own index, less the few that others keep to themselves.
    rows = Conversation.objects.filter(status=Status.OPEN, owner__in=list(owners))
    private = Team.objects.filter(private=True).exclude(members=member)
    hidden = _by_owner(Conversation.objects.filter(status=Status.OPEN, team__in=private).exclude(owner=member))
    return {owner: left for owner, number in _by_owner(rows).items() if (left := number - hidden.get(owner, 0))}


def _by_owner(rows: QuerySet[Conversation]) -> dict[int, int]:
    return dict(rows.order_by().values_list("owner").annotate(Count("pk")))


def waiting(member: Member, *, also: Sequence[tuple[View, Q]] = ()) -> tuple[dict[View, int], list[int]]:
    """How many open conversations stand in each view, and in each of those narrowed in `also`; COUNTED at the most.

    One read that walks over no more than COUNTED rows of an index for each.
    """
    mine, teams = (standing_in(view, member, Status.OPEN) for view in (View.MINE, View.TEAMS))
    if member.sees_every_queue:
        everyone = [standing_in(View.EVERYONE, member, Status.OPEN)]
    else:  # most are none of theirs: each reason to see one is counted by itself, since each has an index
        rest = standing_in(View.EVERYONE, member, Status.OPEN).exclude(owner=member)
        followed = Follower.objects.filter(member=member).values("conversation")
        everyone = [
            mine,
            teams.exclude(owner=member),
            rest.filter(pk__in=followed).exclude(team__in=Membership.objects.filter(member=member).values("team")),
        ]
    narrowed = [standing_in(view, member, Status.OPEN, condition) for view, condition in also]
    numbers = counted([mine, teams, *everyone, *narrowed], at_most=COUNTED)
    last = 2 + len(everyone)
    in_all = min(sum(numbers[2:last]), COUNTED)
    return {View.MINE: numbers[0], View.TEAMS: numbers[1], View.EVERYONE: in_all}, numbers[last:]


def page(
    view: View, member: Member, status: str, *, narrowed_by: Q = EVERYTHING, after: str = "", limit: int = 50
) -> Page:
    """The rows after the cursor `after`; a cursor that is none of ours starts at the top.

    Open ones come in the order in which their promises break, those without a promise last; the others by newest.
    """
    if view == View.TEAMS:  # named one by one, since an index then walks through a single team in order
        view, narrowed_by = View.EVERYONE, narrowed_by & Q(team__in=member.team_keys)
    if status == Status.OPEN:
        found = _by_due(standing_in(view, member, status, narrowed_by), after, limit + 1)
    else:
        # One walk a status, since no index has them all in order.
        statuses = Status.values if status == ANY else [status]
        walks = [_by_newest(standing_in(view, member, one, narrowed_by), after, limit + 1) for one in statuses]
        in_order = heapq.merge(*walks, key=lambda row: (row.last_message_at, row.pk), reverse=True)
        found = list(islice(in_order, limit + 1))
    shown = found[:limit]
    return Page(shown, _cursor(shown[-1], status) if len(found) > limit else "")


def _by_due(rows: QuerySet[Conversation], after: str, limit: int) -> list[Conversation]:
    # Two reads instead of NULLS LAST, which no index serves on SQLite.
    rows = rows.select_related("customer", "owner", "team")
    moment, last = _position(after)
    found: list[Conversation] = []
    if last is None or moment is not None:
        promised = rows.filter(reply_due__isnull=False).order_by("reply_due", "id")
        if moment is not None:
            promised = promised.filter(reply_due__gte=moment)
            promised = promised.filter(Q(reply_due__gt=moment) | Q(reply_due=moment, id__gt=last))
        found = list(promised[:limit])
        last = None
    if len(found) < limit:
        found += rows.filter(reply_due=None, id__gt=last or 0).order_by("id")[: limit - len(found)]
    return found


def _by_newest(rows: QuerySet[Conversation], after: str, limit: int) -> list[Conversation]:
    moment, last = _position(after)
    if moment is not None:
        # The first condition says nothing new; it lets an index start where the last page ended.
        rows = rows.filter(last_message_at__lte=moment)
        rows = rows.filter(Q(last_message_at__lt=moment) | Q(last_message_at=moment, id__lt=last))
    return list(rows.select_related("customer", "owner", "team").order_by("-last_message_at", "-id")[:limit])


def _cursor(row: Conversation, status: str) -> str:
    moment = row.reply_due if status == Status.OPEN else row.last_message_at
    return f"{(moment - EPOCH) // timedelta(microseconds=1) if moment else ''}.{row.pk}"


def _position(cursor: str) -> tuple[datetime | None, int | None]:
    """(moment, id) of the last row shown; (None, id) when it had no moment, (None, None) at the start."""
    moment, _, row = cursor.partition(".")
    if not (row.isdecimal() and len(row) < 19 and len(moment) < 18 and (moment.isdecimal() or not moment)):
        return None, None
    try:
        return (EPOCH + timedelta(microseconds=int(moment)) if moment else None), int(row)
    except OverflowError:
        return None, None
