"""Members who follow a conversation hear how it goes on; each decides that for themselves."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from everyhand.conversations import following
from everyhand.web.handing_over import back_to
from everyhand.web.permissions import conversation_or_404, reader


@require_POST
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    following.follow(conversation_or_404(request, pk), member=reader(request), at=timezone.now())
    messages.success(request, _("You follow it: you are told when they write again, and of notes."))
    return redirect("conversation", pk)


@require_POST
def unfollow(request: HttpRequest, pk: int) -> HttpResponse:
    """Whoever saw it for that reason alone does not see it any more."""
    conversation, member = conversation_or_404(request, pk), reader(request)
    following.unfollow(conversation, member=member, at=timezone.now())
    messages.success(request, _("You don’t follow it any more."))
    return back_to(member, conversation)
