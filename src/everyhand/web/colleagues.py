"""Colleagues who can be called into a conversation with @, offered while somebody writes a note."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from everyhand.conversations import mentions
from everyhand.web.permissions import kept_or_404, reader


@require_safe
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Those whose name or address begins with `q`, by name: {"found": [{"name", "about", "as": what is written}]}."""
    conversation = kept_or_404(request, pk)
    found = mentions.find(conversation, request.GET.get("q", "")[:100], by=reader(request))
    return JsonResponse({"found": [{"name": one.name, "about": one.title, "as": words} for one, words in found]})
