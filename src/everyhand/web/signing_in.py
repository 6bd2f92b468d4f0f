"""Coming in: by password or by a code sent by mail (both allauth's), or by a one-time link from the shell."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views import View

from everyhand.people import actions as people
from everyhand.people.models import Member
from everyhand.web import errors, sign_in_record


class SignInRequired(LoginRequiredMiddleware):
    """Everything is behind the sign-in except what says `login_not_required`; nobody loses what they typed."""

    def handle_no_permission(  # type: ignore[override] # Django returns its answer as it is, whatever kind it is
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        if request.headers.get("HX-Request"):
            sign_in = f"{reverse('account_login')}?{urlencode({'next': _page_of(request)})}"
            return HttpResponse(status=401, headers={"HX-Redirect": sign_in})
        if request.method == "POST":
            return errors.session_expired(request)
        return super().handle_no_permission(request, view_func)


def _page_of(request: HttpRequest) -> str:
    """The page whose script asks, for coming back to."""
    current = request.headers.get("HX-Current-URL", "")
    here = request.build_absolute_uri("/")
    return "/" + current.removeprefix(here) if current.startswith(here) else "/"


class Adapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth tells no types
    """How allauth fits in here."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """People are added by administrators or from the shell."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Without an address (a Unix socket) everybody shares one limit, which is better than nobody getting in."""
        return str(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In the member's own language, whatever the browser asked for."""
        member = Member.objects.filter(email=email.lower()).first()
        with translation.override((member.language if member else "") or translation.get_language()):
            super().send_mail(template_prefix, email, context)

    def add_message(self, request: HttpRequest, level: int, message_template: str = "", *_: Any, **_more: Any) -> None:
        """No “you have signed in”: the page shows it. A new password is seen nowhere."""
        if message_template in ("account/messages/password_set.txt", "account/messages/password_changed.txt"):
            messages.add_message(request, level, gettext("Your new password works from now on."))

    def login(self, request: HttpRequest, user: Member) -> None:
        super().login(request, user)
        sign_in_record.came_in(request, user)

    def logout(self, request: HttpRequest) -> None:
        sign_in_record.went_out(request)
        super().logout(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted for an address from one place: nobody elsewhere locks its owner out."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{self.get_client_ip(request)}"

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Of whom the typed address names nobody, it is not kept: people type passwords there by mistake."""
        typed = typed_address(request, credentials)
        sign_in_record.refused(request, way="password", member=Member.objects.filter(email=typed).first())

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002
        """Where the password was asked for."""
        return reverse("profile")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """By the address we are set to, never by the one a request was sent to."""
        uid, _dash, secret = key.partition("-")
        return settings.BASE_URL + reverse("account_reset_password_from_key", args=[uid, secret])


Page = Callable[..., HttpResponseBase]


def allowed(way: str) -> Callable[[Page], Page]:
    """A way of signing in that the company does not allow is not there."""

    def only(view: Page) -> Page:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if way not in settings.EVERYHAND.sign_in:
                raise Http404
            return view(request, *args, **kwargs)

        return checked

    return only


def password_if_allowed(view: Page) -> Page:
    """The sign-in page leads to every way, so it is always there; what is posted to it is a password."""
    refused = allowed("password")(view)

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return (refused if request.method == "POST" else view)(request, *args, **kwargs)

    return checked


def ways_in() -> dict[str, str | bool]:
    """For the sign-in page: which ways are open, and where the company's own sign-in is and what it is called."""
    ways = settings.EVERYHAND.sign_in
    providers: dict[str, Any] = settings.SOCIALACCOUNT_PROVIDERS
    apps = providers.get("openid_connect", {}).get("APPS")
    saml = providers.get("saml", {}).get("APPS")
    return {
        "password": "password" in ways,
        "code": "code" in ways,
        "passkey": "passkey" in ways,
        "company": apps[0]["name"] if apps else "",
        "company_id": apps[0]["provider_id"] if apps else "",
        "saml": saml[0]["name"] if saml else "",
    }


def typed_address(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Whose sign-in this is, for counting failures: by the address, however it was spelt."""
    typed = credentials or {}
    return str(typed.get("email") or typed.get("username") or request.POST.get("login") or "").strip().lower()


def too_many_tries(request: HttpRequest, *_more: object) -> HttpResponse:
    return errors.page(request, "too_many_tries", 429)


def let_in(request: HttpRequest, member: Member, *, way: str) -> None:
    """Sign in whoever proved who they are by a secret that we gave them, a "link" or an "invitation"."""
    login(request, member, backend="everyhand.people.backends.Passwords")
    UserSession.objects.create_from_request(request)
    sign_in_record.came_in(request, member, way=way)


@method_decorator(login_not_required, name="dispatch")
class SignInLink(View):
    """A link made in the shell. Opening it only asks, so that programs that follow links in mails don't use it up."""

    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        member = people.whose_sign_in_link(token, at=timezone.now())
        if member is None:
            return errors.page(request, "used_up", 410)
        return render(request, "account/sign_in_link.html", {"person": member, "token": token})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        member = people.use_sign_in_link(token, at=timezone.now())
        if member is None:
            sign_in_record.refused(request, way="link")
            return errors.page(request, "used_up", 410)
        let_in(request, member, way="link")
        return redirect("home")
