"""Several conversations of the inbox are put off at once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from everyhand.conversations import sight
from everyhand.desk import several
from everyhand.web import moments
from everyhand.web.permissions import reader
from everyhand.web.sleeping_times import Typed, offers, read
from everyhand.web.triage import selected, told, way_back


@require_POST
def choice(request: HttpRequest) -> HttpResponse:
    """Until when shall what is selected sleep? The form that asks."""
    return _form(request)


@require_POST
def sleeps(request: HttpRequest) -> HttpResponse:
    """Put them off `until` a local time, or an ISO one with its offset."""
    at = timezone.now()
    until = read(request.POST.get("until", ""), at)
    if isinstance(until, Typed):
        return _form(request, sleep=until, status=422)
    outcome = several.sleep_several(selected(request), until=until, by=reader(request), at=at)
    number = len(outcome.done)
    done = ngettext("%(num)d comes back on %(until)s.", "%(num)d come back on %(until)s.", number)
    return told(request, outcome, done % {"num": number, "until": moments.day(until)})


def _form(request: HttpRequest, *, sleep: Typed | None = None, status: int = 200) -> HttpResponse:
    chosen = sight.visible_to(reader(request)).filter(pk__in=selected(request)).select_related("customer")
    if not chosen:
        return told(request, several.Outcome(), "")
    context = {
        "selected": chosen,
        "promised": any(one.reply_due for one in chosen),
        "sleep": sleep,
        "sleep_offers": offers(timezone.now()),
        "back": way_back(request)["Location"],
    }
    return render(request, "later.html", context, status=status)
