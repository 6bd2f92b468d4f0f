"""Headers that every response carries, errors and files included; those that a page sets itself stay."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADERS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    # Of files and of what is answered in front of Django; pages have the policy of the settings.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def plain() -> list[tuple[bytes, bytes]]:
    """The same for what is answered in front of Django, as ASGI has headers: words alone, which act nowhere."""
    secure = settings.SECURE_HSTS_SECONDS
    more = {"Strict-Transport-Security": f"max-age={secure}"} if secure else {}
    always = HEADERS | more | {"Cache-Control": "no-store"}
    return [(name.lower().encode(), value.encode()) for name, value in always.items()]


class SafetyMiddleware:
    """The outermost of all, so that nothing leaves without it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
