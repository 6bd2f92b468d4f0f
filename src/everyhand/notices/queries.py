"""Reading notices: what a member has not seen yet, and what they were told lately."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from everyhand.conversations.queries import visible_to
from everyhand.notices.models import Notice
from everyhand.people.models import Member

# A bell that says "99+" has said enough, and counting stops there.
COUNTED = 100


def notices_of(member: Member) -> QuerySet[Notice]:
    """What this member is told in the app, the newest first; what they may not see any more is left out."""
    mine = Notice.objects.filter(member=member, in_app=True)
    return mine.filter(Q(conversation=None) | Q(conversation__in=visible_to(member))).order_by("-id")


def unread(member: Member) -> int:
    """How many of them they have not seen, counted up to `COUNTED`; one query."""
    return len(notices_of(member).filter(read_at=None).values_list("pk", flat=True)[:COUNTED])


def unread_of(members: Collection[int]) -> dict[int, int]:
    """The same for several members by id, of those who still work here; a query for each."""
    return {member.pk: unread(member) for member in Member.objects.filter(pk__in=members, is_active=True)}


def with_all_that_is_said(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """With what `words` reads of them: two queries."""
    together = ("member", "by", "conversation__customer", "message__author_member", "message__author_identity")
    return notices.select_related(*together).prefetch_related("conversation__customer__identities")


def may_be_told(notice: Notice) -> bool:
    """Whether it still is news to somebody who may hear it; asked again before mail or push leaves."""
    member = notice.member
    seen = notice.conversation_id is None or visible_to(member).filter(pk=notice.conversation_id).exists()
    return notice.read_at is None and member.is_active and seen
