"""The ownership map, followed from what a message shows to the person who answers for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from django.db.models import QuerySet

from everyhand.conversations.models import Conversation, Status
from everyhand.core.prepared import Given, prepared
from everyhand.people import duty
from everyhand.people.duty import Colleague
from everyhand.people.models import Member, Role, Team
from everyhand.routing import loads
from everyhand.routing.decide import Hints, Match, decide
from everyhand.routing.models import Fallback, Rule


class NobodyAnswers(Exception):
    """There is no member at all, so nothing can have an owner. `everyhand setup` makes the first one."""


@dataclass(frozen=True)
class Decision:
    """Who owns it, through which team, and because of what (see `reasons.in_words`)."""

    owner: Member
    team: Team | None
    because: dict[str, Any] = field(default_factory=dict)


class OwnershipMap:
    """The map as it stands in one transaction, which it must not outlive. However many messages are asked about, each
    table is read once, when it is first needed.
    """

    def __init__(self) -> None:
        self._members_of: dict[int, list[Colleague]] = {}
        self._owners: dict[int, Member] = {}
        # How many open conversations a member owns, and the latest of them.
        self._loads: dict[int, loads.Load] = {}
        self._matches: dict[tuple[object, ...], Match | None] = {}

    def expect(self, several: Sequence[Hints]) -> None:
        """These will be asked about: read for all of them together who may answer."""
        found = [self._matches.setdefault(hints.key, decide(self._rules, hints)) for hints in several]
        teams = {match.rule.team_id for match in found if match and match.rule.team_id}
        if teams:
            self._read_members(teams)
            self._read_loads({one.member for members in self._members_of.values() for one in members})

    def owner_for(self, hints: Hints, *, at: datetime) -> Decision:
        """By the first rule that fits, else the one who owns everything else. Raises `NobodyAnswers` only when nobody
        works here.
        """
        known = self._matches
        return self._follow(known[hints.key] if hints.key in known else decide(self._rules, hints), at)

    def team_for(self, hints: Hints) -> Team | None:
        """The team that the first rule which fits names; None when it names a member, or none fits."""
        found = decide(self._rules, hints)
        return found.rule.team if found else None

    def successor(self, team: Team | None, hints: Hints, *, at: datetime) -> Decision:
        """Who answers now for what somebody left behind: whoever of its team is on duty; without a team, as the map
        says.

        What belongs to a team stays in it, so that a private one keeps its secrets; only one with nobody left in it
        gives to whoever answers for everything else.
        """
        if team is None:
            return self.owner_for(hints, at=at)
        return self._answering(team, {"code": "team", "team": team.name}, at)

    def on_duty_in(self, team: Team, *, at: datetime) -> Member | None:
        """Whoever of this team takes what comes to it: on duty, with the fewest open ones; None if nobody is in it."""
        return self._of_team(team, at)[0]

    def opened(self, conversation: Conversation) -> None:
        """Somebody owns one more: the next goes to whoever then has the fewest."""
        loads.one_more(conversation)
        load = self._loads.get(conversation.owner_id)
        if load and conversation.status == Status.OPEN:
            self._loads[conversation.owner_id] = (load[0] + 1, conversation.pk)

    @cached_property
    def _rules(self) -> list[Rule]:
        return _rules()()

    def _follow(self, found: Match | None, at: datetime) -> Decision:
        """From the rule that matched to a person: a member, or of a team who is on duty with the fewest open ones."""
        if found is None:
            return self._everything_else({"code": "no-rule"})
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
                return self._everything_else({**because, "gone": gone.name})
            case Team() as team:
                return self._answering(team, {**because, "team": team.name}, at)

    def _answering(self, team: Team, because: dict[str, Any], at: datetime) -> Decision:
        on_call, how = self._of_team(team, at)
        if on_call is None:
            return self._everything_else({**because, "nobody_in_team": True}, team=team)
        return Decision(on_call, team, {**because, **how})

    def _of_team(self, team: Team, at: datetime) -> tuple[Member | None, dict[str, Any]]:
        if team.pk not in self._members_of:
            self._read_members({team.pk})
        colleagues = self._members_of[team.pk]
        on_duty = [one.member for one in colleagues if one.duty.includes(at)]
        if on_duty:
            return self._owner(self._least_loaded(on_duty)), {"on_duty": len(on_duty) > 1}
        leads = [one.member for one in colleagues if one.lead] or [one.member for one in colleagues]
        return (self._owner(leads[0]), {"nobody_on_duty": True}) if leads else (None, {})

    def _read_members(self, teams: Collection[int]) -> None:
        self._members_of |= duty.colleagues_in(teams)

    def _owner(self, member: int) -> Member:
        """Only of those who are chosen there is more to know."""
        if member not in self._owners:
            (self._owners[member],) = _member()(member=member)
        return self._owners[member]

    def _least_loaded(self, members: list[int]) -> int:
        """Who owns the fewest open conversations; among equals, who has waited longest for a new one."""
        if len(members) == 1:
            return members[0]
        self._read_loads(members)
        return min(members, key=self._loads.__getitem__)

    def _read_loads(self, members: Collection[int]) -> None:
        unknown = [member for member in members if member not in self._loads]
        if unknown:
            self._loads |= loads.of(unknown)

    def _everything_else(self, because: dict[str, Any], team: Team | None = None) -> Decision:
        if self._chosen:
            return Decision(self._chosen, team, because)
        admin = _first_of(Member.objects.filter(is_active=True))
        if admin is None:
            raise NobodyAnswers("Nobody works here yet: add somebody with `everyhand member add`.")
        return Decision(admin, team, {**because, "no_fallback": True})

    @cached_property
    def _chosen(self) -> Member | None:
        fallback = Fallback.objects.select_related("member").first()
        return fallback.member if fallback and fallback.member.is_active else None


def answers_for_everything_else(*, without: Member) -> Member | None:
    """Who owns what no rule names, once `without` works here no more; None when nobody is left."""
    others = Member.objects.filter(is_active=True).exclude(pk=without.pk)
    chosen = Fallback.objects.filter(member__in=others).select_related("member").first()
    return chosen.member if chosen else _first_of(others)


def _first_of(active: QuerySet[Member]) -> Member | None:
    """Whoever answers while nobody was named: the first administrator, or the first of all."""
    in_order = active.order_by("pk")
    return in_order.filter(role=Role.ADMIN).first() or in_order.first()


@cache
def _rules() -> Callable[[], list[Rule]]:
    return prepared(Rule.objects.select_related("member", "team").order_by("position", "pk"))


@cache
def _member() -> Callable[..., list[Member]]:
    return prepared(Member.objects.filter(pk=Given("member")))
