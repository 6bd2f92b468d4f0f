"""Teams: who is in them, who waits for them; administrators make them, and whoever leads one changes it."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from everyhand.conversations import inbox, sight
from everyhand.people import actions as people
from everyhand.people.models import Member, Membership, Team
from everyhand.routing.models import Rule
from everyhand.web.people import away_only_until_later, soonest_first
from everyhand.web.permissions import for_admins, reader
from everyhand.web.rows import rows


@dataclass(frozen=True)
class TeamShown:
    name: str
    slug: str
    responsible: str
    members: list[Member]
    open: int = 0
    private: bool = False


@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    waiting = inbox.waiting_in(reader(request))
    teams = [_shown(team, waiting.get(team.pk, 0)) for team in Team.objects.prefetch_related("memberships__member")]
    return render(request, "teams.html", {"teams": teams})


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    at = timezone.now()
    team = get_object_or_404(Team.objects.prefetch_related("memberships__member"), slug=slug)
    seen = sight.visible_to(reader(request)).filter(team=team)
    shown = _shown(team, 0)
    for member in shown.members:
        away_only_until_later(member, at)
    reached_at = Rule.objects.filter(team=team, looks_at=Rule.Looks.RECIPIENT).values_list("pattern", flat=True)
    context = {
        "team": shown,
        "conversations": rows(soonest_first(seen), at=at),
        "addresses": list(reached_at),
        "may_change": team.may_be_changed_by(reader(request)),
    }
    return render(request, "team.html", context)


class TeamForm(forms.ModelForm):  # type: ignore[type-arg] # the real one takes no argument
    members = forms.ModelMultipleChoiceField(
        Member.objects.filter(is_active=True),
        label=_("Who is in it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    leads = forms.ModelMultipleChoiceField(
        Member.objects.filter(is_active=True),
        label=_("Who leads it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Whoever leads it answers when nobody of it is on duty."),
    )

    class Meta:
        model = Team
        fields = ("name", "slug", "about", "signature", "private")
        widgets = {"signature": forms.Textarea(attrs={"rows": 3})}
        help_texts = {"signature": _("Below each one's own: your address, what the law asks for.")}
        labels = {"slug": _("Short name, for addresses")}
        error_messages = {
            "slug": {
                "invalid": _("Write it in letters without accents, digits and hyphens, such as sport-desk."),
                "unique": _("Another team has this short name already."),
            }
        }


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def add(request: HttpRequest) -> HttpResponse:
    return _edit(request, Team())


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, slug: str) -> HttpResponse:
    team = get_object_or_404(Team, slug=slug)
    if not team.may_be_changed_by(reader(request)):
        raise PermissionDenied
    return _edit(request, team)


def _edit(request: HttpRequest, team: Team) -> HttpResponse:
    belonging = list(Membership.objects.filter(team=team)) if team.pk else []
    now = {"members": [one.member_id for one in belonging], "leads": [one.member_id for one in belonging if one.lead]}
    form = TeamForm(request.POST or None, instance=team, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            people.keep_team(
                form.instance,
                members=form.cleaned_data["members"],
                leads=form.cleaned_data["leads"],
                by=reader(request),
                at=timezone.now(),
            )
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            return redirect("team", form.instance.slug)
    title = Team.objects.filter(pk=team.pk).values_list("name", flat=True).first() or ""
    context = {"form": form, "title": title}
    return render(request, "team_form.html", context, status=422 if form.errors else 200)


def _shown(team: Team, waiting: int) -> TeamShown:
    members = sorted((one.member for one in team.memberships.all() if one.member.is_active), key=lambda one: one.name)
    return TeamShown(team.name, team.slug, team.about, members, waiting, team.private)
