"""Somebody must act now: raising hell, saying "I act", and how an escalation stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from everyhand.conversations.models import Conversation, Status
from everyhand.desk import escalate as desk
from everyhand.desk.reply import NothingToSend
from everyhand.escalation import ladders, queries
from everyhand.escalation.models import Rung, Whom
from everyhand.people.models import Member
from everyhand.web.permissions import conversation_or_404, reader

LONGEST_REASON = 5_000
_CLOSED = gettext_lazy("It is closed. Open it again first.")


@dataclass(frozen=True)
class Paged:
    member: Member
    at: datetime


@dataclass(frozen=True)
class EscalationShown:
    """An escalation that runs, and what its reader can do about it."""

    raised_by: Member | None
    why: str
    begun_at: datetime
    due_at: datetime | None  # when the answer is, or was, promised that is missing
    paged: Sequence[Paged]  # the last time each, the first one first
    acts: Member | None
    acts_since: datetime | None
    acts_until: datetime | None
    next_at: datetime | None
    may_call_off: bool


def shown(conversation: Conversation, *, reader: Member) -> EscalationShown | None:
    """The one that runs in it; three reads, and none where none runs."""
    running = queries.running_in(conversation) if conversation.escalated_at else None
    if running is None:
        return None
    paged = {page.member_id: Paged(page.member, page.at) for page in queries.pages_of(running)}
    following = queries.next_climb(running)
    missing = running.promise if running.promise and running.promise.kept_at is None else None
    return EscalationShown(
        raised_by=running.raised_by,
        why=running.note.text if running.note else "",
        begun_at=running.begun_at,
        due_at=missing.due_at if missing else None,
        paged=list(paged.values()),
        acts=running.acknowledged_by,
        acts_since=running.acknowledged_at,
        acts_until=running.acts_until,
        next_at=following.due_at if following else None,
        may_call_off=desk.may_call_off(running, reader),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def escalate(request: HttpRequest, pk: int) -> HttpResponse:
    """Why, and from which rung on?"""
    conversation = conversation_or_404(request, pk)
    if conversation.status == Status.CLOSED:
        messages.error(request, _CLOSED)
        return redirect("conversation", pk)
    ladder = ladders.rungs_of(ladders.of_team(conversation.team_id))
    why = request.POST.get("why", "").replace("\0", "").strip()
    error = _("Say what has happened, and what is needed. Whoever is woken reads it first.") if not why else ""
    if len(why) > LONGEST_REASON:
        error = _("Say it in at most %(num)d characters.") % {"num": LONGEST_REASON}
    place = _place(request.POST.get("place", ""), ladder)
    if request.method == "POST" and not error:
        try:
            desk.escalate(conversation, why=why, by=reader(request), at=timezone.now(), place=place)
        except (desk.Settled, NothingToSend):
            messages.error(request, _CLOSED)
        else:
            messages.success(request, _("People are paged now, until one of them acts."))
        return redirect("conversation", pk)
    context = {
        "conversation": conversation,
        "ladder": [(rung.place, reached_by(rung), rung.minutes) for rung in ladder],
        "place": place,
        "why": why,
        "error": error if request.method == "POST" else "",
    }
    return render(request, "escalating.html", context, status=422 if context["error"] else 200)


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    acts = desk.act(conversation_or_404(request, pk), by=reader(request), at=timezone.now())
    if acts:
        messages.success(request, _("You act: nobody else is paged. Answer the customer as soon as you can."))
    else:
        messages.info(request, _("It was settled meanwhile."))
    return redirect("conversation", pk)


@require_POST
def call_off(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        ended = desk.call_off(conversation_or_404(request, pk), by=reader(request), at=timezone.now())
    except desk.NotYours:
        messages.error(request, _("Only whoever raised it, or acts on it, calls it off; a missing answer is given."))
    else:
        messages.success(request, _("Called off: nobody else is paged.") if ended else _("It was settled meanwhile."))
    return redirect("conversation", pk)


def reached_by(rung: Rung) -> str:
    """Whom a rung pages, in words."""
    return str(rung.member) if rung.whom == Whom.MEMBER else str(Whom(rung.whom).label)


def _place(words: str, ladder: Sequence[Rung]) -> int:
    return min(int(words), len(ladder) - 1) if words.isdecimal() and len(words) < 3 else 0
