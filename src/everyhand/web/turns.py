"""Putting a conversation off, waiting for the customer by hand, and taking it up again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from everyhand.conversations.models import Status
from everyhand.desk import turns
from everyhand.web import conversation as conversations
from everyhand.web import moments, triage
from everyhand.web.permissions import conversation_or_404, reader
from everyhand.web.sleeping_times import Typed, read


@require_POST
def sleep(request: HttpRequest, pk: int) -> HttpResponse:
    conversation, at = conversation_or_404(request, pk), timezone.now()
    if conversation.status == Status.CLOSED:
        return _is_closed(request, pk)
    until = read(request.POST.get("until", ""), at)
    if isinstance(until, Typed):
        return conversations.page(request, conversation, sleep=until, status=422)
    try:
        slept = turns.sleep(conversation, until=until, by=reader(request), at=at)
    except turns.Closed:
        return _is_closed(request, pk)
    triage.tell(request, _("It comes back on %(until)s.") % {"until": moments.day(until)}, slept)
    return redirect("conversation", pk)


@require_POST
def wait(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        waits = turns.wait_for_customer(conversation_or_404(request, pk), by=reader(request), at=timezone.now())
    except turns.Closed:
        return _is_closed(request, pk)
    if waits:
        triage.tell(request, _("The customer has the next word."), waits)
    return redirect("conversation", pk)


@require_POST
def take_up(request: HttpRequest, pk: int) -> HttpResponse:
    turns.take_up(conversation_or_404(request, pk), by=reader(request), at=timezone.now())
    return redirect("conversation", pk)


def _is_closed(request: HttpRequest, pk: int) -> HttpResponse:
    messages.error(request, _("It is closed. Open it again first."))
    return redirect("conversation", pk)
