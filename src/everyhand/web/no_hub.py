"""The address of live updates. The hub in front of Django answers it; this is what is said where no hub runs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def show(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """204 tells a browser's EventSource not to ask again (HTML Standard, section 9.2.3)."""
    return HttpResponse(status=204)
