"""Views of the inbox kept under a name, for oneself, a team or everybody."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from everyhand.conversations import saved_views
from everyhand.conversations.models import SavedView
from everyhand.people.models import Team
from everyhand.web import narrowing
from everyhand.web.inbox import view_or_404
from everyhand.web.permissions import reader
from everyhand.web.triage import tell


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, view: str) -> HttpResponse:
    """Keep the view of this address; `shared` is "", "everyone" or the primary key of one of my teams."""
    view_or_404(view)
    member, at = reader(request), timezone.now()
    chosen = narrowing.asked_for(request.GET, member=member, at=at)
    teams = Team.objects.filter(pk__in=member.team_keys)
    wrong: dict[str, list[str]] = {}
    if request.method == "POST":
        shared = request.POST.get("shared", "")
        team = teams.filter(pk=shared).first() if shared.isdecimal() and len(shared) < 19 else None
        try:
            saved_views.save_view(
                name=request.POST.get("name", ""),
                view=view,
                narrowed_by=urlencode(chosen.pairs),
                team=team,
                for_everyone=shared == "everyone",
                by=member,
                at=at,
            )
        except ValidationError as problem:
            wrong = problem.message_dict
        else:
            return redirect(narrowing.address(view, chosen.pairs))
    context = {
        "view": view,
        "chips": narrowing.chips(view, chosen),
        "address": narrowing.address(view, chosen.pairs),
        "written": request.POST,
        "wrong": wrong,
        "teams": teams,
    }
    return render(request, "saved_view_form.html", context, status=400 if wrong else 200)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    member = reader(request)
    saved = get_object_or_404(SavedView, pk__in=[one.pk for one in saved_views.within_reach(member)], pk=pk)
    if not saved.may_be_removed_by(member):
        whose = _("%(name)s keeps this view; only they or an administrator can remove it.")
        messages.error(request, whose % {"name": saved.maker.name})
        return redirect("inbox", saved.view)
    removed = saved_views.remove(saved, by=member, at=timezone.now())
    tell(request, _("The view “%(name)s” is gone; its address still works.") % {"name": saved.name}, removed)
    at_address = narrowing.asked_for(QueryDict(saved.narrowed_by), member=member, at=timezone.now())
    return redirect(narrowing.address(saved.view, at_address.pairs))
