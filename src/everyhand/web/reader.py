"""Who reads: their language, their time zone, and what every page shows of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.middleware import get_user
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html

from everyhand.core import journal
from everyhand.people.models import Member
from everyhand.web import signing_in
from everyhand.web.counts import Counts

THEMES = ("light", "dark")


class ReaderMiddleware:
    """Speaks the member's language in their time zone. What is shown to them is kept by no cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Not the stand-in that finds out who it is when it is asked: a page asks hundreds of times.
        request.user = get_user(request)
        member = request.user if isinstance(request.user, Member) else None
        language = (member.language if member else "") or translation.get_language_from_request(request)
        zone = (member.time_zone if member else "") or settings.EVERYHAND.time_zone
        # Before anything is read for the page, so that what happens while it is made is told to it afterwards.
        request.live_since = journal.newest() if member and request.method == "GET" else ""  # type: ignore[attr-defined]
        with translation.override(language), timezone.override(ZoneInfo(zone)):
            response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Content-Language", language)
        return response


def context(request: HttpRequest) -> dict[str, object]:
    """What base.html expects on every page. The counts are read when the page shows them."""
    user = getattr(request, "user", None)
    member = user if isinstance(user, Member) else None
    language = translation.get_language() or settings.LANGUAGE_CODE
    token = SimpleLazyObject(partial(get_token, request))
    theme = request.COOKIES.get("theme", "")
    return {
        "csrf_token": token,
        "csrf_input": _CsrfInput(token),
        "member": member,
        "counts": Counts(member) if member else None,
        "theme": theme if theme in THEMES else "",
        "messages": get_messages(request),
        "shortcuts": request.COOKIES.get("shortcuts") != "off",
        "language": language,
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "live_since": getattr(request, "live_since", ""),
        "ways_in": signing_in.ways_in,
        "company": settings.EVERYHAND.company,
    }


class _CsrfInput:
    """The same in every form of a page: to mask the secret anew for each of thirty takes a millisecond."""

    def __init__(self, token: object) -> None:
        self._token = token

    def __html__(self) -> str:
        return self._html

    @cached_property
    def _html(self) -> str:
        return format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', str(self._token))
