"""A member's own picture: brought, shown to whoever works here, taken away."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from everyhand.core import pictures
from everyhand.people import portraits
from everyhand.people.models import Member
from everyhand.web.originals import download
from everyhand.web.permissions import reader
from everyhand.web.profiles import own_page
from everyhand.web.uploads import uploads

# A page may show fifty. The page of the profile makes each small before it is sent.
BYTES_AT_MOST: Final = 300_000


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    files, refused = uploads(request)
    wrong = refused[0] if refused else ""
    if not (files or wrong):
        wrong = _("Choose a picture.")
    elif files and not pictures.type_of(files[0].content):
        wrong = _("“%(name)s” is no picture. Choose a PNG, JPEG, GIF or WebP.") % {"name": files[0].name}
    elif files and len(files[0].content) > BYTES_AT_MOST:
        wrong = _("“%(name)s” is too large. Choose one of at most %(kilobytes)d kB.") % {
            "name": files[0].name,
            "kilobytes": BYTES_AT_MOST // 1000,
        }
    if wrong:
        return own_page(request, wrong_picture=wrong, status=422)
    portraits.keep(Member.objects.get(pk=reader(request).pk), files[0].content, at=timezone.now())
    messages.success(request, _("That is how colleagues see you now."))
    return redirect("profile")


@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    portraits.remove(Member.objects.get(pk=reader(request).pk), at=timezone.now())
    return redirect("profile")


@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:  # noqa: ARG001 (whoever works here may see it)
    member = get_object_or_404(Member.objects.select_related("portrait").exclude(portrait=None), picture=token)
    content = bytes(member.portrait.content) if member.portrait else b""
    response = download(content, "face", pictures.type_of(content))
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
