"""Finding the owner, and keeping the map."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from everyhand.core import journal
from everyhand.core.journal import Entry
from everyhand.people.models import Member, Team
from everyhand.routing.decide import Hints
from everyhand.routing.models import Departure, Fallback, Rule
from everyhand.routing.ownership_map import Decision, OwnershipMap


def owner_for(hints: Hints, *, at: datetime) -> Decision:
    """The owner of a message with these hints, by the map as it is now. Raises as `OwnershipMap.owner_for` does."""
    return OwnershipMap().owner_for(hints, at=at)


def successor(team: Team | None, hints: Hints, *, at: datetime) -> Decision:
    """Who answers now for what somebody left behind; see `OwnershipMap.successor`."""
    return OwnershipMap().successor(team, hints, at=at)


def owner_in(team: Team, *, at: datetime) -> Member | None:
    """Whoever of this team takes what is handed to it at `at`: on duty, with the fewest open; None if it is empty."""
    return OwnershipMap().on_duty_in(team, at=at)


def depart(member: Member, *, heir: Member | None, by: Member, at: datetime) -> Departure:
    """From now on what `member` owned is looked through by the worker; see `desk.let_go`."""
    return Departure.objects.create(member=member, heir=heir, by=by, due_at=at)


def placed(departure: Departure, conversations: Sequence[int]) -> None:
    """These conversations found somebody else."""
    departure.placed = [*departure.placed, *conversations]
    departure.save(update_fields=["placed"])


def come_back(member: Member) -> list[int]:
    """Their departures are over: the conversations that went to others for it."""
    departures = list(Departure.objects.filter(member=member))
    Departure.objects.filter(member=member).delete()
    return [conversation for departure in departures for conversation in departure.placed]


def set_fallback(member: Member, *, by: Member | None, at: datetime) -> None:
    """Who owns what no rule names."""
    Fallback.objects.update_or_create(pk=1, defaults={"member": member})
    journal.note("ownership.fallback_set", subject=member, actor=by, at=at)


def add_rule(*, by: Member | None, at: datetime, **fields: Any) -> Rule:
    """A new rule at the end of the map. Raises ValidationError, with a message for each field that is wrong."""
    with transaction.atomic():
        rule = Rule(position=max((one.position for one in _locked()), default=0) + 1, **fields)
        rule.full_clean()
        rule.save()
        journal.note("ownership.rule_added", subject=rule, actor=by, at=at)
    return rule


def change_rule(rule: Rule, *, by: Member, at: datetime, **fields: Any) -> None:
    """Raises ValidationError."""
    for name, value in fields.items():
        setattr(rule, name, value)
    rule.full_clean()
    with transaction.atomic():
        if rule not in [one for one in _locked() if not one.gone_at]:
            raise ValidationError(_("Somebody took this rule away meanwhile. Add it again if it is needed."))
        rule.save(update_fields=list(fields))
        journal.note("ownership.rule_changed", subject=rule, actor=by, at=at)


@transaction.atomic
def remove_rule(rule: Rule, *, by: Member, at: datetime) -> Entry:
    """It decides nothing any more; its place stays free, so that it can come back to it."""
    _locked()
    rule.gone_at = at
    rule.save(update_fields=["gone_at"])
    return journal.note("ownership.rule_removed", subject=rule, actor=by, at=at)


@transaction.atomic
def bring_back_rule(rule: Rule, *, by: Member, at: datetime, undoes: int) -> None:
    """One that was removed, to its old place."""
    rule.gone_at = None
    rule.save(update_fields=["gone_at"])
    journal.note("ownership.rule_restored", subject=rule, actor=by, at=at, undoes=undoes)


def move_rule(rule: Rule, *, up: bool, by: Member, at: datetime) -> None:
    """Swap a rule with its neighbour; at the end of the map nothing happens."""
    with transaction.atomic():
        rules = _locked()
        places = [place for place, one in enumerate(rules) if not one.gone_at]
        if rule not in [rules[place] for place in places]:
            return  # it is gone
        here = places.index(rules.index(rule))
        there = here - 1 if up else here + 1
        if 0 <= there < len(places):
            one, other = places[here], places[there]
            rules[one], rules[other] = rules[other], rules[one]
            for position, moved in enumerate(rules, start=1):
                moved.position = position
            Rule.kept.bulk_update(rules, ["position"])
            journal.note("ownership.rule_moved", subject=rule, actor=by, at=at, up=up)


def _locked() -> list[Rule]:
    """The rules in their order, also those that are gone; nobody else moves or changes them until the transaction
    ends.
    """
    return sorted(Rule.kept.select_for_update().order_by("pk"), key=lambda rule: (rule.position, rule.pk))
