"""The mailboxes that are fetched: how each is doing, and what administrators can do about it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everyhand.channels.email import addresses
from everyhand.channels.email.fetching import connecting, health, receivers
from everyhand.channels.email.models import ConnectedMailbox, Mailbox
from everyhand.web.mailbox_check import Failed, check
from everyhand.web.mailbox_forms import PasswordForm, ReceiverForm, SignIn
from everyhand.web.permissions import for_admins, reader


class NewAddressForm(forms.Form):
    address = forms.CharField(
        label=_("Address"), max_length=320, widget=forms.TextInput(attrs={"placeholder": "help@example.com"})
    )
    name = forms.CharField(label=_("Name customers see"), max_length=200, required=False)

    def clean_address(self) -> str:
        return addresses.read(self.cleaned_data["address"])


@require_safe
@for_admins
def show_all(request: HttpRequest) -> HttpResponse:
    return _page(request, NewAddressForm())


@require_POST
@for_admins
def add_address(request: HttpRequest) -> HttpResponse:
    form = NewAddressForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    fields = form.cleaned_data
    if not addresses.add(fields["address"], name=fields["name"], at=timezone.now(), by=reader(request)):
        form.add_error("address", ValidationError(gettext("Mail is taken in at this address already.")))
        return _page(request, form)
    return redirect("mailboxes")


@require_POST
@for_admins
def remove_address(request: HttpRequest, pk: int) -> HttpResponse:
    """Take no mail in there any more, unless something still needs it."""
    box = get_object_or_404(Mailbox, pk=pk)
    try:
        addresses.remove(box, at=timezone.now(), by=reader(request))
    except ValidationError as needed:
        messages.error(request, " ".join(needed.messages))
    else:
        messages.success(request, gettext("No mail is taken in at %(address)s any more.") % {"address": box.address})
    return redirect("mailboxes")


@require_POST
@for_admins
def try_now(request: HttpRequest, pk: int) -> HttpResponse:
    connecting.try_now(_box(pk), at=timezone.now())
    messages.success(request, gettext("Trying now. This page shows within seconds how it went."))
    return redirect("mailboxes")


@require_POST
@for_admins
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    connecting.pause(_box(pk), at=timezone.now(), by=reader(request))
    return redirect("mailboxes")


@require_POST
@for_admins
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    connecting.resume(_box(pk), at=timezone.now(), by=reader(request))
    return redirect("mailboxes")


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def password(request: HttpRequest, pk: int) -> HttpResponse:
    """A new password, kept once the server has taken it."""
    box, at = _box(pk), timezone.now()
    if box.sign_in != SignIn.PASSWORD:
        return redirect("mailbox_permission_renewal", pk)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    said = ""
    if request.method == "POST" and form.is_valid():
        try:
            check(connecting.unstored(box), secret=form.cleaned_data["password"], days=0, at=at)
        except Failed as failed:
            said = failed.said
            form.add_error("password", failed.sentence)
        else:
            connecting.renew(box, secret=form.cleaned_data["password"], at=at, by=reader(request))
            messages.success(request, gettext("The new password works, and is used from now on."))
            return redirect("mailboxes")
    context = {"form": form, "box": box, "said": said}
    return render(request, "mailbox_password.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def receiver(request: HttpRequest, pk: int) -> HttpResponse:
    """Whose word is taken for who wrote the mail of this mailbox."""
    box = _box(pk)
    form = ReceiverForm(request.POST if request.method == "POST" else None, initial={"receiver": box.receiver})
    if request.method == "POST" and form.is_valid():
        receivers.believe(box, form.cleaned_data["receiver"], at=timezone.now(), by=reader(request))
        messages.success(request, gettext("From now on that holds for each mail that comes in."))
        return redirect("mailboxes")
    context = {"form": form, "box": box, "usual": receivers.usual(box.host)}
    return render(request, "mailbox_receiver.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what becomes of its mails, then forget it."""
    box = _box(pk)
    if request.method == "POST":
        connecting.disconnect(box, at=timezone.now(), by=reader(request))
        messages.success(request, gettext("%(address)s is not fetched any more.") % {"address": box.user})
        return redirect("mailboxes")
    return render(request, "mailbox_removal.html", {"box": box})


def _page(request: HttpRequest, form: NewAddressForm) -> HttpResponse:
    found = health.of_all(at=timezone.now())
    fetched = {one.box.mailbox_id for one in found}
    context = {"found": found, "others": Mailbox.objects.exclude(pk__in=fetched), "form": form}
    return render(request, "mailboxes.html", context, status=422 if form.errors else 200)


def _box(pk: int) -> ConnectedMailbox:
    return get_object_or_404(ConnectedMailbox.objects.select_related("mailbox"), pk=pk)
