"""Whose a mail is that no conversation holds: the team's that the ownership map names for it. So what is meant for a
private team stays in it while it is held, unreadable or put away.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q

from everyhand.channels.email.models import Mail
from everyhand.conversations.sight import Asker
from everyhand.desk import kept
from everyhand.desk.inbound import Inbound
from everyhand.people.models import Member, Membership, Team
from everyhand.routing.decide import Hints
from everyhand.routing.ownership_map import OwnershipMap


def team_of(
    mail: Mail, inbound: Inbound | None = None, *, answers: int | None = None, ownership_map: OwnershipMap | None = None
) -> Team | None:
    """The team a mail belongs to, None for everybody's: that of the conversation it `answers`, else what the map says
    of it, as far as it can be read. Of one that can't, only where it was sent is known.
    """
    team = Team.objects.filter(conversations=answers).first() if answers else None
    if team:
        return team
    into = [mail.fetched_into.address] if mail.fetched_into else []
    hints = kept.hints(inbound) if inbound else Hints([*mail.envelope_to, *into], sender=mail.envelope_from)
    return (ownership_map or OwnershipMap()).team_for(hints)


def open_to(member: Member | Asker) -> Q:
    """Which mails `member` may look after: those of their private teams; of all others whoever sees every queue. What
    came for a private team that nobody is in any more is left to administrators, lest nobody ever see it.
    """
    asker: Any = member  # the ORM takes either
    private = Team.objects.filter(private=True)
    theirs = Membership.objects.filter(member=asker).values("team")
    if not member.sees_every_queue:
        return Q(team__in=private.filter(pk__in=theirs))
    inhabited = Membership.objects.filter(team=OuterRef("pk"), member__is_active=True)
    others = private.exclude(pk__in=theirs)
    return ~Q(team__in=others.filter(Exists(inhabited)) if member.may_set_up else others)


def may_look_after_mail(member: Member) -> bool:
    """Whether there is any mail that this member would find in quarantine."""
    return member.sees_every_queue or Team.objects.filter(private=True, members=member).exists()
