"""OpenID Connect (Core 1.0): what is asked of the issuer, and what of its answer is believed.

Imported only where an issuer is set, or when somebody comes: what it needs takes a tenth of the program's start.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Self

import httpx
import jwt
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from everyhand.core import safe_http

# With the issuer's own private key: a secret that we share with it would prove less, and "none" proves nothing.
SIGNED_WITH: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


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


def leave(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Off to the issuer. Raises SocialApp.DoesNotExist and OAuth2Error."""
    return _answer(OAuth2LoginView, request, provider_id)


def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the issuer. Raises SocialApp.DoesNotExist and OAuth2Error."""
    return _answer(OAuth2CallbackView, request, provider_id)


def _answer(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    response: HttpResponse = view.adapter_view(OpenIDConnect(request, provider_id))(request)
    return response
