"""Inviting people who work here: by mail, by a link or QR code for several, or from a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from everyhand.core import journal, tokens
from everyhand.people.models import Invitation, Member, Membership, Role, Team

VALID_FOR: Final = timedelta(days=14)
PLACES_AT_MOST: Final = 500


@dataclass(frozen=True)
class Invited:
    """An invitation and its secret, which is known only now."""

    invitation: Invitation
    token: str


def invite(
    *,
    by: Member,
    at: datetime,
    email: str = "",
    name: str = "",
    title: str = "",
    role: str = Role.MEMBER,
    team: Team | None = None,
    places: int = 1,
    valid_for: timedelta = VALID_FOR,
) -> Invited:
    """Somebody by their address, or, without one, whoever has the link, up to `places`; those become members.

    Administrators invite anybody; whoever leads a team invites members into it. An earlier invitation of the same
    address ends. Raises ValidationError, with a message for each wrong field.
    """
    token = tokens.random()
    invitation = Invitation(
        fingerprint=tokens.fingerprint(token),
        email=email.strip().lower(),
        name=name.strip(),
        title=title.strip(),
        role=role if email else Role.MEMBER,
        team=team,
        places=1 if email else places,
        by=by,
        made_at=at,
        expires_at=at + valid_for,
    )
    _checked(invitation)
    with transaction.atomic():
        if invitation.email:
            _open(at).filter(email=invitation.email).update(revoked_at=at)
        invitation.save()
        journal.note(
            "invitation.made", subject=invitation, actor=by, at=at, role=invitation.role, places=invitation.places
        )
    return Invited(invitation, token)


def whose(token: str, *, at: datetime) -> Invitation | None:
    """The invitation this secret opens at `at`; asking does not use it up."""
    return _open(at).filter(fingerprint=tokens.fingerprint(token)).select_related("by", "team").first()


def accept(invitation: Invitation, *, name: str, email: str, at: datetime) -> Member | None:
    """Whoever was invited becomes a member; None when the last place was taken or the invitation ended meanwhile.

    Of an invitation by mail the address is the one it was mailed to, whatever `email` says. Raises ValidationError.
    """
    with transaction.atomic():
        # Conditional, because two may accept at the same moment; and about this row alone, since of what stands in
        # other tables PostgreSQL would still believe what it read before it waited.
        mine = Invitation.objects.filter(pk=invitation.pk, expires_at__gt=at, revoked_at=None, places__gt=0)
        if not mine.update(places=F("places") - 1) or not Member.objects.filter(pk=invitation.by_id, is_active=True):
            transaction.set_rollback(True)
            return None
        member = Member.objects.create_member(
            invitation.email or email, name, title=invitation.title, role=invitation.role
        )
        if invitation.team:
            Membership.objects.create(team=invitation.team, member=member)
        journal.note("member.joined", subject=member, actor=member, at=at, invitation=invitation.pk)
    return member


def revoke(invitation: Invitation, *, by: Member, at: datetime) -> None:
    """Nobody comes in by it any more."""
    with transaction.atomic():
        Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=at)
        journal.note("invitation.revoked", subject=invitation, actor=by, at=at)


def standing(*, at: datetime, reader: Member) -> QuerySet[Invitation]:
    """Those by which somebody may still come in, the newest first: all for administrators, else of teams they lead."""
    found = _open(at).select_related("by", "team")
    return found if reader.may_set_up else found.filter(team__in=reader.led_teams)


def may_revoke(invitation: Invitation, member: Member) -> bool:
    return member.may_set_up or invitation.team_id in member.led_teams


def _open(at: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(expires_at__gt=at, revoked_at=None, places__gt=0, by__is_active=True)


def _checked(invitation: Invitation) -> None:
    invitation.full_clean(exclude=["revoked_at"])
    if not 1 <= invitation.places <= PLACES_AT_MOST:
        raise ValidationError(
            {"places": _("From 1 to %(most)s people can come in by one link.") % {"most": PLACES_AT_MOST}}
        )
    if invitation.email and Member.objects.filter(email=invitation.email).exists():
        raise ValidationError({"email": _("Somebody with this address is here already.")})
    if not invitation.by.may_set_up:
        _into_a_team_of_theirs(invitation)
    if invitation.team and invitation.team.private and not invitation.team.may_be_changed_by(invitation.by):
        raise ValidationError({"team": _("Into a private team people are let by those who lead it.")})


def _into_a_team_of_theirs(invitation: Invitation) -> None:
    if invitation.team_id not in invitation.by.led_teams:
        raise ValidationError({"team": _("You invite people into the teams that you lead.")})
    if invitation.role != Role.MEMBER:
        raise ValidationError({"role": _("Only administrators invite people who see more than members do.")})
    of_others = _open(invitation.made_at).exclude(team__in=invitation.by.led_teams)
    if invitation.email and of_others.filter(email=invitation.email).exists():
        raise ValidationError({"email": _("They are invited already, by somebody else.")})
