"""Which addresses of ours a reply may come from, and who decides what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from everyhand.channels.email import queries
from everyhand.channels.email.models import FromAddress
from everyhand.conversations.models import Conversation
from everyhand.conversations.saying import Sender
from everyhand.core import journal
from everyhand.core.prepared import Given, prepared
from everyhand.people.models import Member, Team


class NotTheirs(ValueError):
    """A reply can't come from this address: it is gone, or for members of another team."""


def choices(conversation: Conversation, member: Member) -> list[Sender]:
    """What `member` may answer from in `conversation`, first of all what it is answered from unless they choose.

    That is the address of its team, if the team has one, and otherwise the address the customer wrote to, which is
    always among them. One read.
    """
    written_to = conversation.address.lower()

    def place(one: FromAddress) -> tuple[bool, bool, str]:
        of_its_team = conversation.team_id is not None and one.team_id == conversation.team_id
        return not of_its_team, one.address.lower() != written_to, one.address

    found = sorted(_theirs()(member=member.pk, team=conversation.team_id), key=place)
    senders = [Sender(one.address, one.name, one.signature) for one in found]
    if any(one.address.lower() == written_to for one in found):
        return senders
    before = sum(not place(one)[0] for one in found)
    return [*senders[:before], Sender(conversation.address), *senders[before:]]


@cache
def _theirs() -> Callable[..., list[FromAddress]]:
    """Everybody's, those of a member's teams, and those of the team that answers."""
    members_teams = Team.objects.filter(members=Given("member"))
    theirs = Q(team=None) | Q(team__in=members_teams) | Q(team=Given("team"))
    return prepared(FromAddress.objects.filter(theirs))


def chosen(address: str, among: Sequence[Sender]) -> Sender:
    """The one with this address; the first when none is named. Raises `NotTheirs`."""
    if not address:
        return among[0]
    for one in among:
        if one.address.lower() == address.strip().lower():
            return one
    raise NotTheirs(address)


def kept_by(member: Member) -> QuerySet[FromAddress]:
    """Those that this member may change: all for administrators, else those of the teams they lead."""
    every = FromAddress.objects.select_related("team")
    return every if member.may_set_up else every.filter(team__in=member.led_teams)


def keep(one: FromAddress, *, by: Member, at: datetime) -> None:
    """A new from-address, or one that changed. Raises ValidationError."""
    one.address = one.address.strip().lower()
    one.full_clean()
    if not by.may_set_up:
        _of_a_team_of_theirs(one, by)
    if not queries.ours([one.address]):
        raise ValidationError(
            {
                "address": _(
                    "Mail to this address does not reach Everyhand. Make it a mailbox first, so that answers do."
                )
            }
        )
    with transaction.atomic():
        one.save()
        journal.note("from_address.kept", subject=one, actor=by, at=at, team=one.team_id)


def remove(one: FromAddress, *, by: Member, at: datetime) -> None:
    """Nothing comes from it any more; what came from it stays as it was."""
    with transaction.atomic():
        journal.note("from_address.removed", subject=one, actor=by, at=at)
        one.delete()


def _of_a_team_of_theirs(one: FromAddress, by: Member) -> None:
    if one.team_id not in by.led_teams:
        raise ValidationError({"team": _("Choose a team that you lead.")})
    if Member.objects.filter(email=one.address).exists():
        raise ValidationError({"address": _("This is somebody’s own address. A team answers from another one.")})
