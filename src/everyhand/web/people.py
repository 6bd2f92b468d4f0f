"""Everybody who works here: who they are, what they answer for, who waits for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from everyhand.conversations import inbox, sight
from everyhand.conversations.listed import Listed, listed
from everyhand.conversations.models import Conversation, Status
from everyhand.core import journal
from everyhand.notices import preferences
from everyhand.people.models import Member, Membership, Team
from everyhand.routing.models import Rule
from everyhand.web.permissions import for_admins, reader
from everyhand.web.rows import rows

# Of somebody's open conversations, so many stand on their page.
SHOWN = 30


@dataclass(frozen=True)
class RuleInWords:
    sentence: str


@dataclass(frozen=True)
class PersonShown:
    id: int
    name: str
    title: str
    initials: str
    picture: str
    email: str
    teams: list[Team]
    time_zone: str
    local_time: datetime
    away_until: datetime | None
    is_active: bool


@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    everybody = {member.pk: member for member in Member.objects.all()}
    active = [away_only_until_later(member, at) for member in everybody.values() if member.is_active]
    context = {
        "groups": _by_team({member.pk: member for member in active}),
        "former": [member for member in everybody.values() if not member.is_active],
        "open_counts": inbox.waiting_with(reader(request)),
    }
    return render(request, "people.html", context)


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    person = away_only_until_later(get_object_or_404(Member, pk=pk), at)
    theirs = sight.visible_to(reader(request)).filter(owner=person)
    waiting = soonest_first(theirs)
    context = {
        "person": _shown(person, at),
        "gone_since": None if person.is_active else _gone_since(person),
        "rules": [RuleInWords(in_words(rule)) for rule in Rule.objects.filter(member=person)],
        "conversations": rows(waiting, at=at),
        "rest": preferences.rest_of(person) if reader(request).may_set_up else None,
    }
    return render(request, "person.html", context)


@require_POST
@for_admins
def notice_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """What we mailed them came back, and now their address is right."""
    person = get_object_or_404(Member, pk=pk)
    preferences.resume_mail(person, by=reader(request), at=timezone.now())
    messages.success(request, _("From now on %(name)s is told by mail again.") % {"name": person.name})
    return redirect("person", pk)


def _gone_since(person: Member) -> datetime | None:
    """When they were let go; None for whoever went before that was written down."""
    went = journal.about(person).filter(action="member.disabled").last()
    return went.at if went else None


def soonest_first(conversations: QuerySet[Conversation]) -> list[Listed]:
    """The open ones, what breaks first on top, as far as they fit on a page."""
    waiting = conversations.filter(status=Status.OPEN).order_by("reply_due", "id")
    return list(listed(waiting)[:SHOWN])


def in_words(rule: Rule) -> str:
    """What a rule names, for whoever it names: “the subject: invoice (billing)”."""
    thing = f" ({rule.thing})" if rule.thing else ""
    return _("%(looks_at)s: %(pattern)s") % {"looks_at": rule.get_looks_at_display(), "pattern": rule.pattern} + thing


def away_only_until_later(member: Member, at: datetime) -> Member:
    """The member as pages show them: whoever came back is not away."""
    if member.away_until and member.away_until <= at:
        member.away_until = None
    return member


def _by_team(members: dict[int, Member]) -> list[tuple[Team | None, list[Member]]]:
    """Every team with its people; those in no team last."""
    groups: dict[Team, list[Member]] = {}
    memberships = Membership.objects.filter(member__in=members).select_related("team")
    for membership in memberships.order_by("team__name", "member__name", "pk"):
        groups.setdefault(membership.team, []).append(members[membership.member_id])
    placed = {member.pk for group in groups.values() for member in group}
    rest = [member for member in members.values() if member.pk not in placed]
    return [*groups.items(), *([(None, rest)] if rest else [])]


def _shown(person: Member, at: datetime) -> PersonShown:
    zone = person.time_zone or settings.EVERYHAND.time_zone
    return PersonShown(
        id=person.pk,
        name=person.name,
        title=person.title,
        initials=person.initials,
        picture=person.picture,
        email=person.email,
        teams=list(person.teams.all()),
        time_zone=zone,
        local_time=at.astimezone(ZoneInfo(zone)),
        away_until=person.away_until,
        is_active=person.is_active,
    )
