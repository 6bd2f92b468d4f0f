"""The inbox: which conversations stand in it, in which order, one page at a time.

Pages go on from the last row that was shown (a keyset), so that page 400 costs what page 1 does and nothing is shown
twice when something new comes in between.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, partial
from itertools import chain, islice
from typing import Any, Final

from django.db import models
from django.db.models import Q, QuerySet

from everyhand.conversations import sight
from everyhand.conversations.listed import Listed, listed
from everyhand.conversations.models import Conversation, Follower, Status
from everyhand.core.counting import BoundedCount, Count, bounded, counted
from everyhand.core.prepared import Given, prepared
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

    conversations: list[Listed]
    next: str


def standing_in(
    view: View, member: Member | sight.Asker, status: str, narrowed_by: Q = EVERYTHING
) -> QuerySet[Conversation]:
    """What `member` finds in this view of their inbox and `narrowed_by` lets pass, unordered."""
    asker: Any = member  # the ORM takes either
    rows = sight.visible_to(member).filter(narrowed_by)
    if status != ANY:
        rows = rows.filter(status=status)
    if view == View.MINE:
        return rows.filter(owner=asker)
    if view == View.TEAMS:
        return rows.filter(team__in=Membership.objects.filter(member=asker).values("team"))
    return rows


def waiting_with(member: Member) -> dict[int, int]:
    """How many open conversations that `member` may see each member has, COUNTED at the most: what is private is not
    even counted. One read, that walks over no more than COUNTED rows of an index for each.
    """
    return dict(_waiting_by(Member, "owner", member.sees_every_queue)(asker=member.pk))


def waiting_in(member: Member) -> dict[int, int]:
    """The same of teams."""
    return dict(_waiting_by(Team, "team", member.sees_every_queue)(asker=member.pk))


@cache
def _waiting_by(kind: type[Member | Team], field: str, sees_every_queue: bool) -> Callable[..., list[tuple[int, int]]]:
    visible = standing_in(View.EVERYONE, sight.Asker(sees_every_queue=sees_every_queue), Status.OPEN)
    theirs = visible.filter(**{field: models.OuterRef("pk")}).values("pk")
    return prepared(kind.objects.order_by().values_list("pk", BoundedCount(theirs[:COUNTED])))


def waiting(
    member: Member, *, also: Sequence[tuple[View, Q]] = (), beside: Sequence[Count] = ()
) -> tuple[dict[View, int], list[int]]:
    """How many open conversations stand in each view, and in each of those narrowed in `also`; COUNTED at the most.
    Then whatever else is to be counted `beside`.

    One read that walks over no more than COUNTED rows of an index for each.
    """
    always = _counts(member.sees_every_queue)
    narrowed = [bounded(standing_in(view, member, Status.OPEN, only), at_most=COUNTED) for view, only in also]
    numbers = counted([*always, *narrowed, *beside], asker=member.pk)
    in_all = min(sum(numbers[2 : len(always)]), COUNTED)
    return {View.MINE: numbers[0], View.TEAMS: numbers[1], View.EVERYONE: in_all}, numbers[len(always) :]


@cache
def _counts(sees_every_queue: bool) -> list[Count]:
    """Of mine, of my teams, and one or more that make up everything."""
    asker = sight.Asker(sees_every_queue=sees_every_queue)
    mine, teams, everyone = (standing_in(view, asker, Status.OPEN) for view in View)
    parts = [everyone]
    if not sees_every_queue:  # most are none of theirs: each reason to see one is counted by itself, by its own index
        their_teams = Membership.objects.filter(member=asker).values("team")
        followed = Follower.objects.filter(member=asker).values("conversation")
        others = everyone.exclude(owner=asker).filter(pk__in=followed).exclude(team__in=their_teams)
        parts = [mine, teams.exclude(owner=asker), others]
    return [bounded(rows, at_most=COUNTED) for rows in (mine, teams, *parts)]


def page(
    view: View, member: Member, status: str, *, narrowed_by: Q = EVERYTHING, after: str = "", limit: int = 50
) -> Page:
    """The rows after the cursor `after`; a cursor that is none of ours starts at the top.

    Open ones come in the order in which their promises break, those without a promise last; the others by newest.
    """
    if after or narrowed_by:
        asks: list[Callable[[], list[Listed]]]
        asks = [partial(list, rows) for rows in _walks(_named(view, member, narrowed_by), status, after, limit + 1)]
    else:
        teams = member.team_keys if view == View.TEAMS else []
        first = _first_page(view, status, member.sees_every_queue, len(teams), limit + 1)
        asks = [partial(ask, asker=member.pk, teams=teams) for ask in first]
    found = list(islice(_in_order(asks, status), limit + 1))
    shown = found[:limit]
    return Page(shown, _cursor(shown[-1], status) if len(found) > limit else "")


def _named(view: View, member: Member, narrowed_by: Q) -> Callable[[str], QuerySet[Conversation]]:
    """Their teams are named one by one, since an index then walks through a single team in order."""
    if view == View.TEAMS:
        narrowed_by &= Q(team__in=member.team_keys)
    return partial(standing_in, View.MINE if view == View.MINE else View.EVERYONE, member, narrowed_by=narrowed_by)


@cache
def _first_page(
    view: View,
    status: str,
    sees_every_queue: bool,
    teams: int,
    limit: int,
) -> list[Callable[..., list[Listed]]]:
    """Most visits are to it, so what it asks is written once."""
    asker: Any = sight.Asker(sees_every_queue=sees_every_queue)
    asker.team_keys = Given("teams", several=teams) if teams else []
    return [prepared(rows) for rows in _walks(_named(view, asker, EVERYTHING), status, "", limit)]


def _in_order(asks: Sequence[Callable[[], list[Listed]]], status: str) -> Iterable[Listed]:
    """The rows of several walks: one after the other, or by newest. A walk that nobody needs any more is not begun."""
    if status == Status.OPEN:
        return chain.from_iterable(ask() for ask in asks)
    return heapq.merge(*(ask() for ask in asks), key=lambda row: (row.last_message_at, row.pk), reverse=True)


def _walks(
    standing: Callable[[str], QuerySet[Conversation]], status: str, after: str, limit: int
) -> list[QuerySet[Conversation, Listed]]:
    """Each along an index that has its rows in order, after the cursor `after`."""
    if status == Status.OPEN:
        walks = _by_due(standing(status), after)
    else:  # one a status, since no index has them all in order
        walks = [_by_newest(standing(one), after) for one in (Status.values if status == ANY else [status])]
    return [listed(rows)[:limit] for rows in walks]


def _by_due(rows: QuerySet[Conversation], after: str) -> list[QuerySet[Conversation]]:
    """Those with a promise, then those without: two reads instead of NULLS LAST, which no index serves on SQLite."""
    moment, last = _position(after)
    promised = rows.filter(reply_due__isnull=False).order_by("reply_due", "id")
    unpromised = rows.filter(reply_due=None).order_by("id")
    if moment is not None:
        promised = promised.filter(reply_due__gte=moment)
        return [promised.filter(Q(reply_due__gt=moment) | Q(reply_due=moment, id__gt=last)), unpromised]
    return [promised, unpromised] if last is None else [unpromised.filter(id__gt=last)]


def _by_newest(rows: QuerySet[Conversation], after: str) -> QuerySet[Conversation]:
    moment, last = _position(after)
    if moment is not None:
        # The first condition says nothing new; it lets an index start where the last page ended.
        rows = rows.filter(last_message_at__lte=moment)
        rows = rows.filter(Q(last_message_at__lt=moment) | Q(last_message_at=moment, id__lt=last))
    return rows.order_by("-last_message_at", "-id")


def _cursor(row: Listed, status: str) -> str:
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
