"""The company of the benchmarks: 200 members in 20 teams, a mailbox and a rule for each team."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from bench.words import Writer
from everyhand.channels.email.models import Mailbox
from everyhand.people.models import Member, Membership, Role, Team
from everyhand.routing import actions as routing

MEMBERS = 200
TEAMS = 20
ADMINS, SPECIALISTS = 2, 40
DOMAIN = "bench.example"
HELP = f"help@{DOMAIN}"


@dataclass(frozen=True)
class Company:
    """Who works there. `members_of` are the primary keys of each team's members, by the team's."""

    members_of: dict[int, list[int]]
    members: dict[int, Member]
    slugs: dict[int, str]


@transaction.atomic
def found(writer: Writer, *, at: datetime) -> Company:
    """Make the company in a database where nobody works yet. One team in ten is private."""
    Mailbox.objects.create(address=HELP, name="Bench")
    members = Member.objects.bulk_create(
        Member(
            email=f"member{number}@{DOMAIN}",
            name=writer.name(),
            role=Role.ADMIN if number < ADMINS else Role.SPECIALIST if number < SPECIALISTS else Role.MEMBER,
            password="!",  # noqa: S106 (none: they come in by link)
        )
        for number in range(MEMBERS)
    )
    teams = Team.objects.bulk_create(
        Team(slug=f"team{number}", name=writer.subject(), private=number % 10 == 9) for number in range(TEAMS)
    )
    members_of: dict[int, list[int]] = {team.pk: [] for team in teams}
    for number, member in enumerate(members):
        members_of[teams[number % TEAMS].pk].append(member.pk)
    Membership.objects.bulk_create(
        Membership(team_id=team, member_id=member, lead=place == 0)
        for team, belonging in members_of.items()
        for place, member in enumerate(belonging)
    )
    for team in teams:
        address = f"{team.slug}@{DOMAIN}"
        Mailbox.objects.create(address=address)
        routing.add_rule(by=None, at=at, looks_at="recipient", pattern=address, team=team)
    routing.set_fallback(members[0], by=None, at=at)
    return Company(members_of, {one.pk: one for one in members}, {one.pk: one.slug for one in teams})
