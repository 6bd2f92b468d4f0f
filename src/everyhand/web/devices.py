"""Devices that are told by push: adding this one, removing any of mine. The browser asks for them with scripts."""

from __future__ import annotations

import re
from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from everyhand.notices import devices, push_keys
from everyhand.notices.models import Device
from everyhand.web.permissions import reader

# Browsers call themselves after each other too, the one it is being the first of these.
_BROWSERS: Final = {"Firefox": "Firefox", "Edg": "Edge", "OPR": "Opera", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS: Final = ("Android", "iPhone", "iPad", "Windows", "Mac", "Linux")


@require_safe
@login_not_required  # browsers fetch it by themselves, and it holds nothing of ours
def worker(request: HttpRequest) -> FileResponse:  # noqa: ARG001
    """The service worker. It stands at the root, since it may only look after what lies below it."""
    script = finders.find("everyhand/push-worker.js")
    return FileResponse(open(str(script), "rb"), content_type="text/javascript; charset=utf-8")  # noqa: PTH123


@require_POST
def key(request: HttpRequest) -> HttpResponse:
    """The public key by which push services know us; the first who asks has it made."""
    reader(request)
    return JsonResponse({"key": push_keys.public(at=timezone.now())})


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """This browser asks to be told: what `PushSubscription.toJSON()` says, as fields of a form."""
    given = {name: request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")}
    try:
        devices.add(
            reader(request),
            endpoint=given["endpoint"],
            public_key=given["p256dh"],
            secret=given["auth"],
            name=_named(request.headers.get("User-Agent", "")),
            at=timezone.now(),
        )
    except devices.NotUsable as wrong:
        messages.error(request, str(wrong))
    else:
        messages.success(request, _("This device is told from now on."))
    return redirect("notice_settings")


@require_POST
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    member = reader(request)
    device = get_object_or_404(Device, pk=pk, member=member)
    devices.remove(device, by=member, at=timezone.now())
    messages.success(request, _("%(device)s is not told any more.") % {"device": device.name or _("The device")})
    return redirect("notice_settings")


def _named(user_agent: str) -> str:
    """“Firefox, Android”, by which its owner knows the device again; "" when it says nothing of itself."""
    browser = next((name for word, name in _BROWSERS.items() if re.search(rf"\b{word}", user_agent)), "")
    system = next((name for name in _SYSTEMS if name in user_agent), "")
    return ", ".join(filter(None, (browser, system)))
