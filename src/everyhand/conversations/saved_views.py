"""Views of the inbox that somebody keeps under a name: for themselves, for a team, or for everybody.

A view is its address: where it looks and what narrows it. Whoever opens a shared one sees what they may see.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from everyhand.conversations.models import SavedView
from everyhand.core import journal
from everyhand.core.journal import Entry
from everyhand.core.prepared import Given, prepared
from everyhand.people.models import Member, Membership, Team

# More would hide each other; every page counts what waits in each.
KEPT_EACH: Final = 20


def within_reach(member: Member) -> list[SavedView]:
    """Their own, their teams' and everybody's, by name; KEPT_EACH at the most."""
    return sorted(_within_reach()(asker=member.pk), key=lambda one: one.name.casefold())


@cache
def _within_reach() -> Callable[..., list[SavedView]]:
    asker: Any = Given("asker")
    theirs = Q(maker=asker) | Q(team__in=Membership.objects.filter(member=asker).values("team"))
    return prepared(SavedView.objects.filter(theirs | Q(for_everyone=True)).order_by("-pk")[:KEPT_EACH])


def save_view(
    *, name: str, view: str, narrowed_by: str, team: Team | None, for_everyone: bool, by: Member, at: datetime
) -> SavedView:
    """Keep a view under a name. Raises ValidationError for a name that can't be, and when there are too many."""
    _check_room(by)
    saved = SavedView(
        name=name.strip(),
        maker=by,
        team=team,
        for_everyone=for_everyone,
        view=view,
        narrowed_by=narrowed_by,
        made_at=at,
    )
    saved.full_clean()
    with transaction.atomic():
        saved.save()
        journal.note("saved_view.kept", subject=saved, actor=by, at=at)
    return saved


@transaction.atomic
def remove(saved: SavedView, *, by: Member, at: datetime) -> Entry:
    """Nobody finds it any more, until it is brought back."""
    saved.gone_at = at
    saved.save(update_fields=["gone_at"])
    return journal.note("saved_view.removed", subject=saved, actor=by, at=at)


@transaction.atomic
def bring_back(saved: SavedView, *, by: Member, at: datetime, undoes: int) -> None:
    """One that was removed. Raises ValidationError when there are too many meanwhile."""
    _check_room(by)
    saved.gone_at = None
    saved.save(update_fields=["gone_at"])
    journal.note("saved_view.restored", subject=saved, actor=by, at=at, undoes=undoes)


def _check_room(member: Member) -> None:
    if len(within_reach(member)) >= KEPT_EACH:
        raise ValidationError({"name": _("There are %(num)d views already. Remove one first.") % {"num": KEPT_EACH}})
