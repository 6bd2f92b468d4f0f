"""The addresses that replies may come from; administrators keep them, and whoever leads a team keeps that team's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everyhand.channels.email import from_addresses
from everyhand.channels.email.models import FromAddress
from everyhand.people.models import Member, Team
from everyhand.web.permissions import for_leads, reader


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

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team = self.fields["team"]
        if isinstance(team, forms.ModelChoiceField):
            team.empty_label = gettext("No team: everybody may choose it") if by.may_set_up else None
            if not by.may_set_up:
                team.queryset, team.required = Team.objects.filter(pk__in=by.led_teams), True

    def clean_address(self) -> str:
        return str(self.cleaned_data["address"]).strip().lower()


@require_safe
@for_leads
def show_all(request: HttpRequest) -> HttpResponse:
    return render(request, "from_addresses.html", {"addresses": from_addresses.kept_by(reader(request))})


@require_http_methods(["GET", "HEAD", "POST"])
@for_leads
def add(request: HttpRequest) -> HttpResponse:
    return _edit(request, FromAddress())


@require_http_methods(["GET", "HEAD", "POST"])
@for_leads
def change(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, _theirs(request, pk))


@require_POST
@for_leads
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    one = _theirs(request, pk)
    from_addresses.remove(one, by=reader(request), at=timezone.now())
    messages.success(request, gettext("Replies can’t come from %(address)s any more.") % {"address": one.address})
    return redirect("from_addresses")


def _theirs(request: HttpRequest, pk: int) -> FromAddress:
    one = get_object_or_404(FromAddress, pk=pk)
    if not from_addresses.kept_by(reader(request)).filter(pk=pk).exists():
        raise PermissionDenied
    return one


def _edit(request: HttpRequest, one: FromAddress) -> HttpResponse:
    address = one.address
    form = FromAddressForm(request.POST or None, instance=one, by=reader(request))
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
