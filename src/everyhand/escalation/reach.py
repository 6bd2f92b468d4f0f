"""Whom a rung reaches at a moment: whoever works here, is not away, and may see the conversation once paged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from everyhand.conversations.models import Conversation
from everyhand.escalation.models import Rung, Whom
from everyhand.people.duty import colleagues_in
from everyhand.people.models import Member, Membership, Role


def by_rung(rung: Rung, conversation: Conversation, *, at: datetime) -> list[Member]:
    """By name; often nobody. Whoever is away is not there to act, and the next rung is climbed at once."""
    match Whom(rung.whom):
        case Whom.OWNER:
            reached = [conversation.owner]
        case Whom.ON_DUTY:
            reached = _on_duty(conversation, at)
        case Whom.LEADS:
            leads = Member.objects.filter(memberships__team=conversation.team_id, memberships__lead=True)
            reached = list(leads) if conversation.team_id else []
        case Whom.ADMINS:
            reached = list(Member.objects.filter(role=Role.ADMIN))
        case _by_name:
            reached = [rung.member] if rung.member else []
    there = [one for one in reached if not (one.away_until and at < one.away_until)]
    return _who_may(there, conversation)


def at_last(conversation: Conversation) -> list[Member]:
    """When a whole ladder reaches nobody: everybody who could do something, wherever they are."""
    admins = _who_may(Member.objects.filter(role=Role.ADMIN), conversation)
    if admins or conversation.team is None:
        return admins
    return list(conversation.team.members.filter(is_active=True))


def _on_duty(conversation: Conversation, at: datetime) -> list[Member]:
    if not conversation.team_id:
        return []
    team = colleagues_in([conversation.team_id])[conversation.team_id]
    there = {one.member for one in team if one.duty.includes(at)}
    return list(Member.objects.filter(pk__in=there))


def _who_may(members: Iterable[Member], conversation: Conversation) -> list[Member]:
    """What belongs to a private team is for its members and its owner, whoever stands on the ladder."""
    working = [one for one in members if one.is_active]
    if conversation.team is None or not conversation.team.private:
        return working
    inside = set(Membership.objects.filter(team=conversation.team_id).values_list("member", flat=True))
    return [one for one in working if one.pk in inside or one.pk == conversation.owner_id]
