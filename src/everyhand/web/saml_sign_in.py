"""The company's own sign-in, by SAML 2.0 (Web Browser SSO profile), an extra: `pip install 'everyhand[saml]'`.

Somebody is known by identity provider and NameID. At the first time the address, which the company's own directory
gives, finds the member; from then on it counts for nothing. Only an answer to a question that this browser asked is
taken, once: it is checked where the provider's form arrives, and believed where the browser comes back to, since with a
form from another site it brings no session.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import structlog
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everyhand.people.models import Member
from everyhand.web import errors, leaving_for, sign_in_record

if TYPE_CHECKING:
    from everyhand.web.saml_answer import Told

LARGEST_ANSWER: Final = 300_000  # characters of base64
COOKIE: Final = "saml-answer"
ON_THE_WAY_BACK: Final = 120  # seconds from the form that arrives to the page that signs in
ADDRESS: Final = "address"

log = structlog.get_logger(__name__)

View = Callable[..., HttpResponse]


def where_it_is_set(view: View) -> View:
    """Where no provider is named there is nothing here."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        providers: dict[str, Any] = settings.SOCIALACCOUNT_PROVIDERS
        if not providers.get("saml", {}).get("APPS"):
            raise Http404
        return view(request)

    return checked


@login_not_required
@require_POST
@where_it_is_set
def begin(request: HttpRequest) -> HttpResponse:
    """Off to the provider; only by our own form, so that nobody is signed in by a link of somebody else's."""
    from everyhand.web import saml_answer  # noqa: PLC0415 (its library is an extra)

    address, asked = saml_answer.question()
    provider = _provider(request)
    provider.stash_redirect_state(request, AuthProcess.LOGIN, get_next_redirect_url(request), state_id=asked)
    return leaving_for.page(request, address)


@csrf_exempt  # the provider's form brings its own proof: a signature
@login_not_required
@require_POST
@where_it_is_set
def answer(request: HttpRequest) -> HttpResponse:
    """The provider's form. What it proves goes along with the browser for a moment, signed by us."""
    from everyhand.web import saml_answer  # noqa: PLC0415 (its library is an extra)

    try:
        told = saml_answer.checked(request.POST.get("SAMLResponse", "")[: LARGEST_ANSWER + 1], longest=LARGEST_ANSWER)
    except saml_answer.ProvesNothing as why:
        return _refused(request, str(why))
    back = redirect("saml_back")
    back.set_cookie(
        COOKIE,
        signing.dumps([told.name_id, told.address, told.asked], salt=COOKIE),
        max_age=ON_THE_WAY_BACK,
        path=reverse("saml_back"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return back


@login_not_required
@require_http_methods(["GET", "HEAD"])
@where_it_is_set
def come_back(request: HttpRequest) -> HttpResponse:
    """Sign in whoever this browser asked the provider about."""
    from everyhand.web.saml_answer import Told  # noqa: PLC0415 (its library is an extra)

    try:
        told = Told(*signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=ON_THE_WAY_BACK))
        state = _provider(request).unstash_redirect_state(request, told.asked)
    except (signing.BadSignature, PermissionDenied):
        response = _refused(request, "This browser asked nothing, or that was answered before.")
    else:
        response = _sign_in(request, told, state)
    response.delete_cookie(COOKIE, path=reverse("saml_back"), samesite="Lax")
    return response


@login_not_required
@require_safe
@where_it_is_set
def metadata(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Who we are, for the provider."""
    from everyhand.web import saml_answer  # noqa: PLC0415 (its library is an extra)

    return HttpResponse(saml_answer.who_we_are(), content_type="application/samlmetadata+xml")


def _sign_in(request: HttpRequest, told: Told, state: dict[str, Any]) -> HttpResponse:
    provider = _provider(request)
    account = SocialAccount(provider=provider.sub_id, uid=told.name_id, extra_data={ADDRESS: told.address})
    login = SocialLogin(user=Member(), account=account)
    login.provider = provider
    login.state = state
    response: HttpResponse = complete_social_login(request, login)
    return response


def _provider(request: HttpRequest) -> Any:
    return get_adapter().get_app(request, provider="saml").get_provider(request)


def _refused(request: HttpRequest, why: str) -> HttpResponse:
    # Not what was sent: that may name people.
    log.warning("the company's sign-in failed", error=why)
    sign_in_record.refused(request, way="company")
    return errors.page(request, "company_sign_in_failed", 403)
