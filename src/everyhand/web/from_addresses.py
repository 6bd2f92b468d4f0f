"""The addresses that replies may come from; administrators keep them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everyhand.channels.email import from_addresses
from everyhand.channels.email.models import FromAddress
from everyhand.web.permissions import for_admins, reader


class FromAddressForm(forms.ModelForm):  # type: ignore[type-arg] # the real one takes no argument
    class Meta:
        model = FromAddress
        fields = ("address", "name", "team", "signature")
        widgets = {"signature": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "name": _("Stands behind the writer’s own name, as in “Ana Silva (The Courier)”. Empty means the company."),
            "team": _("Its conversations are answered from here, and only its members may choose it."),
            "signature": _("Below each one’s own. Empty means the lines of the conversation’s team."),
        }
        error_messages = {"address": {"unique": _("This address is here already.")}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team = self.fields["team"]
        if isinstance(team, forms.ModelChoiceField):
            team.empty_label = gettext("No team: everybody may choose it")

    def clean_address(self) -> str:
        return str(self.cleaned_data["address"]).strip().lower()


@require_safe
@for_admins
def show_all(request: HttpRequest) -> HttpResponse:
    return render(request, "from_addresses.html", {"addresses": FromAddress.objects.select_related("team")})


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def add(request: HttpRequest) -> HttpResponse:
    return _edit(request, FromAddress())


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def change(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(FromAddress, pk=pk))


@require_POST
@for_admins
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(FromAddress, pk=pk)
    from_addresses.remove(one, by=reader(request), at=timezone.now())
    messages.success(request, gettext("Replies can’t come from %(address)s any more.") % {"address": one.address})
    return redirect("from_addresses")


def _edit(request: HttpRequest, one: FromAddress) -> HttpResponse:
    address = one.address
    form = FromAddressForm(request.POST or None, instance=one)
    if request.method == "POST" and form.is_valid():
        try:
            from_addresses.keep(form.instance, by=reader(request), at=timezone.now())
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            messages.success(request, gettext("Saved."))
            return redirect("from_addresses")
    context = {"form": form, "id": one.pk, "address": address}
    return render(request, "from_address_form.html", context, status=422 if form.errors else 200)
