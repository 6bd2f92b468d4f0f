"""How soon we promise an answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from everyhand.promises import terms
from everyhand.promises.terms import HowSoon
from everyhand.web import moments
from everyhand.web.permissions import for_admins, reader

UNITS: Final = {"minutes": 60, "hours": 3600, "days": 86_400}


class TermsForm(forms.Form):
    """A number and a unit for each."""

    first_reply = forms.IntegerField(label=_("A first personal reply within"), min_value=1, max_value=10_000)
    first_unit = forms.ChoiceField(
        label=_("Unit"), choices=[("minutes", _("minutes")), ("hours", _("hours")), ("days", _("days"))]
    )
    next_reply = forms.IntegerField(
        label=_("An answer to what they write after that within"), min_value=1, max_value=10_000
    )
    next_unit = forms.ChoiceField(label=_("Unit"), choices=first_unit.choices)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for field, unit in (("first_reply", "first_unit"), ("next_reply", "next_unit")):
            if field in given and unit in given:
                time = timedelta(seconds=given[field] * UNITS[given[unit]])
                given[f"{field}_within"] = time
                if not terms.SOONEST <= time <= terms.LATEST:
                    self.add_error(field, _("Promise something between 5 minutes and 30 days."))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def show(request: HttpRequest) -> HttpResponse:
    form = TermsForm(request.POST or None, initial=_typed(terms.current()))
    if request.method == "POST" and form.is_valid():
        how_soon = HowSoon(form.cleaned_data["first_reply_within"], form.cleaned_data["next_reply_within"])
        terms.keep(how_soon, by=reader(request), at=timezone.now())
        messages.success(request, gettext("Saved. It is promised to whoever writes from now on."))
        return redirect("ladders")
    return render(request, "promising.html", {"form": form}, status=422 if request.method == "POST" else 200)


def _typed(how_soon: HowSoon) -> dict[str, Any]:
    (first, first_unit), (following, next_unit) = map(moments.whole, how_soon)
    return {"first_reply": first, "first_unit": first_unit, "next_reply": following, "next_unit": next_unit}
