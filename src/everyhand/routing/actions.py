"""Finding the owner, and keeping the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max

from everyhand.conversations.models import Conversation, Status
from everyhand.core import journal
from everyhand.people.models import Member, Membership, Role, Team
from everyhand.routing.decide import Hints, Match, decide
from everyhand.routing.models import Departure, Fallback, Rule


class NobodyAnswers(Exception):
    """There is no member at all, so nothing can have an owner. `everyhand setup` makes the first one."""


@dataclass(frozen=True)
class Decision:
    """Who owns it, through which team, and because of what (see `reasons.in_words`)."""

    owner: Member
    team: Team | None
    because: dict[str, Any] = field(default_factory=dict)


def owner_for(hints: Hints, *, at: datetime) -> Decision:
    """The owner of a message with these hints: by the first rule that fits, else the one who owns everything else.

    Raises `NobodyAnswers` only when nobody works here.
    """
    rules = list(Rule.objects.select_related("member", "team").order_by("position", "pk"))
    return follow(decide(rules, hints), at=at)


def follow(found: Match | None, *, at: datetime) -> Decision:
    """From the rule that matched to a person: a member, or whoever of a team is on duty with the fewest open ones."""
    if found is None:
        return _fallback({"code": "no-rule"})
    rule = found.rule
    because: dict[str, Any] = {
        "code": "rule",
        "rule": rule.pk,
        "looks_at": rule.looks_at,
        "found": found.found[:200],
        "thing": rule.thing,
    }
    match rule.answers:
        case Member(is_active=True) as member:
            return Decision(member, None, because)
        case Member() as gone:
            return _fallback({**because, "gone": gone.name})
        case Team() as team:
            because["team"] = team.name
            on_call, how = _of_team(team, at)
            if on_call is None:
                return _fallback({**because, "nobody_in_team": True}, team=team)
            return Decision(on_call, team, {**because, **how})


def successor(team: Team | None, hints: Hints, *, at: datetime) -> Decision:
    """Who answers now for what somebody left behind: whoever of its team is on duty; without a team, as the map says.

    What belongs to a team stays in it, so that a private one keeps its secrets; only one with nobody left in it gives
    to whoever answers for everything else.
    """
    if team is None:
        return owner_for(hints, at=at)
    because: dict[str, Any] = {"code": "team", "team": team.name}
    on_call, how = _of_team(team, at)
    if on_call is None:
        return _fallback({**because, "nobody_in_team": True}, team=team)
    return Decision(on_call, team, {**because, **how})


def _of_team(team: Team, at: datetime) -> tuple[Member | None, dict[str, Any]]:
    memberships = list(
        Membership.objects.filter(team=team, member__is_active=True)
        .select_related("member")
        .prefetch_related("member__hours")
        .order_by("member__name", "pk")
    )
    on_duty = [one.member for one in memberships if one.member.on_duty(at)]
    if on_duty:
        return _least_loaded(on_duty), {"on_duty": len(on_duty) > 1}
    leads = [one.member for one in memberships if one.lead] or [one.member for one in memberships]
    return (leads[0], {"nobody_on_duty": True}) if leads else (None, {})


def _least_loaded(members: list[Member]) -> Member:
    """Who owns the fewest open conversations; among equals, who has waited longest for a new one."""
    if len(members) == 1:
        return members[0]
    open_ones = (
        Conversation.objects.filter(owner__in=members, status=Status.OPEN)
        .values_list("owner")
        .annotate(load=Count("pk"), latest=Max("pk"))
    )
    loads = {owner: (load, latest) for owner, load, latest in open_ones}
    return min(members, key=lambda member: loads.get(member.pk, (0, 0)))


def _fallback(because: dict[str, Any], team: Team | None = None) -> Decision:
    chosen = Fallback.objects.select_related("member").first()
    if chosen and chosen.member.is_active:
        return Decision(chosen.member, team, because)
    active = Member.objects.filter(is_active=True).order_by("pk")
    admin = active.filter(role=Role.ADMIN).first() or active.first()
    if admin is None:
        raise NobodyAnswers("Nobody works here yet: add somebody with `everyhand member add`.")
    return Decision(admin, team, {**because, "no_fallback": True})


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
        last = Rule.objects.aggregate(last=Max("position"))["last"] or 0
        rule = Rule(position=last + 1, **fields)
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
        rule.save()
        journal.note("ownership.rule_changed", subject=rule, actor=by, at=at)


def remove_rule(rule: Rule, *, by: Member, at: datetime) -> None:
    with transaction.atomic():
        journal.note("ownership.rule_removed", subject=rule, actor=by, at=at)
        rule.delete()


def move_rule(rule: Rule, *, up: bool, by: Member, at: datetime) -> None:
    """Swap a rule with its neighbour; at the end of the map nothing happens."""
    with transaction.atomic():
        rules = list(Rule.objects.order_by("position", "pk"))
        here = rules.index(rule)
        there = here - 1 if up else here + 1
        if 0 <= there < len(rules):
            rules[here], rules[there] = rules[there], rules[here]
            for position, one in enumerate(rules, start=1):
                one.position = position
            Rule.objects.bulk_update(rules, ["position"])
            journal.note("ownership.rule_moved", subject=rule, actor=by, at=at, up=up)
