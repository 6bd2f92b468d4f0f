"""Whether this installation works, for whoever watches it from outside. It tells no secret and needs no sign-in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@require_safe
@login_not_required
def show(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """200 and {"database": "ok"}, or 503 and what does not work."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"database": "unreachable"}, status=503)
    return JsonResponse({"database": "ok"})
