"""The inbox: who waits for me, for my teams, for anybody; what breaks first on top."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from everyhand.conversations import inbox
from everyhand.conversations.models import Status
from everyhand.promises.models import Promise
from everyhand.web.permissions import reader
from everyhand.web.rows import Face, faces, rows


@require_safe
def home(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    return redirect("inbox", inbox.View.MINE)


@require_safe
def show(request: HttpRequest, view: str) -> HttpResponse:
    if view not in {one.value for one in inbox.View}:
        raise Http404
    member, at = reader(request), timezone.now()
    status = request.GET.get("status", Status.OPEN)
    if status not in Status.values:
        status = Status.OPEN
    after = request.GET.get("after", "")
    page = inbox.page(inbox.View(view), member, status, after=after)
    shown = rows(page.conversations, at=at)
    context = {
        "view": view,
        "status": status,
        "groups": [(standing, list(group)) for standing, group in groupby(shown, lambda row: row.standing)],
        "waiting": _waited_longest(inbox.View(view), request) if status == Status.OPEN and shown else None,
        "next_page": f"?{urlencode({'status': status, 'after': page.next})}" if page.next else "",
        "previous_page": f"?{urlencode({'status': status})}" if after else "",
    }
    return render(request, "inbox.html", context)


@dataclass(frozen=True)
class Waiting:
    """Whoever has waited longest."""

    customer: Face
    waiting_since: datetime


def _waited_longest(view: inbox.View, request: HttpRequest) -> Waiting | None:
    waiting = inbox.standing_in(view, reader(request), Status.OPEN)
    promise = (
        Promise.objects.filter(Exists(waiting.filter(pk=OuterRef("conversation"))), kept_at=None, withdrawn_at=None)
        .select_related("conversation__customer")
        .order_by("made_at")
        .first()
    )
    if promise is None:
        return None
    customer = promise.conversation.customer
    return Waiting(faces([customer])[customer.pk], promise.made_at)
