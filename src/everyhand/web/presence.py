"""A page says what its reader does: that they write, which colleagues see, or that they read what was fetched ahead."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from everyhand.core import looks
from everyhand.web.live.hub import hub
from everyhand.web.live.presence import Who
from everyhand.web.permissions import kept_or_404, reader


@require_POST
def writing(request: HttpRequest, pk: int) -> HttpResponse:
    conversation, member = kept_or_404(request, pk), reader(request)
    hub.presence.writes(Who.of(member), conversation.pk)
    return HttpResponse(status=204)


@require_POST
def reading(request: HttpRequest, pk: int) -> HttpResponse:
    """What was fetched ahead is on the screen now: that they saw it is written down."""
    conversation, member, at = kept_or_404(request, pk), reader(request), timezone.now()
    if not looks.is_known(member, conversation, at=at):
        looks.write(member, conversation, at=at)
    return HttpResponse(status=204)
