"""Inviting colleagues: by their address, by a link or QR code for several, or all of a list at once."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from everyhand.people import invitations, lists
from everyhand.people.invitations import Invited
from everyhand.people.models import Invitation, Member, Role, Team
from everyhand.web.permissions import for_leads, reader

LARGEST_LIST = 1_000_000  # bytes


@dataclass(frozen=True)
class Link:
    """A link that was just made, shown this once: its address, and the same as a picture (a `data:` address)."""

    address: str
    picture: str
    invitation: Invitation


@dataclass(frozen=True)
class RowRefused:
    number: int
    address: str
    why: str


class AddressForm(forms.ModelForm):  # type: ignore[type-arg] # the real one takes no argument
    class Meta:
        model = Invitation
        fields = ("email", "name", "title", "role", "team")

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["team"].empty_label = _("No team")  # type: ignore[attr-defined] # it is a choice of models
        if not by.may_set_up:
            del self.fields["role"]
        _only_theirs(self, by)


class LinkForm(forms.Form):
    places = forms.IntegerField(
        label=_("How many people may come in by it"), min_value=1, max_value=invitations.PLACES_AT_MOST, initial=20
    )
    days = forms.TypedChoiceField(
        label=_("How long it works"),
        coerce=int,
        choices=[(1, _("A day")), (7, _("A week")), (14, _("Two weeks")), (30, _("A month"))],
        initial=7,
    )
    team = forms.ModelChoiceField(
        Team.objects.all(), label=_("Into the team"), required=False, empty_label=_("No team")
    )

    def __init__(self, *args: Any, by: Member) -> None:
        super().__init__(*args)
        _only_theirs(self, by)


class ListForm(forms.Form):
    file = forms.FileField(label=_("A CSV file"), required=False)
    text = forms.CharField(
        label=_("Or the list itself"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("A line for each: address, name, what they do here, role (member, specialist, admin), team."),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file = given.get("file")
        if file and file.size > LARGEST_LIST:
            raise ValidationError({"file": _("This file is too large for a list of people. Give at most 1 MB.")})
        text = lists.decoded(file.read()) if file else given.get("text", "")
        try:
            given["rows"] = lists.read(text)
        except lists.NotUnderstood as what:
            raise ValidationError({"file" if file else "text": _not_understood(str(what))}) from None
        return given


@require_http_methods(["GET", "HEAD"])
@for_leads
def show(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@for_leads
def by_address(request: HttpRequest) -> HttpResponse:
    form, at = AddressForm(request.POST, by=reader(request)), timezone.now()
    if form.is_valid():
        try:
            with transaction.atomic():
                invited = invitations.invite(by=reader(request), at=at, **form.cleaned_data)
                _mail(invited)
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            messages.success(
                request,
                gettext("An invitation is on its way to %(address)s.") % {"address": invited.invitation.email},
            )
            return redirect("invitations")
    return _page(request, address_form=form, status=422)


@require_POST
@for_leads
def by_link(request: HttpRequest) -> HttpResponse:
    form, at = LinkForm(request.POST, by=reader(request)), timezone.now()
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = invitations.invite(
                by=reader(request),
                at=at,
                places=given["places"],
                team=given["team"],
                valid_for=timedelta(days=given["days"]),
            )
        except ValidationError as wrong:
            form.add_error(None, wrong)
        else:
            return _page(request, link=Link(_address(made.token), _picture(_address(made.token)), made.invitation))
    return _page(request, link_form=form, status=422)


@require_POST
@for_leads
def by_list(request: HttpRequest) -> HttpResponse:
    """Whoever can be invited is; the other rows are named, with what is wrong in them, and stay to be corrected."""
    form, at = ListForm(request.POST, request.FILES), timezone.now()
    if not form.is_valid():
        return _page(request, list_form=form, status=422)
    refused: list[RowRefused] = []
    to_correct: list[lists.Row] = []
    invited = 0
    for row in form.cleaned_data["rows"]:
        try:
            _invite_row(row, by=reader(request), at=at)
            invited += 1
        except ValidationError as wrong:
            refused.append(RowRefused(row.number, row.values["address"], " ".join(wrong.messages)))
            to_correct.append(row)
    if invited:
        said = ngettext("%(num)d invitation is on its way.", "%(num)d invitations are on their way.", invited)
        messages.success(request, said % {"num": invited})
    if not refused:
        return redirect("invitations")
    form = ListForm(initial={"text": lists.written(to_correct)})
    return _page(request, list_form=form, refused=refused, status=422)


@require_POST
@for_leads
def revocation(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=pk)
    if not invitations.may_revoke(invitation, reader(request)):
        raise PermissionDenied
    invitations.revoke(invitation, by=reader(request), at=timezone.now())
    messages.success(request, gettext("Nobody comes in by that invitation any more."))
    return redirect("invitations")


def _page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    context: dict[str, Any] = {
        "address_form": AddressForm(by=reader(request)),
        "link_form": LinkForm(by=reader(request)),
        "list_form": ListForm(),
        "link": None,
        "refused": [],
        "standing": invitations.standing(at=timezone.now(), reader=reader(request)),
    }
    return render(request, "invitations.html", {**context, **more}, status=status)


def _only_theirs(form: forms.BaseForm, by: Member) -> None:
    """Whoever leads teams and is no administrator invites into these."""
    if not by.may_set_up:
        team = forms.ModelChoiceField(
            Team.objects.filter(pk__in=by.led_teams), label=_("Into the team"), empty_label=None
        )
        form.fields["team"] = team


def _invite_row(row: lists.Row, *, by: Member, at: datetime) -> None:
    """Raises ValidationError."""
    team = None
    if named := row.values["team"]:
        team = Team.objects.filter(slug__iexact=named).first() or Team.objects.filter(name__iexact=named).first()
        if team is None:
            raise ValidationError(gettext("There is no team called “%(name)s”.") % {"name": named})
    roles = {str(value).casefold(): role for role in Role for value in (role.value, role.label)}
    role = roles.get((row.values["role"] or Role.MEMBER).casefold())
    if role is None:
        raise ValidationError(gettext("There is no role called “%(name)s”.") % {"name": row.values["role"]})
    if not row.values["address"]:
        raise ValidationError(gettext("The address is missing."))
    with transaction.atomic():
        _mail(
            invitations.invite(
                by=by,
                at=at,
                email=row.values["address"],
                name=row.values["name"],
                title=row.values["title"],
                role=role,
                team=team,
            )
        )


def _mail(invited: Invited) -> None:
    names = {"who": invited.invitation.by.name, "company": settings.EVERYHAND.company}
    text = gettext(
        "%(who)s invites you to Everyhand, where everybody at %(company)s helps customers.\n\n"
        "Come in with this link; it works once, and for two weeks:"
    )
    EmailMessage(
        subject=gettext("%(who)s invites you to Everyhand") % names,
        body=f"{text % names}\n\n{_address(invited.token)}\n",
        to=[invited.invitation.email],
    ).send()


def _address(token: str) -> str:
    """Where the invitation leads: by the address we are set to, never by the one a request was sent to."""
    return settings.BASE_URL + reverse("joining", args=[token])


def _picture(address: str) -> str:
    import qrcode  # noqa: PLC0415 (seldom needed, and it reads an XML library)
    from qrcode.image.svg import SvgPathImage  # noqa: PLC0415

    picture = BytesIO()
    qrcode.make(address, image_factory=SvgPathImage, border=2).save(picture)
    return "data:image/svg+xml;base64," + base64.b64encode(picture.getvalue()).decode()


def _not_understood(what: str) -> str:
    return {
        "empty": gettext("Choose a file, or paste the list."),
        "long": gettext("That is more than %(most)s people. Give them in several lists.")
        % {"most": lists.ROWS_AT_MOST},
    }.get(what, gettext("No column has addresses. Call it “address”, or let it be the first."))
