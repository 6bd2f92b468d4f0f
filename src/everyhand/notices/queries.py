"""Reading notices: what a member has not seen yet, and what they were told lately."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from everyhand.conversations.sight import may_see, seen_by
from everyhand.notices.models import Kind, Notice
from everyhand.people.models import Member, Team

# A bell that says "99+" has said enough, and counting stops there.
COUNTED = 100


def notices_of(member: Member) -> QuerySet[Notice]:
    """What this member is told in the app, the newest first; what they may not see any more is left out."""
    mine = Notice.objects.filter(member=member, in_app=True)
    return mine.filter(Q(conversation=None) | seen_by(member, "conversation")).order_by("-id")


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
    seen = notice.conversation_id is None or may_see(member, notice.conversation_id)
    theirs = notice.kind != Kind.HELD or may_look_after(member, notice.particulars.get("team"))
    return notice.read_at is None and member.is_active and seen and theirs


def may_look_after(member: Member, team: int | None) -> bool:
    """Whether `member` looks after mail that belongs to the team with this primary key: to a private one its members
    do, while somebody is in it; to all others, and to none, whoever sees every queue.
    """
    private = _private(team)
    if private is None:
        return member.sees_every_queue
    if private.members.filter(pk=member.pk).exists():
        return True
    return member.may_set_up and not private.members.filter(is_active=True).exists()


def looking_after_mail_of(team: int | None) -> list[Member]:
    """Everybody who may (see `may_look_after`) and works here; up to three queries."""
    private = _private(team)
    if private and (of_the_team := list(private.members.filter(is_active=True))):
        return of_the_team
    everybody = Member.objects.filter(is_active=True)
    return [one for one in everybody if (one.may_set_up if private else one.sees_every_queue)]


def _private(team: int | None) -> Team | None:
    return Team.objects.filter(pk=team, private=True).first() if team else None
