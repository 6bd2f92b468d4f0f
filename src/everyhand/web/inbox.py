"""The inbox: who waits for me, for my teams, for anybody; what breaks first on top. An address is a view."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from everyhand.conversations import inbox, tags
from everyhand.conversations.models import Status
from everyhand.people.models import Member, Team
from everyhand.web import first_steps, narrowing
from everyhand.web.permissions import reader
from everyhand.web.rows import Row, rows


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if first_steps.are_due(request):
        return redirect("first_steps")
    return redirect("inbox", inbox.View.MINE)


@require_safe
def show(request: HttpRequest, view: str) -> HttpResponse:
    place = view_or_404(view)
    member, at = reader(request), timezone.now()
    filters = narrowing.asked_for(request.GET, member=member, at=at)
    status = filters.value("status") or Status.OPEN
    narrowed = filters.without("status")
    after = request.GET.get("page", "")
    page = inbox.page(place, member, status, narrowed_by=narrowed.conversations, after=after)
    shown = rows(page.conversations, at=at)
    here = narrowing.address(view, filters.pairs)
    context = {
        "view": view,
        "status": status,
        "address": here,
        "asked": narrowing.address(view, [*filters.pairs, *((name, value) for name, value, _why in filters.problems)]),
        "chips": narrowing.chips(view, filters),
        "problems": filters.problems,
        "statuses": [
            (one, narrowing.address(view, [*narrowed.pairs, ("status", one)])) for one in (*Status.values, inbox.ANY)
        ],
        "groups": _groups(shown, status),
        "is_new": not shown and first_steps.nothing_has_happened(),
        "first": shown[0] if shown and not after and status == Status.OPEN else None,
        "next_page": narrowing.address(view, [*filters.pairs, ("page", page.next)]) if page.next else "",
        "previous_page": here if after else "",
    }
    return render(request, "inbox.html", context)


def _groups(shown: Sequence[Row], status: str) -> list[tuple[str, list[Row]]]:
    """What is open, in the order in which it breaks, by how its promise stands. Everything else, which is in the order
    of its last words, is one group without a name.
    """
    if status != Status.OPEN:
        return [("", list(shown))] if shown else []
    return [(standing, list(group)) for standing, group in groupby(shown, lambda row: row.standing)]


@require_safe
def filters(request: HttpRequest, view: str) -> HttpResponse:
    """The form that narrows a view; with `show` the view itself, unless something in the form can't be understood."""
    view_or_404(view)
    chosen = narrowing.asked_for(request.GET, member=reader(request), at=timezone.now())
    wants_to_see = "show" in request.GET
    if wants_to_see and not chosen.problems:
        return redirect(narrowing.address(view, chosen.pairs))
    written = {name: value for name, value, _why in chosen.problems} | dict(chosen.pairs)
    context = {
        "view": view,
        "written": written,
        "problems": {name: why for name, _value, why in chosen.problems},
        "labels": narrowing.labels(),
        "statuses": [*Status.choices],
        "members": Member.objects.filter(is_active=True),
        "teams": Team.objects.all(),
        "tags": tags.suggested_to(reader(request)),
    }
    return render(request, "inbox_filters.html", context, status=422 if wants_to_see else 200)


def view_or_404(view: str) -> inbox.View:
    if view not in {one.value for one in inbox.View}:
        raise Http404
    return inbox.View(view)
