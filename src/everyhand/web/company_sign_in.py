"""The company's own sign-in, by OpenID Connect (Core 1.0).

Somebody is known by issuer and subject. Who comes for the first time is recognised by an address that the issuer calls
verified, once; from then on the address counts for nothing, and an address that is not verified never did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from everyhand.people.models import Member
from everyhand.web import errors, leaving_for, saml_sign_in, sign_in_record

if TYPE_CHECKING:
    from everyhand.web.openid_connect import Session

log = structlog.get_logger(__name__)


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc] # allauth tells no types
    def get_requests_session(self) -> Session:
        from everyhand.web.openid_connect import Session  # noqa: PLC0415 (not for every program that starts)

        return Session()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002
        """People are invited."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Recognise whoever comes for the first time; nobody else is let in."""
        if sociallogin.is_existing:
            return
        address, is_vouched_for = _address_of(sociallogin.account.extra_data)
        member = Member.objects.filter(email=address, is_active=True).first() if address else None
        if member is None or not is_vouched_for:
            sign_in_record.refused(request, way="company", member=member)
            raise ImmediateHttpResponse(errors.page(request, "not_invited", 403))
        sociallogin.connect(request, member)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,  # noqa: ARG002
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,  # noqa: ARG002
    ) -> None:
        # Not what the issuer answered: that may hold a token.
        log.warning("the company's sign-in failed", error=str(error), exception=type(exception).__name__)
        sign_in_record.refused(request, way="company")
        raise ImmediateHttpResponse(errors.page(request, "company_sign_in_failed", 403))


def _address_of(told: dict[str, Any]) -> tuple[str, bool]:
    """The address that the issuer told, and whether it vouches for it: with SAML, the company's own directory does."""
    if saml_sign_in.ADDRESS in told:
        return str(told[saml_sign_in.ADDRESS]), True
    claims = told.get("id_token", {})
    return str(claims.get("email", "")).strip().lower(), claims.get("email_verified") is True


@require_POST
@login_not_required
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Off to the issuer; only by our own form, so that nobody is signed in by a link of somebody else's."""
    off = _at_the_issuer(request, provider_id, step="leave")
    return leaving_for.page(request, off["Location"]) if off.status_code == 302 else off


@require_http_methods(["GET", "HEAD"])
@login_not_required
def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _at_the_issuer(request, provider_id, step="come_back")


def _at_the_issuer(request: HttpRequest, provider_id: str, *, step: Literal["leave", "come_back"]) -> HttpResponse:
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error  # noqa: PLC0415 (not for every program)

    from everyhand.web import openid_connect  # noqa: PLC0415

    try:
        if step == "leave":
            return openid_connect.leave(request, provider_id)
        return openid_connect.come_back(request, provider_id)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except OAuth2Error as error:
        log.warning("the company's sign-in failed", error=str(error))
        sign_in_record.refused(request, way="company")
        return errors.page(request, "company_sign_in_failed", 403)
