"""A form for whoever met a customer: what they said is written down and becomes a conversation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from everyhand.channels.email import queries
from everyhand.conversations.written_down import How
from everyhand.desk.capture import capture
from everyhand.desk.inbound import Address
from everyhand.people.models import Member
from everyhand.web.handing_over import back_to
from everyhand.web.permissions import reader


def of_a_customer(email: str) -> str:
    """The same address. Raises `ValidationError` when it is one of us, or of ours."""
    if colleague := Member.objects.filter(email=email.lower()).first():
        raise ValidationError(
            _("%(name)s is a colleague. Write down what a customer said."), params={"name": colleague.name}
        )
    if queries.ours([email]):
        raise ValidationError(_("This is an address of ours."))
    return email


class Form(forms.Form):
    name = forms.CharField(label=_("Who was it?"), required=False, max_length=200)
    email = forms.EmailField(
        label=_("Their mail address"),
        required=False,
        max_length=320,
        help_text=_("If you have it: with it we can answer by mail, and know them again."),
    )
    how = forms.ChoiceField(
        label=_("Where did they say it?"),
        choices=[
            (How.IN_PERSON, _("In person")),
            (How.PHONE, _("On the phone")),
            (How.ELSEWHERE, _("Somewhere else, such as on another site")),
        ],
    )
    said = forms.CharField(
        label=_("What did they say?"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
        help_text=_("In their words, as far as you remember them."),
    )
    subject = forms.CharField(
        label=_("Subject"), required=False, max_length=300, help_text=_("Empty means how it begins.")
    )
    beside = forms.CharField(
        label=_("For colleagues only"), required=False, max_length=100_000, widget=forms.Textarea(attrs={"rows": 2})
    )
    mine = forms.BooleanField(label=_("I answer for it myself"), required=False)

    def clean_email(self) -> str:
        return of_a_customer(self.cleaned_data["email"])

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not (given.get("name") or given.get("email") or self.errors):
            self.add_error("name", _("Write their name or their address, so that somebody can find them again."))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    form = Form(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "capturing.html", {"form": form}, status=422 if form.errors else 200)
    given, member = form.cleaned_data, reader(request)
    received = capture(
        customer=Address(given["name"], given["email"]),
        said=given["said"],
        how=How(given["how"]),
        by=member,
        at=timezone.now(),
        subject=given["subject"],
        beside=given["beside"],
        stays_with_me=given["mine"],
        answered_from=queries.mailbox_for([]),
    )
    words = gettext("Written down. %(name)s answers for it.")
    messages.success(request, words % {"name": received.conversation.owner.name})
    return back_to(member, received.conversation)
