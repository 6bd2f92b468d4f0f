"""What members say about themselves, and what administrators say about them: adding, changing, letting go."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from everyhand.conversations.models import Conversation, Status
from everyhand.desk.let_go import let_go, take_back
from everyhand.people import actions as people
from everyhand.people import hours as working_hours
from everyhand.people.models import Member, Team
from everyhand.routing.models import Rule
from everyhand.routing.ownership_map import answers_for_everything_else
from everyhand.web.moments import weekdays
from everyhand.web.permissions import for_admins, reader
from everyhand.web.time_zones import TimeZoneInput


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg] # the real one takes no argument
    """What everybody may say about themselves."""

    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("As in the browser")), *settings.LANGUAGES]
    )
    hours = forms.CharField(
        label=_("When you are there"),
        required=False,
        max_length=1000,
        help_text=_("Such as “Mon-Fri 9:00-17:00, Sat 10:00-13:00”, in your time zone. Empty means at any time."),
    )

    class Meta:
        model = Member
        fields = ("name", "title", "signature", "language", "time_zone", "away_until")
        widgets = {
            "away_until": forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
            "signature": forms.Textarea(attrs={"rows": 3}),
            "time_zone": TimeZoneInput(),
        }
        help_texts = {
            "signature": _("Your team's own lines come below it."),
            "time_zone": _("Such as Europe/Berlin. Empty means the one of the installation."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            spans = [working_hours.Span(one.weekday, one.start, one.end) for one in self.instance.hours.all()]
            self.fields["hours"].initial = working_hours.write(spans, weekdays())

    def clean_hours(self) -> list[working_hours.Span]:
        try:
            return working_hours.read(self.cleaned_data["hours"], weekdays())
        except working_hours.NotUnderstood as part:
            raise ValidationError(
                _("“%(part)s” is not clear. Write it like “Mon-Fri 9:00-17:00”."), params={"part": part.args[0]}
            ) from None


class MemberForm(ProfileForm):
    """What administrators may say about anybody."""

    class Meta(ProfileForm.Meta):
        fields = ("email", "name", "title", "role", "signature", "language", "time_zone", "away_until")  # type: ignore[assignment]
        labels = {"title": _("What they do here"), "signature": _("What stands under their replies")}
        help_texts = {"signature": _("Their team's own lines come below it.")}
        error_messages = {"email": {"unique": _("Somebody with this address is here already.")}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hours"].label = _("When they are there")
        self.fields["hours"].help_text = _("Such as “Mon-Fri 9:00-17:00, Sat 10:00-13:00”, in their time zone.")


@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    member = Member.objects.get(pk=reader(request).pk)
    form = ProfileForm(request.POST or None, instance=member)
    if request.method == "POST" and form.is_valid() and _kept(form, member, by=member):
        messages.success(request, gettext("Saved."))
        return redirect("profile")
    return own_page(request, form=form, status=422 if form.errors else 200)


@require_POST
def time_zone(request: HttpRequest) -> HttpResponse:
    """The browser says where it is (time-zone.js)."""
    member = Member.objects.get(pk=reader(request).pk)
    try:
        taken = people.take_time_zone(member, request.POST.get("zone", ""), at=timezone.now())
    except ValidationError:
        return HttpResponse(status=422)
    if taken:
        words = gettext("You read all times as in %(zone)s, where your browser is. Your profile can say another.")
        messages.info(request, words % {"zone": member.time_zone})
    return HttpResponse(status=204)


def own_page(
    request: HttpRequest, *, form: ProfileForm | None = None, wrong_picture: str = "", status: int = 200
) -> HttpResponse:
    """The reader's own page, with `form` as it was typed and what is wrong with the picture they chose."""
    form = form or ProfileForm(instance=Member.objects.get(pk=reader(request).pk))
    return render(request, "profile.html", {"form": form, "wrong_picture": wrong_picture}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def add(request: HttpRequest) -> HttpResponse:
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in MemberForm.Meta.fields}
        spans = form.cleaned_data["hours"]
        by, at = reader(request), timezone.now()
        try:
            member = people.add_member(by=by, at=at, **fields)
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            people.set_hours(member, spans, by=by, at=at)
            messages.success(
                request,
                gettext("%(name)s can sign in with a code that we mail to %(address)s.")
                % {"name": member.name, "address": member.email},
            )
            return redirect("person", member.pk)
    return render(request, "member_form.html", {"form": form, "person": None}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def change(request: HttpRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(Member, pk=pk)
    form = MemberForm(request.POST or None, instance=member)
    if request.method == "POST" and form.is_valid() and _kept(form, member, by=reader(request)):
        return redirect("person", pk)
    context = {"form": form, "person": Member.objects.get(pk=pk)}
    return render(request, "member_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def disabling(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask who takes over what they own, then close the door behind them."""
    person, by, at = get_object_or_404(Member, pk=pk, is_active=True), reader(request), timezone.now()
    owned = Conversation.objects.filter(owner=person).exclude(status=Status.CLOSED)
    heirs = Member.objects.filter(is_active=True).exclude(pk=pk)
    if request.method == "POST":
        key = request.POST.get("heir", "")
        heir = heirs.filter(pk=key).first() if key.isdecimal() and len(key) < 19 else None
        try:
            let_go(person, by=by, at=at, heir=heir)
        except ValidationError as wrong:
            messages.error(request, " ".join(wrong.messages))
            return redirect("person", pk)
        messages.success(request, gettext("%(name)s can't sign in any more.") % {"name": person.name})
        return redirect("person", pk)
    context = {
        "person": person,
        "owned": owned.count(),
        "heirs": heirs,
        "teams": Team.objects.filter(private=False, pk__in=owned.values("team")),
        "rules": Rule.objects.filter(member=person).count(),
        "everything_else": answers_for_everything_else(without=person),
    }
    return render(request, "disabling.html", context)


@require_POST
@for_admins
def enabling(request: HttpRequest, pk: int) -> HttpResponse:
    take_back(get_object_or_404(Member, pk=pk), by=reader(request), at=timezone.now())
    return redirect("person", pk)


def _kept(form: ProfileForm, member: Member, *, by: Member) -> bool:
    """Save what was typed; whatever the people's own rules refuse goes back to the form."""
    at = timezone.now()
    fields = {name: form.cleaned_data[name] for name in form.Meta.fields}
    try:
        people.change_member(member, by=by, at=at, **fields)
    except ValidationError as wrong:
        form.add_error(None, wrong)
        return False
    people.set_hours(member, form.cleaned_data["hours"], by=by, at=at)
    return True
