"""Asking Google or Microsoft for the permission to read a mailbox: out to the provider, and back with the answer."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import httpx
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everyhand.channels.email.fetching import connecting, consent, discovery, oauth
from everyhand.channels.email.fetching.consent import Application, NotAgreed
from everyhand.channels.email.models import ConnectedMailbox
from everyhand.core import secrets
from everyhand.web import mailbox_draft
from everyhand.web.mailbox_check import Failed, check
from everyhand.web.mailbox_draft import Draft
from everyhand.web.mailbox_forms import AddressForm, ApplicationForm, SignIn
from everyhand.web.permissions import for_admins, reader

# Where the mailboxes lie that each of them gives permission for: server and port.
PLACES: Final = {SignIn.GOOGLE: ("imap.gmail.com", 993), SignIn.MICROSOFT: ("outlook.office365.com", 993)}


@require_POST
@for_admins
def ask(request: HttpRequest, sign_in: str) -> HttpResponse:
    """Make a question for a new mailbox, and keep what to compare the answer with."""
    asked = AddressForm(request.POST)
    form = ApplicationForm(request.POST, sign_in=sign_in)
    application = consent.registered(sign_in)
    if not asked.is_valid():
        return render(request, "mailbox_address.html", {"form": asked}, status=422)
    address = asked.cleaned_data["address"]
    if application is None:
        if "client_id" not in request.POST:
            form = ApplicationForm(sign_in=sign_in)
        if not form.is_valid():
            context = _about(sign_in, address, form)
            return render(request, "mailbox_application.html", context, status=422 if form.errors else 200)
        application = Application(**form.cleaned_data)
    host, port = PLACES[SignIn(sign_in)]
    draft = Draft(address, host, port, ConnectedMailbox.Security.TLS, address, "INBOX", sign_in, days=30)
    return _ask(request, draft, _at_home(application, address))


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for a mailbox whose permission has ended."""
    oauth_boxes = ConnectedMailbox.objects.exclude(sign_in=SignIn.PASSWORD).select_related("mailbox")
    box = get_object_or_404(oauth_boxes, pk=pk)
    known = consent.registered(box.sign_in) or _application_of(box)
    form = ApplicationForm(
        request.POST or None,
        sign_in=box.sign_in,
        initial={"client_id": known.client_id, "tenant": known.tenant} if known else None,
    )
    if request.method == "POST" and (known or form.is_valid()):
        application = known or Application(**form.cleaned_data)
        draft = Draft(
            box.mailbox.address, box.host, box.port, box.security, box.user, box.folder, box.sign_in, 0, renews=box.pk
        )
        return _ask(request, draft, application)
    context = {**_about(box.sign_in, box.user, None if known else form), "box": box}
    return render(request, "mailbox_application.html", context, status=422 if form.errors else 200)


@require_safe
@for_admins
def show(request: HttpRequest) -> HttpResponse:
    """Tell where the link leads before it is followed: a form may not lead out of here, for safety."""
    draft = mailbox_draft.kept(request, at=timezone.now())
    if draft is None or draft.question is None:
        return redirect("new_mailbox")
    context = {
        "draft": draft,
        "provider": SignIn(draft.sign_in).label,
        "page": consent.page(draft.question, user=draft.user),
    }
    return render(request, "mailbox_permission.html", context)


@require_safe
@for_admins
def answer(request: HttpRequest) -> HttpResponse:
    """Where the provider sends the browser back to. An answer to no question of this browser changes nothing."""
    at = timezone.now()
    draft = mailbox_draft.kept(request, at=at)
    if draft is None or draft.question is None:
        messages.error(request, _("This answer belongs to no question that was asked from here. Please begin anew."))
        return redirect("new_mailbox")
    provider = SignIn(draft.sign_in).label
    question, draft.question = draft.question, None
    mailbox_draft.keep(request, draft, at=at)  # whatever comes of it, the question is used up
    try:
        draft.secret = consent.granted(question, request.GET.dict()).written()
        found = check(draft.row(), secret=draft.secret, days=draft.days, at=at)
    except NotAgreed as why:
        return _failed(request, draft, _("%(provider)s gave no permission.") % {"provider": provider}, said=str(why))
    except httpx.HTTPError as error:
        sentence = _("%(provider)s could not be asked. Try again in a moment.") % {"provider": provider}
        return _failed(request, draft, sentence, said=str(error))
    except Failed as failed:
        return _failed(request, draft, failed.sentence, said=failed.said)
    if draft.renews:
        return _renewed(request, draft, at=at)
    draft.found = found
    mailbox_draft.keep(request, draft, at=at)
    return redirect("mailbox_forecast")


def _ask(request: HttpRequest, draft: Draft, application: Application) -> HttpResponse:
    draft.question = consent.ask(draft.sign_in, application, redirect_uri=_redirect_uri())
    mailbox_draft.keep(request, draft, at=timezone.now())
    return redirect("mailbox_permission")


def _redirect_uri() -> str:
    """The address to register at the provider. It does not come from the request, whose Host anybody can write."""
    return f"{settings.BASE_URL}{reverse('mailbox_permission_answer')}"


def _at_home(application: Application, address: str) -> Application:
    """Private customers of Microsoft are in a directory of their own."""
    domain = address.rpartition("@")[2]
    home = next((one.tenant for one in discovery.PROVIDERS if domain in one.domains and one.tenant), "")
    return Application(application.client_id, application.client_secret, home) if home else application


def _application_of(box: ConnectedMailbox) -> Application | None:
    """The application that the mailbox was connected with."""
    try:
        grant = oauth.Grant.read(secrets.unseal(box.secret))
    except (secrets.CannotOpen, oauth.GrantWrong):
        return None
    return Application(grant.client_id, grant.client_secret, grant.tenant)


def _about(sign_in: str, address: str, form: ApplicationForm | None) -> dict[str, object]:
    return {
        "provider": SignIn(sign_in).label,
        "sign_in_code": sign_in,
        "address": address,
        "form": form,
        "redirect_uri": _redirect_uri(),
    }


def _failed(request: HttpRequest, draft: Draft, sentence: str, *, said: str) -> HttpResponse:
    context = {
        "draft": draft,
        "provider": SignIn(draft.sign_in).label,
        "sentence": sentence,
        "said": said,
    }
    return render(request, "mailbox_permission.html", context, status=422)


def _renewed(request: HttpRequest, draft: Draft, *, at: datetime) -> HttpResponse:
    box = get_object_or_404(ConnectedMailbox.objects.select_related("mailbox"), pk=draft.renews)
    connecting.renew(box, secret=draft.secret, at=at, by=reader(request))
    mailbox_draft.forget(request)
    messages.success(request, _("The new permission works, and is used from now on."))
    return redirect("mailboxes")
