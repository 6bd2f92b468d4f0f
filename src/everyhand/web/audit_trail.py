"""The audit trail: who saw and changed what, to look at and to take away as a file. For administrators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from everyhand.conversations import sight
from everyhand.core import csv_cells, journal
from everyhand.customers.models import Customer
from everyhand.insights import audit_trail
from everyhand.insights.audit_trail import Kind, Question
from everyhand.people.models import Member
from everyhand.web import audit_words
from everyhand.web.audit_acts import ActShown, shown
from everyhand.web.permissions import for_admins, reader

A_PAGE: Final = 50


class QuestionForm(forms.Form):
    """What somebody wants to know. Days are those of the reader; the last one is included."""

    who = forms.ModelChoiceField(Member.objects.all(), label=gettext_lazy("Person"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("What"), required=False)
    conversation = forms.IntegerField(
        label=gettext_lazy("Number of a conversation"), required=False, min_value=1, max_value=2**62
    )
    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    customer = forms.ModelChoiceField(Customer.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict, *, reader: Member) -> None:
        super().__init__(data)
        self.fields["who"].empty_label = _("Everybody")  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", _("Everything")), *audit_words.kinds()]  # type: ignore[attr-defined]
        self.fields["customer"].queryset = sight.customers_visible_to(reader)  # type: ignore[attr-defined]

    def question(self) -> Question:
        asked = self.cleaned_data
        return Question(
            who=asked["who"],
            kind=Kind(asked["kind"]) if asked["kind"] else None,
            conversation=asked["conversation"],
            customer=asked["customer"],
            since=_midnight(asked["since"]),
            until=_midnight(asked["until"] and asked["until"] + timedelta(days=1)),
        )

    @property
    def written(self) -> dict[str, str]:
        """What was filled in, as an address carries it."""
        return {name: self.data[name] for name in self.fields if self.data.get(name)}


@require_safe
@for_admins
def show(request: HttpRequest) -> HttpResponse:
    form = QuestionForm(request.GET, reader=reader(request))
    acts: list[ActShown] = []
    following = ""
    if form.is_valid():
        found, following = audit_trail.page(form.question(), before=request.GET.get("before", ""), limit=A_PAGE)
        acts = shown(found, reader(request))
    context = {
        "form": form,
        "acts": acts,
        "customer": form.cleaned_data.get("customer"),
        "narrowed": bool(form.written),
        "kept_days": settings.EVERYHAND.keep_audit_trail.days,
        "next_page": f"?{urlencode({**form.written, 'before': following})}" if following else "",
    }
    return render(request, "audit_trail.html", context, status=422 if form.errors else 200)


@require_POST
@for_admins
def hand_out(request: HttpRequest) -> HttpResponseBase:
    """All of what was asked for as a CSV file, sent while it is read. That it was taken is in the trail itself."""
    form = QuestionForm(request.POST, reader=reader(request))
    if not form.is_valid():
        context = {"form": form, "acts": [], "kept_days": settings.EVERYHAND.keep_audit_trail.days}
        return render(request, "audit_trail.html", context, status=422)
    member, at = reader(request), timezone.now()
    question = form.question()
    asked = {name: str(value) for name, value in form.written.items()}
    journal.note("audit_trail.handed_out", subject="audit_trail", actor=member, at=at, asked=asked)
    return StreamingHttpResponse(
        _lines(question, member),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="audit-trail-{at:%Y-%m-%d}.csv"'},
    )


def _lines(question: Question, member: Member) -> Iterator[str]:
    # With a byte order mark, without which spreadsheets take UTF-8 for something else.
    yield "\ufeff" + csv_cells.line(
        [_("When"), _("Who"), _("What"), _("About"), _("Details"), _("IP address"), _("Browser")]
    )
    for acts in audit_trail.everything(question):
        for act in shown(acts, member):
            when = timezone.localtime(act.at).isoformat(timespec="seconds")
            yield csv_cells.line([when, act.who, act.said, act.about, act.details, act.ip, act.browser])


def _midnight(day: Any) -> datetime | None:
    """The beginning of a day where the reader is."""
    return timezone.make_aware(datetime.combine(day, time())) if day else None
