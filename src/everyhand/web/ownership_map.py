"""The ownership map: who answers for what, kept by administrators, read and tried by everybody."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everyhand.channels.email.parsing.isolated import IsolatedParser, ParseFailed
from everyhand.channels.email.parsing.limits import TooHostile
from everyhand.desk.kept import hints
from everyhand.people.models import Member, Team
from everyhand.routing import actions as routing
from everyhand.routing import reasons
from everyhand.routing.decide import Hints
from everyhand.routing.models import Fallback, Rule
from everyhand.routing.ownership_map import Decision
from everyhand.web.permissions import for_admins, reader
from everyhand.web.told import told
from everyhand.web.triage import tell

TRIED_AT_MOST = 200_000


@dataclass(frozen=True)
class Editing:
    """A rule as somebody typed it that could not be kept; `id` is None for a new one."""

    id: int | None
    looks_at: str
    pattern: str
    thing: str
    member_id: int | None
    team_slug: str
    error: str


@dataclass(frozen=True)
class Trial:
    """What somebody pasted, and who would get it."""

    text: str
    decision: Decision | None = None
    error: str = ""

    @property
    def owner(self) -> Member | None:
        return self.decision.owner if self.decision else None

    @property
    def team(self) -> Team | None:
        return self.decision.team if self.decision else None

    @property
    def rule_id(self) -> int | None:
        return self.decision.because.get("rule") if self.decision else None

    @property
    def reason(self) -> str:
        if not self.decision:
            return ""
        because = reasons.in_words(self.decision.because, self.decision.owner.name)
        return _("Because %(reason)s.") % {"reason": because}


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@for_admins
def add(request: HttpRequest) -> HttpResponse:
    fields = _fields(request)
    try:
        rule = routing.add_rule(by=reader(request), at=timezone.now(), **fields)
    except ValidationError as wrong:
        return _page(request, editing=_editing(None, fields, wrong), status=422)
    return _to(rule)


@require_POST
@for_admins
def change(request: HttpRequest, pk: int) -> HttpResponse:
    rule, fields = get_object_or_404(Rule, pk=pk), _fields(request)
    try:
        routing.change_rule(rule, by=reader(request), at=timezone.now(), **fields)
    except ValidationError as wrong:
        return _page(request, editing=_editing(pk, fields, wrong), status=422)
    return _to(rule)


@require_POST
@for_admins
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(Rule, pk=pk)
    removed = routing.remove_rule(rule, by=reader(request), at=timezone.now())
    words = _("The rule about “%(words)s” is gone: it decides about nothing that comes from now on.")
    tell(request, words % {"words": rule.pattern}, removed)
    return redirect("ownership_map")


@require_POST
@for_admins
def move(request: HttpRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(Rule, pk=pk)
    routing.move_rule(rule, up=request.POST.get("direction") == "up", by=reader(request), at=timezone.now())
    return _to(rule)


@require_POST
@for_admins
def everything_else(request: HttpRequest) -> HttpResponse:
    """Who answers for what no rule names."""
    owner = _member(request.POST.get("owner", ""))
    if owner:
        routing.set_fallback(owner, by=reader(request), at=timezone.now())
    return redirect("ownership_map")


@require_http_methods(["POST"])
def trial(request: HttpRequest) -> HttpResponse:
    """Who would get this? Nothing is kept of it."""
    text = request.POST.get("text", "")[:TRIED_AT_MOST]
    try:
        decision = routing.owner_for(_hints(text), at=timezone.now())
    except (TooHostile, ParseFailed) as refused:
        return _page(request, trial=Trial(text, error=told(refused.reason)), status=422)
    return _page(request, trial=Trial(text, decision))


def _page(
    request: HttpRequest, *, editing: Editing | None = None, trial: Trial | None = None, status: int = 200
) -> HttpResponse:
    fallback = Fallback.objects.select_related("member").first()
    context = {
        "rules": list(Rule.objects.select_related("member", "team")),
        "default_owner": fallback.member if fallback else None,
        "members": list(Member.objects.filter(is_active=True)),
        "teams": list(Team.objects.all()),
        "field_choices": Rule.Looks.choices,
        "editing": editing,
        "trial": trial,
    }
    return render(request, "ownership_map.html", context, status=status)


def _hints(text: str) -> Hints:
    """What the map looks at in a pasted mail with its headers, an address, or just some words."""
    text = text.strip().replace("\0", "")
    if re.fullmatch(r"\S+@\S+", text):
        return Hints(recipients=(text,), sender=text)
    if re.match(r"(from|to|subject|received|return-path|delivered-to|date|cc)\s*:", text, re.IGNORECASE):
        with contextlib.closing(IsolatedParser(processes=1)) as parser:
            return hints(parser.parse(text.encode(), source="trial", at=timezone.now()))
    return Hints(subject=text.partition("\n")[0], text=text)


def _fields(request: HttpRequest) -> dict[str, Any]:
    return {
        "looks_at": request.POST.get("looks_at", ""),
        "pattern": request.POST.get("pattern", "").strip(),
        "thing": request.POST.get("thing", "").strip(),
        "member": _member(request.POST.get("member", "")),
        "team": Team.objects.filter(slug=request.POST.get("team", "")).first(),
    }


def _member(key: str) -> Member | None:
    return Member.objects.filter(pk=key, is_active=True).first() if key.isdecimal() and len(key) < 19 else None


def _editing(pk: int | None, fields: dict[str, Any], wrong: ValidationError) -> Editing:
    member, team = fields["member"], fields["team"]
    return Editing(
        id=pk,
        looks_at=fields["looks_at"],
        pattern=fields["pattern"],
        thing=fields["thing"],
        member_id=member.pk if member else None,
        team_slug=team.slug if team else "",
        error=" ".join(wrong.messages),
    )


def _to(rule: Rule) -> HttpResponse:
    return redirect(f"{reverse('ownership_map')}#rule-{rule.pk}")
