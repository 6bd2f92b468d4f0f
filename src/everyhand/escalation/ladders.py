"""Ladders: which one holds for whom, and keeping them. Who set up nothing has one that waits to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from everyhand.core import journal
from everyhand.escalation.models import Ladder, Rung, Whom
from everyhand.people.models import Member, Team

MOST_RUNGS: Final = 12
# From whoever answers for it to those who may do anything; minutes.
USUAL: Final = ((Whom.OWNER, 10), (Whom.ON_DUTY, 10), (Whom.LEADS, 15), (Whom.ADMINS, 15))


def of_team(team: int | None) -> Ladder:
    """The ladder of the team with this primary key, else the house's; one that is not saved where there is neither."""
    found = {one.team_id: one for one in Ladder.objects.all() if one.team_id in (team, None)}
    return found.get(team) or found.get(None) or Ladder()


def rungs_of(ladder: Ladder) -> list[Rung]:
    """From its foot, with the members that are named; never empty."""
    kept = list(ladder.rungs.select_related("member").order_by("place")) if ladder.pk else []
    return kept or [Rung(place=place, whom=whom, minutes=minutes) for place, (whom, minutes) in enumerate(USUAL)]


@transaction.atomic
def keep(ladder: Ladder, rungs: Sequence[Rung], *, by: Member, at: datetime) -> None:
    """Save it with these unsaved rungs, from its foot, in place of those it had. What climbs it now goes on with them.

    Raises ValueError without any rung.
    """
    if not rungs:
        raise ValueError("a ladder has at least one rung")
    ladder.save()
    ladder.rungs.all().delete()
    for place, rung in enumerate(rungs):
        rung.ladder, rung.place = ladder, place
    Rung.objects.bulk_create(rungs)
    journal.note("ladder.kept", subject=_named(ladder.team), actor=by, at=at)


@transaction.atomic
def remove(ladder: Ladder, *, by: Member, at: datetime) -> None:
    """From now on the house's holds for its team. Raises ValueError for the house's."""
    if ladder.team is None:
        raise ValueError("the house always has a ladder")
    journal.note("ladder.removed", subject=_named(ladder.team), actor=by, at=at)
    ladder.delete()


def _named(team: Team | None) -> Team | str:
    return team or "house"
