"""Coming in by an invitation. Opening it only asks, so that programs that follow links in mails don't use it up."""

from __future__ import annotations

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views import View

from everyhand.people import invitations
from everyhand.people.models import Invitation, Member
from everyhand.web import errors
from everyhand.web.signing_in import let_in


class JoiningForm(forms.Form):
    name = forms.CharField(label=_("Your name"), max_length=200)
    email = forms.EmailField(
        label=_("Your address at work"),
        max_length=254,
        help_text=_("We mail a code there, to be sure that it is yours."),
    )

    def __init__(self, data: QueryDict | None = None, *, invitation: Invitation) -> None:
        super().__init__(data, initial={"name": invitation.name})
        if invitation.email:  # the mail it came by proves whose it is
            del self.fields["email"]


@method_decorator(login_not_required, name="dispatch")
class Joining(View):
    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        invitation = invitations.whose(token, at=timezone.now())
        if invitation is None:
            return errors.page(request, "used_up", 410)
        return _page(request, invitation, token, JoiningForm(invitation=invitation))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        at = timezone.now()
        invitation = invitations.whose(token, at=at)
        if invitation is None:
            return errors.page(request, "used_up", 410)
        form = JoiningForm(request.POST, invitation=invitation)
        if not form.is_valid():
            return _page(request, invitation, token, form, status=422)
        address = invitation.email or form.cleaned_data["email"].strip().lower()
        known = Member.objects.filter(email=address).first()
        if known is None:
            try:
                member = invitations.accept(invitation, name=form.cleaned_data["name"], email=address, at=at)
            except ValidationError as wrong:
                form.add_error(None, wrong)
                return _page(request, invitation, token, form, status=422)
            if member is None:
                return errors.page(request, "used_up", 410)
            if invitation.email:
                let_in(request, member, way="invitation")
                return redirect("home")
            known = member
        # The same for an address that is here already: whoever holds the link learns nothing about it.
        LoginCodeVerificationProcess.initiate(request=request, user=known, email=address)
        return redirect("account_confirm_login_code")


def _page(
    request: HttpRequest, invitation: Invitation, token: str, form: JoiningForm, *, status: int = 200
) -> HttpResponse:
    context = {"invitation": invitation, "token": token, "form": form}
    return render(request, "account/joining.html", context, status=status)
