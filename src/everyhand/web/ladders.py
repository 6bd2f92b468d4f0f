"""Whom the ladders page: everybody may read it, whoever leads a team or sets up the house changes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everyhand.escalation import ladders
from everyhand.escalation.models import Ladder, Rung, Whom
from everyhand.people.models import Member, Team
from everyhand.promises import terms
from everyhand.web import moments
from everyhand.web.escalating import reached_by
from everyhand.web.permissions import for_admins, reader

MORE_RUNGS = 2  # empty ones below those there are
A_NIGHT = 12 * 60  # minutes


@dataclass(frozen=True)
class LadderShown:
    team: Team | None
    ladder: Ladder
    rungs: Sequence[tuple[str, int]]
    may_change: bool


class LadderForm(forms.ModelForm):  # type: ignore[type-arg] # the real one takes no argument
    class Meta:
        model = Ladder
        fields = ("watches_promises", "begins_before", "acts_within")


class RungForm(forms.Form):
    """One rung; without whom it pages there is none."""

    whom = forms.ChoiceField(label=_("Whom to page"), choices=[("", _("Nobody")), *Whom.choices], required=False)
    member = forms.ModelChoiceField(Member.objects.none(), label=_("Who"), required=False, empty_label="–")
    minutes = forms.IntegerField(label=_("Minutes until the next"), min_value=0, max_value=A_NIGHT, required=False)

    def __init__(self, *args: Any, private: Team | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"empty_permitted": False})  # one that is as it was is a rung, too
        members = Member.objects.filter(is_active=True)
        choice: Any = self.fields["member"]
        choice.queryset = members.filter(memberships__team=private) if private else members

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("member") and given.get("whom") == "":
            given["whom"] = Whom.MEMBER
        if given.get("whom") == Whom.MEMBER and not given.get("member") and "member" not in self.errors:
            self.add_error("member", _("Choose who it is."))
        if given.get("whom") and given.get("minutes") is None and "minutes" not in self.errors:
            self.add_error("minutes", _("Say how many minutes; 0 pages the next ones with them."))
        return given

    def rung(self) -> Rung | None:
        whom = self.cleaned_data["whom"]
        member = self.cleaned_data["member"] if whom == Whom.MEMBER else None
        return Rung(whom=whom, member=member, minutes=self.cleaned_data["minutes"]) if whom else None


@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    member = reader(request)
    kept = {one.team_id: one for one in Ladder.objects.select_related("team")}
    house = kept.pop(None, None) or Ladder()
    teams = sorted((one for one in kept.values() if one.team), key=lambda one: str(one.team))
    shown = [
        LadderShown(
            one.team,
            one,
            [(reached_by(rung), rung.minutes) for rung in ladders.rungs_of(one)],
            _may_change(member, one.team),
        )
        for one in (house, *teams)
        if _may_read(member, one.team)
    ]
    without = [one for one in Team.objects.exclude(pk__in=kept) if _may_change(member, one)]
    how_soon = [moments.length(time) for time in terms.current()]
    return render(request, "ladders.html", {"how_soon": how_soon, "ladders": shown, "without": without})


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def of_the_house(request: HttpRequest) -> HttpResponse:
    return _edit(request, Ladder.objects.filter(team=None).first() or Ladder())


@require_http_methods(["GET", "HEAD", "POST"])
def of_a_team(request: HttpRequest, slug: str) -> HttpResponse:
    team = _to_change(request, slug)
    return _edit(request, Ladder.objects.filter(team=team).first() or _like_the_house(team))


@require_POST
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    team = _to_change(request, slug)
    if ladder := Ladder.objects.filter(team=team).first():
        ladders.remove(ladder, by=reader(request), at=timezone.now())
        messages.success(request, gettext("The house’s ladder holds for %(team)s now.") % {"team": team})
    return redirect("ladders")


def _edit(request: HttpRequest, ladder: Ladder) -> HttpResponse:
    rungs = ladders.rungs_of(ladder if ladder.pk else ladders.of_team(None))
    private = ladder.team if ladder.team and ladder.team.private else None
    forms_of = forms.formset_factory(RungForm, extra=MORE_RUNGS, max_num=ladders.MOST_RUNGS, validate_max=True)
    now = [{"whom": one.whom, "member": one.member_id, "minutes": one.minutes} for one in rungs]
    form = LadderForm(request.POST or None, instance=ladder)
    lines = forms_of(request.POST or None, initial=now, form_kwargs={"private": private}, prefix="rung")
    wrong = ""
    if request.method == "POST" and form.is_valid() & lines.is_valid():
        wanted = [rung for line in lines if (rung := line.rung())]
        if wanted:
            ladders.keep(form.instance, wanted, by=reader(request), at=timezone.now())
            messages.success(request, gettext("Saved."))
            return redirect("ladders")
        wrong = gettext("A ladder has at least one rung: choose whom to page first.")
    failed = request.method == "POST"
    context = {"form": form, "lines": lines, "team": ladder.team, "wrong": wrong, "kept": bool(ladder.pk)}
    return render(request, "ladder_form.html", context, status=422 if failed else 200)


def _like_the_house(team: Team) -> Ladder:
    house = ladders.of_team(None)
    named = ("watches_promises", "begins_before", "acts_within")
    return Ladder(team=team, **{name: getattr(house, name) for name in named})


def _to_change(request: HttpRequest, slug: str) -> Team:
    team = get_object_or_404(Team, slug=slug)
    if not _may_change(reader(request), team):
        raise PermissionDenied
    return team


def _may_read(member: Member, team: Team | None) -> bool:
    """Who of a private team is woken is its own business."""
    return team is None or not team.private or team.pk in member.team_keys or team.may_be_changed_by(member)


def _may_change(member: Member, team: Team | None) -> bool:
    return member.may_set_up if team is None else team.may_be_changed_by(member)
