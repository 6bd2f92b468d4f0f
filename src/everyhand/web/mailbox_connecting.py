"""Connecting a mailbox, page by page: its address, its server, what would happen, and only then it is connected."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from everyhand.channels.email.authentication.lookup import Dns, Questions
from everyhand.channels.email.fetching import connecting, discovery
from everyhand.channels.email.fetching.discovery import Place
from everyhand.web import mailbox_draft
from everyhand.web.mailbox_check import Failed, check
from everyhand.web.mailbox_draft import Draft
from everyhand.web.mailbox_forms import AddressForm, DaysForm, ServerForm, SignIn
from everyhand.web.permissions import for_admins, reader

_dns = Dns()
LOOKS_FOR = ("google", "microsoft", "other")


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def begin(request: HttpRequest) -> HttpResponse:
    """Ask for the address, then for the server it is at, with everything filled in that can be found out."""
    if request.method == "POST":
        return _try(request)
    asked = AddressForm(request.GET if "address" in request.GET else None)
    if not asked.is_valid():
        return render(request, "mailbox_address.html", {"form": asked}, status=422 if asked.errors else 200)
    address = asked.cleaned_data["address"]
    place = discovery.find(address, Questions(_dns, seconds=discovery.SECONDS))
    typed = {"address": address, "user": address, "host": place.host, "port": place.port, "security": place.security}
    return _server_page(request, ServerForm(initial=typed), address, place)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def forecast(request: HttpRequest) -> HttpResponse:
    """Say what would happen; count anew for another number of days, or connect."""
    at = timezone.now()
    draft = mailbox_draft.kept(request, at=at)
    if draft is None or draft.found is None:
        return _begin_anew(request)
    form = DaysForm(request.POST or None, initial={"days": draft.days})
    said = ""
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["days"] == draft.days and request.POST.get("do") == "connect":
            return _connect(request, draft, draft.found, at=at)
        try:
            draft.days = form.cleaned_data["days"]
            draft.found = check(draft.row(), secret=draft.secret, days=draft.days, at=at)
        except Failed as failed:
            form.add_error(None, failed.sentence)
            said = failed.said
        else:
            mailbox_draft.keep(request, draft, at=at)
            return redirect("mailbox_forecast")
    context = {
        "form": form,
        "draft": draft,
        "found": draft.found,
        "sentence": connecting.forecast(draft.found, draft.days),
        "said": said,
    }
    return render(request, "mailbox_forecast.html", context, status=422 if form.errors else 200)


def _try(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    earlier = mailbox_draft.kept(request, at=at)
    form = ServerForm(request.POST, kept_secret=_kept_secret(earlier, request))
    said = ""
    if form.is_valid():
        draft = form.draft()
        try:
            draft.found = check(draft.row(), secret=draft.secret, days=draft.days, at=at)
        except Failed as failed:
            form.add_error(failed.field, failed.sentence)
            said = failed.said
            mailbox_draft.keep(request, draft, at=at)
            if failed.field != "password":
                form.tell_that_it_is_kept()
        else:
            mailbox_draft.keep(request, draft, at=at)
            return redirect("mailbox_forecast")
    elif request.POST.get("password"):
        form.ask_for_the_password_again()
    host = request.POST.get("host", "")
    place = Place(host, provider=discovery.at_host(host))
    return _server_page(request, form, request.POST.get("address", ""), place, said=said)


def _kept_secret(earlier: Draft | None, request: HttpRequest) -> str:
    """The password of the try before, as long as it stays with the mailbox and the server it was typed for."""
    if earlier is None or earlier.sign_in != SignIn.PASSWORD:
        return ""
    same = (earlier.user, earlier.host) == (request.POST.get("user"), request.POST.get("host"))
    return earlier.secret if same else ""


def _server_page(request: HttpRequest, form: ServerForm, address: str, place: Place, *, said: str = "") -> HttpResponse:
    looks_for = request.GET.get("at", "")
    sign_in = place.provider.sign_in if place.provider else SignIn.PASSWORD
    if looks_for in LOOKS_FOR:
        sign_in = SignIn(looks_for) if looks_for != "other" else SignIn.PASSWORD
    asks = sign_in != SignIn.PASSWORD and not form.is_bound
    context = {
        "form": form,
        "address": address,
        "place": place,
        "sign_in": SignIn(sign_in).label if asks else "",
        "sign_in_code": str(sign_in) if asks else "",
        "said": said,
    }
    return render(request, "mailbox_server.html", context, status=422 if form.errors else 200)


def _connect(request: HttpRequest, draft: Draft, found: connecting.Found, *, at: datetime) -> HttpResponse:
    box = draft.row()
    connecting.seal(box, secret=draft.secret, days=draft.days, at=at)
    stored = connecting.connect(box, found, address=draft.address, days=draft.days, at=at, by=reader(request))
    mailbox_draft.forget(request)
    messages.success(
        request, _("%(address)s is connected. Its mail comes in from now on.") % {"address": stored.mailbox.address}
    )
    return redirect("mailboxes")


def _begin_anew(request: HttpRequest) -> HttpResponse:
    messages.error(request, _("What you had typed is gone: more than an hour has passed. Please begin anew."))
    return redirect("new_mailbox")
