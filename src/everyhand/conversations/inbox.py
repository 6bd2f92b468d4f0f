"""The inbox: which conversations stand in it, in which order, one page at a time.

Pages go on from the last row that was shown (a keyset), so that page 400 costs what page 1 does and nothing is shown
twice when something new comes in between.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value

from everyhand.conversations import queries
from everyhand.conversations.models import Conversation, Follower, Status
from everyhand.people.models import Member, Membership, Team

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class View(StrEnum):
    MINE = "mine"
    TEAMS = "teams"
    EVERYONE = "everyone"


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursor of the page after them ("" when there is none)."""

    conversations: list[Conversation]
    next: str


def standing_in(view: View, member: Member, status: str) -> QuerySet[Conversation]:
    """What `member` finds in this view of their inbox, unordered."""
    rows = queries.visible_to(member).filter(status=status)
    if view == View.MINE:
        return rows.filter(owner=member)
    if view == View.TEAMS:
        return rows.filter(team__in=Team.objects.filter(members=member))
    return rows


def waiting_with(member: Member) -> dict[int, int]:
    """How many open conversations that `member` may see each owner has: what is private is not even counted."""
    rows = Conversation.objects.filter(status=Status.OPEN).order_by()
    if not member.sees_every_queue:
        rows = queries.visible_to(member).filter(status=Status.OPEN).order_by()
    counted = Counter(dict(rows.values_list("owner").annotate(Count("pk"))))
    if member.sees_every_queue:  # a sum over an index, less the few that others keep to themselves
        private = Team.objects.filter(private=True).exclude(members=member)
        counted.subtract(
            dict(rows.filter(team__in=private).exclude(owner=member).values_list("owner").annotate(Count("pk")))
        )
    return {owner: number for owner, number in counted.items() if number}


def waiting(member: Member) -> dict[View, int]:
    """How many open conversations stand in each view: sums over indexes alone, whatever their number."""
    theirs: set[int] = set()
    private: set[int] = set()
    for pk, is_private, belongs in Team.objects.annotate(
        belongs=Exists(Membership.objects.filter(team=OuterRef("pk"), member=member))
    ).values_list("pk", "private", "belongs"):
        if belongs:
            theirs.add(pk)
        elif is_private:
            private.add(pk)
    rows = Conversation.objects.filter(status=Status.OPEN)
    counted = {
        "mine": rows.filter(owner=member),
        "teams": rows.filter(team__in=theirs),
        "both": rows.filter(owner=member, team__in=theirs),
        "hidden": rows.filter(team__in=private).exclude(owner=member),
        "all": rows,
    }
    if not member.sees_every_queue:
        followed = rows.filter(pk__in=Follower.objects.filter(member=member).values("conversation"))
        counted["followed"] = followed.exclude(owner=member).exclude(team__in=theirs | private)
    arms = [rows.values(what=Value(what)).annotate(number=Count("pk")) for what, rows in counted.items()]
    number = dict.fromkeys(("mine", "teams", "both", "hidden", "all", "followed"), 0)
    number |= {arm["what"]: arm["number"] for arm in arms[0].union(*arms[1:], all=True)}
    if member.sees_every_queue:
        everyone = number["all"] - number["hidden"]
    else:
        everyone = number["mine"] + number["teams"] - number["both"] + number["followed"]
    return {View.MINE: number["mine"], View.TEAMS: number["teams"], View.EVERYONE: everyone}


def page(view: View, member: Member, status: str, *, after: str = "", limit: int = 50) -> Page:
    """The rows after the cursor `after`; a cursor that is none of ours starts at the top.

    Open ones come in the order in which their promises break, those without a promise last; the others by newest.
    """
    rows = standing_in(view, member, status).select_related("customer", "owner", "team")
    found = _by_due(rows, after, limit + 1) if status == Status.OPEN else _by_newest(rows, after, limit + 1)
    shown = found[:limit]
    return Page(shown, _cursor(shown[-1], status) if len(found) > limit else "")


def _by_due(rows: QuerySet[Conversation], after: str, limit: int) -> list[Conversation]:
    # Two reads instead of NULLS LAST, which no index serves on SQLite.
    moment, last = _position(after)
    found: list[Conversation] = []
    if last is None or moment is not None:
        promised = rows.filter(reply_due__isnull=False).order_by("reply_due", "id")
        if moment is not None:
            promised = promised.filter(Q(reply_due__gt=moment) | Q(reply_due=moment, id__gt=last))
        found = list(promised[:limit])
        last = None
    if len(found) < limit:
        found += rows.filter(reply_due=None, id__gt=last or 0).order_by("id")[: limit - len(found)]
    return found


def _by_newest(rows: QuerySet[Conversation], after: str, limit: int) -> list[Conversation]:
    moment, last = _position(after)
    if moment is not None:
        rows = rows.filter(Q(last_message_at__lt=moment) | Q(last_message_at=moment, id__lt=last))
    return list(rows.order_by("-last_message_at", "-id")[:limit])


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
