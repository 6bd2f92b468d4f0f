"""Two conversations are linked by hand, and unlinked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from everyhand.conversations.links import LONGEST_REASON
from everyhand.conversations.models import Conversation
from everyhand.desk import linking
from everyhand.web.choosing import found, number_of
from everyhand.web.permissions import conversation_or_404, reader
from everyhand.web.rows import rows
from everyhand.web.triage import tell


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Which conversation belongs together with this one, and why? Looking for it keeps the reason that was typed."""
    conversation = conversation_or_404(request, pk)
    if request.method == "POST" and "look" not in request.POST:
        return _link(request, conversation)
    typed = request.POST or request.GET
    words = typed.get("q", "").replace("\0", "").strip()[:300]
    reason = typed.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON]
    others = rows(found(words, conversation, reader(request)), at=timezone.now())
    context = {"conversation": conversation, "q": words, "reason": reason, "others": others}
    return render(request, "linking.html", context)


@require_POST
def unlink(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = conversation_or_404(request, pk)
    other = conversation_or_404(request, number_of(request.POST.get("other", "")))
    unlinked = linking.unlink(conversation, other, by=reader(request), at=timezone.now())
    if unlinked:
        tell(request, _("They are not linked any more."), unlinked)
    return redirect("conversation", pk)


def _link(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    other = conversation_or_404(request, number_of(request.POST.get("other", "")))
    reason = " ".join(request.POST.get("reason", "").replace("\0", "").split())[:LONGEST_REASON]
    try:
        linked = linking.link(conversation, other, reason=reason, by=reader(request), at=timezone.now())
    except ValueError:
        messages.error(request, _("A conversation always belongs together with itself. Choose another one."))
        return redirect("conversation_linking", conversation.pk)
    if linked:
        tell(request, _("Linked. Both show it to whoever may see the other."), linked)
    else:
        messages.info(request, _("They were linked already."))
    return redirect("conversation", conversation.pk)
