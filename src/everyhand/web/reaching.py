"""An address for a customer who gave none, typed where their answer would be."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from everyhand.desk.reachable import give_address
from everyhand.web import conversation as pages
from everyhand.web.capturing import of_a_customer
from everyhand.web.permissions import conversation_or_404, reader


class AddressForm(forms.Form):
    email = forms.EmailField(max_length=320)

    def clean_email(self) -> str:
        return of_a_customer(self.cleaned_data["email"])


@require_POST
def show(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = conversation_or_404(request, pk)
    form = AddressForm(request.POST)
    wrong = "" if form.is_valid() else " ".join(map(str, form.errors["email"]))
    typed = request.POST.get("email", "")[:320]
    if not wrong and not give_address(conversation, email=typed, by=reader(request), at=timezone.now()):
        wrong = _("Somebody else is known by this address. If they are one person, merge them on the customer’s page.")
    if wrong:
        return pages.page(request, conversation, no_address=pages.NoAddress(typed, wrong), status=422)
    messages.success(request, _("Kept. Now you can answer."))
    return redirect(f"{redirect('conversation', pk).url}#composer")
