"""Who answers for a conversation, whether it is settled, and who outside takes part."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from everyhand.conversations import sight, taking_part
from everyhand.conversations.models import Conversation, Participant
from everyhand.desk import close as closing
from everyhand.desk.hand_over import hand_over
from everyhand.people import actions as people
from everyhand.people.models import Member, Team
from everyhand.web.permissions import conversation_or_404, reader
from everyhand.web.triage import tell


@require_POST
def assignment(request: HttpRequest, pk: int) -> HttpResponse:
    conversation, member = conversation_or_404(request, pk), reader(request)
    key = request.POST.get("owner", "")
    owner = Member.objects.filter(pk=key, is_active=True).first() if key.isdecimal() and len(key) < 19 else None
    if owner is None:
        messages.error(request, _("Choose the person who answers for it now: somebody always does."))
        return redirect("conversation", pk)
    # “I take it” leaves the team as it is.
    team = Team.objects.filter(slug=request.POST["team"]).first() if "team" in request.POST else conversation.team
    try:
        assigned = hand_over(conversation, owner=owner, team=team, by=member, at=timezone.now())
    except people.Gone:
        messages.error(request, _("%(name)s was let go just now. Choose somebody else.") % {"name": owner.name})
        return redirect("conversation", pk)
    if assigned:
        tell(request, _("%(name)s answers for it now.") % {"name": owner.name}, assigned)
    return back_to(member, conversation)


@require_POST
def closure(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle it, or put it away with `why=not_for_us`."""
    away = request.POST.get("why") == closing.NOT_FOR_US
    why = closing.NOT_FOR_US if away else ""
    closed = closing.close(conversation_or_404(request, pk), by=reader(request), at=timezone.now(), why=why)
    if closed:
        said = _("Put away: not for us.") if away else _("Closed. It opens again by itself when they write.")
        tell(request, said, closed)
    return redirect("conversation", pk)


@require_POST
def reopening(request: HttpRequest, pk: int) -> HttpResponse:
    reopened = closing.reopen(conversation_or_404(request, pk), by=reader(request), at=timezone.now())
    if reopened:
        tell(request, _("Opened again."), reopened)
    return redirect("conversation", pk)


@require_POST
def approval(request: HttpRequest, pk: int) -> HttpResponse:
    participant = _participant_or_404(request, pk)
    taking_part.approve(participant, by=reader(request), at=timezone.now())
    return redirect("conversation", participant.conversation_id)


@require_POST
def refusal(request: HttpRequest, pk: int) -> HttpResponse:
    participant = _participant_or_404(request, pk)
    taking_part.decline(participant, by=reader(request), at=timezone.now())
    return redirect("conversation", participant.conversation_id)


def _participant_or_404(request: HttpRequest, pk: int) -> Participant:
    rows = Participant.objects.filter(sight.seen_by(reader(request), "conversation"))
    return get_object_or_404(rows.select_related("conversation"), pk=pk)


def back_to(member: Member, conversation: Conversation) -> HttpResponse:
    """To the conversation, or to the inbox when it is not theirs to see any more."""
    if sight.may_see(member, conversation.pk):
        return redirect("conversation", conversation.pk)
    return redirect("home")
