"""The company's own sign-in, by OpenID Connect (Core 1.0).

Somebody is known by issuer and subject. Who comes for the first time is recognised by an address that the issuer calls
verified, once; from then on the address counts for nothing, and an address that is not verified never did.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Self

import httpx
import jwt
import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from everyhand.core import safe_http
from everyhand.people.models import Member
from everyhand.web import errors, leaving_for, saml_sign_in, sign_in_record

# With the issuer's own private key: a secret that we share with it would prove less, and "none" proves nothing.
SIGNED_WITH: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")

log = structlog.get_logger(__name__)


def transport() -> httpx.BaseTransport:
    """The issuer is named by whoever runs the program, and often stands in the company's own network."""
    return safe_http.SafeTransport(allowed=lambda _address: True)


class Session:
    """What allauth takes for a session of `requests`, on our own client."""

    def __init__(self) -> None:
        self._client = safe_http.client(transport())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, url: str, **more: Any) -> httpx.Response:
        return self.request("GET", url, **more)

    def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        """Raises OAuth2Error, which allauth turns into its page about what failed."""
        try:
            return self._client.request(
                method, url, **{name: value for name, value in more.items() if value is not None}
            )
        except httpx.HTTPError as error:
            raise OAuth2Error(f"The company's sign-in does not answer: {error}") from error


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc] # allauth tells no types
    def get_requests_session(self) -> Session:
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


class OpenIDConnect(OpenIDConnectOAuth2Adapter):  # type: ignore[misc] # allauth tells no types
    """allauth's, stricter: the issuer is the one we are set to, and every token is checked against its keys."""

    @property
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        if str(config.get("issuer", "")).rstrip("/") != settings.EVERYHAND.oidc_issuer:
            raise OAuth2Error(f"The issuer calls itself {config.get('issuer')}, not as it is set.")
        return config

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """What the token claims, checked as Core 1.0 section 3.1.3.7 asks. Raises OAuth2Error."""
        try:
            named = jwt.get_unverified_header(id_token).get("kid")
            with Session() as session:
                keys = jwt.PyJWKSet.from_dict(session.get(self.openid_config["jwks_uri"]).json()).keys
            # A token may leave its key unnamed where there is only one (section 10.1).
            fitting = [key for key in keys if key.key_id == named or (named is None and len(keys) == 1)]
            if not fitting:
                raise OAuth2Error("The issuer signed with a key that it does not publish.")
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key=fitting[0].key,
                algorithms=SIGNED_WITH,
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise OAuth2Error(f"The ID token proves nothing: {type(error).__name__}") from error
        return claims

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("The issuer sent no ID token.")
        return super().complete_login(request, app, token, **kwargs)

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:  # noqa: ARG002
        return settings.BASE_URL + reverse("openid_connect_callback", args=[self.provider_id])


class Provider(OpenIDConnectProvider):  # type: ignore[misc] # allauth tells no types
    oauth2_adapter_class = OpenIDConnect


@require_POST
@login_not_required
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Off to the issuer; only by our own form, so that nobody is signed in by a link of somebody else's."""
    off = _at_the_issuer(OAuth2LoginView, request, provider_id)
    return leaving_for.page(request, off["Location"]) if off.status_code == 302 else off


@require_http_methods(["GET", "HEAD"])
@login_not_required
def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _at_the_issuer(OAuth2CallbackView, request, provider_id)


def _at_the_issuer(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        response: HttpResponse = view.adapter_view(OpenIDConnect(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except OAuth2Error as error:
        log.warning("the company's sign-in failed", error=str(error))
        sign_in_record.refused(request, way="company")
        return errors.page(request, "company_sign_in_failed", 403)
    return response
