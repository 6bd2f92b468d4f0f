"""Somebody leaves: they are out at once, and everybody they answered for finds somebody else. They may come back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from everyhand.conversations import actions as conversations
from everyhand.conversations import queries
from everyhand.conversations.models import Conversation, Message, Status
from everyhand.core import work
from everyhand.people import actions as people
from everyhand.people.models import Member
from everyhand.promises import actions as promises
from everyhand.routing import actions as routing
from everyhand.routing.decide import Hints
from everyhand.routing.models import Departure

A_TRANSACTION = 20  # conversations given away in one, so that nobody else waits long to write


@transaction.atomic
def let_go(member: Member, *, by: Member, at: datetime, heir: Member | None = None) -> None:
    """They can't sign in any more and are signed out everywhere; the worker gives what they own to others.

    `heir` gets everything they may see; the rest, and everything when there is no heir, goes to whoever of its team
    is on duty, or as the ownership map says. Twice changes nothing. Raises ValidationError for the last administrator.
    """
    if people.disable(member, by=by, at=at):
        routing.depart(member, heir=heir, by=by, at=at)


def place(departure: Departure, *, at: datetime) -> None:
    """Give to others all that is still owned by whoever left. Completes the row."""
    while _place_some(departure, at):
        work.keep([departure], at=at)
    work.complete(departure, at=at)


@transaction.atomic
def take_back(member: Member, *, by: Member, at: datetime) -> None:
    """They may sign in again, and get back whatever nobody has touched since it was given away."""
    people.enable(member, by=by, at=at)
    for conversation in Conversation.objects.filter(pk__in=routing.come_back(member)).exclude(status=Status.CLOSED):
        given = conversation.owner_because.get("left") == member.pk
        if given and not _answered_by(conversation.owner, conversation):
            _give(conversation, owner=member, because={"code": "back"}, by=by, at=at)


def find_owner(conversation: Conversation, *, by: Member | None, at: datetime, heir: Member | None = None) -> None:
    """Somebody who is here answers for it instead of its owner, who is not; its promise goes with it unchanged."""
    gone = conversation.owner
    if heir and _may_have(heir, conversation):
        because: dict[str, Any] = {"code": "assigned", "by": by.name if by else ""}
        owner, team = heir, conversation.team
    else:
        decision = routing.successor(conversation.team, _hints(conversation), at=at)
        owner, team, because = decision.owner, decision.team, decision.because
    if not because.get("gone"):
        because = {"code": "left", "gone": gone.name, "then": because}
    _give(conversation, owner=owner, because={**because, "left": gone.pk}, by=by, at=at, team=team)


def _place_some(departure: Departure, at: datetime) -> bool:
    """Whether there was anything left to give away."""
    with transaction.atomic():
        owned = Conversation.objects.filter(owner=departure.member).exclude(status=Status.CLOSED).order_by("pk")
        some = [queries.locked(conversation) for conversation in owned[:A_TRANSACTION]]
        for conversation in some:
            find_owner(conversation, by=departure.by, at=at, heir=departure.heir)
        routing.placed(departure, [conversation.pk for conversation in some])
    return bool(some)


def _give(
    conversation: Conversation, *, owner: Member, because: dict[str, Any], by: Member | None, at: datetime, **more: Any
) -> None:
    team = more.get("team", conversation.team)
    conversations.assign(conversation, owner=owner, team=team, because=because, by=by, at=at)
    promises.hand_over(conversation, owner=owner)


def _may_have(heir: Member, conversation: Conversation) -> bool:
    team = conversation.team
    return not (team and team.private) or team.members.filter(pk=heir.pk).exists()


def _answered_by(owner: Member, conversation: Conversation) -> bool:
    return Message.objects.filter(conversation=conversation, author_member=owner).exists()


def _hints(conversation: Conversation) -> Hints:
    """What the ownership map looked at when the conversation began, as far as it is kept."""
    first = queries.first_heard(conversation)
    if first is None:
        return Hints(recipients=[conversation.address], subject=conversation.subject)
    return Hints(
        recipients=[conversation.address, *(one["email"] for one in first.recipients)],
        sender=first.author_identity.address if first.author_identity else "",
        subject=first.subject,
        text=first.reply or first.text,
    )
