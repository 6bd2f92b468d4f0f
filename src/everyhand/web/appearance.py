"""How the product looks and answers to keys on this device: kept in cookies, since it is the device's affair."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from everyhand.web.reader import THEMES

A_YEAR = 365 * 24 * 3600


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("theme", "")
    return _kept(request, "theme", chosen if chosen in THEMES else "")


@require_POST
def shortcuts(request: HttpRequest) -> HttpResponse:
    """One-letter keys are on until somebody switches them off: who speaks to their computer needs them off."""
    return _kept(request, "shortcuts", "off" if request.POST.get("shortcuts") == "off" else "")


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """What the one-letter keys do."""
    return render(request, "keys.html")


def _kept(request: HttpRequest, name: str, value: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
    else:
        back = request.headers.get("Referer", "")
        safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
        response = redirect(back if safe else "home")
    if value:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(name, value, max_age=A_YEAR, httponly=True, samesite="Lax", secure=secure)
    else:
        response.delete_cookie(name, samesite="Lax")
    return response
