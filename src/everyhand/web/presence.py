"""A page says that its reader is writing; colleagues who look see it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from everyhand.web.live.hub import hub
from everyhand.web.live.presence import Who
from everyhand.web.permissions import kept_or_404, reader


@require_POST
def writing(request: HttpRequest, pk: int) -> HttpResponse:
    conversation, member = kept_or_404(request, pk), reader(request)
    hub.presence.writes(Who.of(member), conversation.pk)
    return HttpResponse(status=204)
