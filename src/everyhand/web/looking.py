"""Writing down who saw what, after the page has left: whoever reads never waits for it."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeVar

import structlog
from django.db import Error
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from everyhand.core import looks
from everyhand.people.models import Member
from everyhand.web.permissions import reader

log = structlog.get_logger(__name__)

Response = TypeVar("Response", bound=HttpResponseBase)

# What a browser asks for before its reader does (static/everyhand/fetching.js) says so, and is no look yet.
_AHEAD_OF_THE_READER: Final = "Everyhand-Ahead"


def part_seen(request: HttpRequest) -> str:
    """What `seen` is told of a page: "" for all of it, "ahead" when it was fetched ahead and perhaps never read."""
    return "ahead" if _AHEAD_OF_THE_READER in request.headers else ""


def seen(request: HttpRequest, response: Response, thing: object, part: object = "") -> Response:
    """The same response; once it is sent, that its reader saw `thing`, or of it only `part`, is written down.

    Whoever saw it earlier in this hour costs nothing: no query, no write.
    """
    member, at = reader(request), timezone.now()
    if request.method == "GET" and response.status_code == 200 and not looks.is_known(member, thing, part, at=at):
        close = response.close

        def close_and_write() -> None:
            close()
            _write(member, thing, part, at)

        response.close = close_and_write  # type: ignore[method-assign] # the server calls it when all is sent
    return response


def _write(member: Member, thing: object, part: object, at: datetime) -> None:
    try:
        looks.write(member, thing, part, at=at)
    except Error:  # the page is gone already; the next look within the hour tries again
        log.exception("a look could not be written down", member=member.pk)
