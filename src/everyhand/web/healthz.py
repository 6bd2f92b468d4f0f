"""Whether this installation works, for whoever watches it from outside. It tells no secret and needs no sign-in."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from everyhand.core import heartbeat, viruses
from everyhand.escalation import queries as escalation

# What must have said within the last minute that it runs.
PARTS = ("filing", "worker")


@require_safe
@login_not_required
def show(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """200 and "ok" for the database, for filing, for the worker and for escalation; 503 without a database.

    That rungs are climbed in time is looked at here, in another process than the one that climbs them. A silent part
    or a virus scanner that is away is told but is no 503: pages still work, and taking them away too would help
    nobody.
    """
    try:
        at = timezone.now()
        silent, late = heartbeat.silent(PARTS, at=at), escalation.is_late(at=at)
    except DatabaseError:
        return JsonResponse({"database": "unreachable"}, status=503)
    well = {"database": "ok", **{part: "silent" if part in silent else "ok" for part in PARTS}}
    well["escalation"] = "late" if late else "ok"
    if scanner := settings.EVERYHAND.clamav:
        well["virus_scanner"] = "ok" if viruses.answers(scanner) else "away"
    return JsonResponse(well)
