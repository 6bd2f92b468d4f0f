"""Who besides its owner wants to know how a conversation goes on: members follow it, or are mentioned in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from everyhand.conversations.models import Conversation, Follower
from everyhand.core import journal
from everyhand.core.prepared import Given, prepared
from everyhand.people.models import Member

# Marks a conversation that somebody follows, so that the others cost no read for it.
FOLLOWED: Final = Exists(Follower.objects.filter(conversation=OuterRef("pk")))


def by(member: Member) -> Q:
    """What this member follows."""
    return Q(pk__in=Follower.objects.filter(member=member).values("conversation"))


def of(conversation: Conversation) -> list[int]:
    """The primary keys of the members who follow it and work here, the first one first."""
    return _followers()(conversation=conversation.pk)


@cache
def _followers() -> Callable[..., list[int]]:
    rows = Follower.objects.filter(conversation=Given("conversation"), member__is_active=True).order_by("pk")
    return prepared(rows.values_list("member", flat=True))


@transaction.atomic
def follow(conversation: Conversation, *, member: Member, at: datetime) -> bool:
    """From now on they follow it; False when they did already."""
    return bool(_add(conversation, [member], Follower.Because.FOLLOWS, by=member, at=at))


@transaction.atomic
def unfollow(conversation: Conversation, *, member: Member, at: datetime) -> None:
    """They have seen enough. What they own or what belongs to their teams they go on seeing."""
    if Follower.objects.filter(conversation=conversation, member=member).delete()[0]:
        journal.note("conversation.unfollowed", subject=conversation, actor=member, at=at, member=member.pk)


@transaction.atomic
def mention(conversation: Conversation, *, members: Iterable[Member], by: Member, at: datetime) -> list[Member]:
    """A colleague calls these members in, so they may see it; those who did not follow it before are returned.

    A conversation of a private team stays hidden from whoever is not in that team (see `sight.visible_to`).
    """
    return _add(conversation, members, Follower.Because.MENTIONED, by=by, at=at)


def call_in(conversation: Conversation, *, members: Iterable[Member], at: datetime) -> None:
    """They are paged for it, so they may see it and hear how it goes on. Call it in the transaction of that."""
    _add(conversation, members, Follower.Because.PAGED, by=None, at=at)


def _add(
    conversation: Conversation, members: Iterable[Member], because: Follower.Because, *, by: Member | None, at: datetime
) -> list[Member]:
    wanted = {member.pk: member for member in members}
    known = set(Follower.objects.filter(conversation=conversation, member__in=wanted).values_list("member", flat=True))
    new = [member for pk, member in wanted.items() if pk not in known]
    Follower.objects.bulk_create(
        [Follower(conversation=conversation, member=member, because=because, since=at) for member in new],
        ignore_conflicts=True,
    )
    for member in new:
        journal.note(
            "conversation.followed", subject=conversation, actor=by, at=at, member=member.pk, because=because.value
        )
    return new
