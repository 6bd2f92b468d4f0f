"""Whether this installation works, for whoever watches it from outside. It tells no secret and needs no sign-in."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from everyhand.core import heartbeat, viruses

# What must have said within the last minute that it runs.
PARTS = ("filing", "worker")


@require_safe
@login_not_required
def show(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """200 and "ok" for the database, for filing and for the worker; 503 when the database is unreachable.

    A silent part or a virus scanner that is away is told but is no 503: pages still work, and taking them away too
    would help nobody.
    """
    try:
        silent = heartbeat.silent(PARTS, at=timezone.now())
    except DatabaseError:
        return JsonResponse({"database": "unreachable"}, status=503)
    well = {"database": "ok", **{part: "silent" if part in silent else "ok" for part in PARTS}}
    if scanner := settings.EVERYHAND.clamav:
        well["virus_scanner"] = "ok" if viruses.answers(scanner) else "away"
    return JsonResponse(well)
