"""Two conversations are one, or two after all; one is about two things."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import reselect, reswap, retarget

from everyhand.conversations import queries
from everyhand.conversations.models import Conversation, Joining
from everyhand.desk import join as desk
from everyhand.web.choosing import found, number_of
from everyhand.web.permissions import conversation_or_404, message_or_404, reader
from everyhand.web.rows import rows

# Of a conversation's page, what fetches itself again when it moves.
LIVE: Final = ("before", "timeline")


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Which conversation belongs into this one? The customer's others stand there, and any can be looked for."""
    conversation = conversation_or_404(request, pk)
    if request.method == "POST":
        return _join(request, conversation)
    words = request.GET.get("q", "").replace("\0", "").strip()[:300]
    others = found(words, conversation, reader(request))
    context = {"conversation": conversation, "q": words, "others": rows(others, at=timezone.now())}
    return render(request, "merging_conversations.html", context)


def lead_on(request: HttpRequest, merged: int, kept: int) -> HttpResponse:
    """Where the conversation `merged` stands now. An open page of it, which fetches what is new, gets a word of that
    instead, and keeps what is being written on it.
    """
    if request.headers.get("HX-Target") not in LIVE:
        return redirect("conversation", kept)
    conversation = conversation_or_404(request, kept)
    joining = Joining.objects.filter(merged=merged, undone_at=None).select_related("by").first()
    page = render(request, "_moved.html", {"moved_to": conversation, "by": joining.by if joining else None})
    return retarget(reswap(reselect(page, "#moved"), "outerHTML"), "#moved")


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    joining = get_object_or_404(Joining, pk=pk)
    conversation = conversation_or_404(request, queries.kept_of(joining.kept_id))
    try:
        desk.undo(joining, by=reader(request), at=timezone.now())
    except (desk.MovedOn, desk.NotYours):
        messages.error(request, _("It was merged again since. Undo that first."))
        return redirect("conversation", conversation.pk)
    messages.success(request, _("They are two conversations again, each with what it had."))
    return redirect("conversation", joining.kept_id)


@require_POST
def split(request: HttpRequest, pk: int) -> HttpResponse:
    """From this message on it is a conversation of its own."""
    message = message_or_404(request, pk)
    if message.conversation.aside_of_id:
        raise Http404
    try:
        made = desk.split(message, by=reader(request), at=timezone.now())
    except ValueError:
        messages.error(request, _("The conversation begins with this message, so nothing would stay behind."))
        return redirect("conversation", message.conversation_id)
    messages.success(request, _("This is a conversation of its own now. Merging it back undoes that."))
    return redirect("conversation", made.pk)


def _join(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    other = conversation_or_404(request, number_of(request.POST.get("other", "")))
    try:
        joining = desk.join(conversation, other, by=reader(request), at=timezone.now())
    except desk.NotYours as error:
        raise Http404 from error
    except ValueError:
        messages.error(request, _("They are one conversation already."))
        return redirect("conversation", conversation.pk)
    told = _("They are one conversation now. Nothing was sent. You can undo it where the timeline tells of it.")
    messages.success(request, told)
    return redirect("conversation", joining.kept_id)
