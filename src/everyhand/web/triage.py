"""Going through the inbox: close, hand over or open again what is selected, and undo it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from everyhand.conversations import sight
from everyhand.conversations.models import Conversation
from everyhand.core.journal import Entry
from everyhand.desk import several
from everyhand.desk.close import NOT_FOR_US
from everyhand.desk.several import Outcome
from everyhand.people.models import Member, Team
from everyhand.web.permissions import reader


@require_POST
def closures(request: HttpRequest) -> HttpResponse:
    """Settle them, or put them away with `why=not_for_us`."""
    away = request.POST.get("why") == NOT_FOR_US
    outcome = several.close_several(
        selected(request), by=reader(request), at=timezone.now(), why=NOT_FOR_US if away else ""
    )
    number = len(outcome.done)
    if number == 1:
        done = _("Put away, not for us: %(name)s.") if away else _("Closed: %(name)s.")
        return told(request, outcome, done % {"name": _with_whom(outcome.done[0])})
    if away:
        done = ngettext("%(num)d put away: not for us.", "%(num)d put away: not for us.", number)
    else:
        done = ngettext("%(num)d closed.", "%(num)d closed.", number)
    return told(request, outcome, done % {"num": number})


@require_POST
def reopenings(request: HttpRequest) -> HttpResponse:
    outcome = several.reopen_several(selected(request), by=reader(request), at=timezone.now())
    number = len(outcome.done)
    done = ngettext("%(num)d opened again.", "%(num)d opened again.", number)
    return told(request, outcome, done % {"num": number})


@require_POST
def assignments(request: HttpRequest) -> HttpResponse:
    """To `to`: "me", "member:7" or "team:3"."""
    kind, _colon, key = request.POST.get("to", "").partition(":")
    number = int(key) if key.isascii() and key.isdecimal() and len(key) < 19 else 0
    by, at, chosen = reader(request), timezone.now(), selected(request)
    owner = by if kind == "me" else Member.objects.filter(pk=number, is_active=True).first()
    team = Team.objects.filter(pk=number).first()
    if kind in ("me", "member") and owner:
        outcome, name = several.assign_several(chosen, owner=owner, by=by, at=at), owner.name
    elif kind == "team" and team:
        outcome, name = several.hand_to_team(chosen, team=team, by=by, at=at), team.name
    else:
        messages.error(request, _("Choose the person or the team who answers for it now."))
        return way_back(request)
    number = len(outcome.done)
    done = ngettext("%(num)d handed over to %(name)s.", "%(num)d handed over to %(name)s.", number)
    return told(request, outcome, done % {"num": number, "name": name})


@require_POST
def choice(request: HttpRequest) -> HttpResponse:
    """Who shall have what is selected? The form that asks."""
    chosen = selected(request)
    if not chosen:
        return told(request, Outcome(), "")
    context = {
        "selected": sight.visible_to(reader(request)).filter(pk__in=chosen).select_related("customer"),
        "members": Member.objects.filter(is_active=True),
        "teams": Team.objects.all(),
        "back": way_back(request)["Location"],
    }
    return render(request, "triage_choice.html", context)


@require_POST
def undoings(request: HttpRequest) -> HttpResponse:
    """Undo facts of the journal, as the last summary named them."""
    keys = [int(one) for one in request.POST.get("facts", "").split(",") if one.isdecimal() and len(one) < 19]
    outcome = several.undo_several(keys, by=reader(request), at=timezone.now())
    number = len(outcome.done)
    if number:
        undone = ngettext("%(num)d undone: as it was before.", "%(num)d undone: as they were before.", number)
        messages.success(request, undone % {"num": number})
    _tell_what_was_left(request, outcome)
    return way_back(request)


def tell(request: HttpRequest, words: str, *done: Entry) -> None:
    """Say what was done, with a way to undo these facts of it."""
    messages.success(request, words, extra_tags="undo:" + ",".join(str(one.pk) for one in done))


def told(request: HttpRequest, outcome: Outcome, words: str) -> HttpResponse:
    """Say what was done, in these words, and what was left; back to the list."""
    if outcome.done:
        tell(request, words, *outcome.done)
    elif not outcome.left:
        messages.error(request, _("Nothing was selected. Tick a face, or move to a row with j and k."))
    _tell_what_was_left(request, outcome)
    return way_back(request)


def _tell_what_was_left(request: HttpRequest, outcome: Outcome) -> None:
    if outcome.left:
        number = sum(outcome.left.values())
        reasons = "; ".join(f"{count} × {why}" if number > 1 else why for why, count in outcome.left.items())
        left = ngettext("%(num)d was left as it is: %(why)s", "%(num)d were left as they are: %(why)s", number)
        messages.warning(request, left % {"num": number, "why": reasons})


def _with_whom(done: Entry) -> str:
    """The name of the customer whose conversation it was done to."""
    pk = int(done.subject.partition(":")[2])
    return str(Conversation.objects.select_related("customer").get(pk=pk).customer)


def selected(request: HttpRequest) -> list[int]:
    """The conversations that were ticked."""
    keys = request.POST.getlist("conversation")
    return [int(one) for one in keys if one.isascii() and one.isdecimal() and len(one) < 19]


def way_back(request: HttpRequest) -> HttpResponse:
    """To the list they came from."""
    back = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "home")
