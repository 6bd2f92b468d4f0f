"""How I wish to be told: of what, in which way, when not, and on which devices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from everyhand.notices import preferences
from everyhand.notices.models import Device, Kind, MailPace, Rest
from everyhand.notices.preferences import Ways
from everyhand.people.models import Member
from everyhand.web.permissions import reader


class WaysForm(forms.Form):
    """A line for each kind that this member may be told about."""

    def __init__(self, member: Member, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._chosen = preferences.chosen_by(member)
        for kind, ways in self._chosen.items():
            self.fields[f"{kind}-app"] = forms.BooleanField(label=_("In the app"), required=False, initial=ways.app)
            self.fields[f"{kind}-mail"] = forms.ChoiceField(
                label=_("By mail"), choices=MailPace.choices, initial=ways.mail
            )
            self.fields[f"{kind}-push"] = forms.BooleanField(
                label=_("On my devices"), required=False, initial=ways.push
            )

    def lines(self) -> list[tuple[Kind, tuple[BoundField, BoundField, BoundField]]]:
        """Each kind with its three fields."""
        return [(kind, (self[f"{kind}-app"], self[f"{kind}-mail"], self[f"{kind}-push"])) for kind in self._chosen]

    def ways(self) -> dict[Kind, Ways]:
        given = self.cleaned_data
        return {
            kind: Ways(app=given[f"{kind}-app"], mail=given[f"{kind}-mail"], push=given[f"{kind}-push"])
            for kind in self._chosen
        }


class RestForm(forms.ModelForm):  # type: ignore[type-arg] # the real one takes no argument
    """Quiet hours and the digest."""

    class Meta:
        model = Rest
        fields = ("quiet_from", "quiet_until", "quiet_weekends", "digest_at")
        widgets = {
            name: forms.TimeInput(format="%H:%M", attrs={"type": "time"})
            for name in ("quiet_from", "quiet_until", "digest_at")
        }

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        start, end = given.get("quiet_from"), given.get("quiet_until")
        if bool(start is None) != bool(end is None) and not self.errors:
            missing = "quiet_from" if start is None else "quiet_until"
            self.add_error(missing, _("Give both times, or neither."))
        if start is not None and start == end:
            raise ValidationError({"quiet_until": _("Quiet hours end at another time than they begin.")})
        return given


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    member = reader(request)
    rest = preferences.rest_of(member)
    ways_form = WaysForm(member, request.POST or None)
    rest_form = RestForm(request.POST or None, instance=rest)
    wrong = False
    if request.method == "POST":
        if ways_form.is_valid() & rest_form.is_valid():
            preferences.choose(member, ways_form.ways(), rest=rest_form.instance, at=timezone.now())
            messages.success(request, gettext("Saved."))
            return redirect("notice_settings")
        wrong = True
    context = {
        "ways": ways_form.lines(),
        "ways_form": ways_form,
        "rest_form": rest_form,
        "rest": preferences.rest_of(member) if wrong else rest,
        "devices": Device.objects.filter(member=member),
        "zone": preferences.zone_of(member).key,
    }
    return render(request, "notice_settings.html", context, status=422 if wrong else 200)


@require_POST
def mail_resumption(request: HttpRequest) -> HttpResponse:
    """The mails came back, and now the address is right."""
    member = reader(request)
    preferences.resume_mail(member, by=member, at=timezone.now())
    messages.success(request, gettext("From now on you are told by mail again."))
    return redirect("notice_settings")
