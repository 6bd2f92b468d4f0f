"""Signing out elsewhere: one browser, or all but this one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from everyhand.people import sessions, sign_ins
from everyhand.web.permissions import reader
from everyhand.web.sign_in_record import place_of


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    key = request.POST.get("session", "")
    if key.isdecimal() and len(key) < 19 and sessions.end(reader(request), only=int(key)):
        sign_ins.ended_elsewhere(reader(request), 1, place=place_of(request), at=timezone.now())
        messages.success(request, _("That browser is signed out."))
    return redirect("mfa_index")


@require_POST
def end_all(request: HttpRequest) -> HttpResponse:
    ended = sessions.end(reader(request), but=request.session.session_key or "")
    sign_ins.ended_elsewhere(reader(request), ended, place=place_of(request), at=timezone.now())
    messages.success(request, _("You are signed out everywhere but here."))
    return redirect("mfa_index")
