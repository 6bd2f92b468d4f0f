"""Leading a browser from our form to the company's own sign-in."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(request: HttpRequest, address: str) -> HttpResponse:
    """A page that goes on to `address` by itself. Our policy lets forms lead to us alone, and browsers hold what they
    are redirected to against it, too: a plain redirect would end there.
    """
    return render(request, "account/leaving_for.html", {"address": address, "host": urlsplit(address).hostname})
