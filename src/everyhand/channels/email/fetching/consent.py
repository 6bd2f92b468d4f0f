"""Asking the owner of a mailbox at Google or Microsoft for a lasting permission to read it.

The authorization code grant (RFC 6749 section 4.1) with PKCE (RFC 7636): the owner is sent to their provider, agrees
there, and comes back with a code, which is exchanged for a refresh token. `state` binds the answer to the browser that
asked, the verifier binds the code to us, so a code that somebody else got hold of or slipped in is worth nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import httpx
from django.conf import settings

from everyhand.channels.email.fetching import oauth
from everyhand.channels.email.fetching.oauth import Grant, PermissionEnded, SignIn

_ASK_AT: Final = {
    SignIn.GOOGLE: "https://accounts.google.com/o/oauth2/v2/auth",
    SignIn.MICROSOFT: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
}
# What a provider wants to hear so that the permission lasts.
_LASTING: Final[dict[SignIn, dict[str, str]]] = {
    SignIn.GOOGLE: {"access_type": "offline", "prompt": "consent"},
    SignIn.MICROSOFT: {"prompt": "select_account"},
}


class NotAgreed(Exception):
    """There is no permission: it was refused, or the answer is not to our question. The message is the provider's."""


@dataclass(frozen=True)
class Application:
    """What a company registered at the provider, so that it may ask."""

    client_id: str
    client_secret: str = ""
    tenant: str = ""


@dataclass(frozen=True)
class Question:
    """A question on its way: what to compare the answer with. It is secret, and is used once."""

    sign_in: str
    application: Application
    redirect_uri: str
    state: str
    verifier: str


def registered(sign_in: str) -> Application | None:
    """The application that the operator has set, None where an administrator has to enter one."""
    house = settings.EVERYHAND
    if sign_in == SignIn.GOOGLE and house.google_client_id:
        return Application(house.google_client_id, house.google_client_secret)
    if sign_in == SignIn.MICROSOFT and house.microsoft_client_id:
        return Application(house.microsoft_client_id, house.microsoft_client_secret, house.microsoft_tenant)
    return None


def ask(sign_in: str, application: Application, *, redirect_uri: str) -> Question:
    """A new question, which nobody can guess."""
    return Question(sign_in, application, redirect_uri, secrets.token_urlsafe(32), secrets.token_urlsafe(64))


def page(question: Question, *, user: str) -> str:
    """The address at the provider where the owner of the mailbox `user` agrees."""
    sign_in = SignIn(question.sign_in)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(question.verifier.encode()).digest()).rstrip(b"=")
    fields = {
        "response_type": "code",
        "client_id": question.application.client_id,
        "redirect_uri": question.redirect_uri,
        "scope": oauth.SCOPES[sign_in],
        "state": question.state,
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
        "login_hint": user,
        **_LASTING[sign_in],
    }
    where = _ASK_AT[sign_in].format(tenant=oauth.directory(question.application.tenant))
    return f"{where}?{urlencode(fields)}"


def granted(question: Question, answer: dict[str, str], *, transport: httpx.BaseTransport | None = None) -> Grant:
    """The permission, for what came back in the address: `state` with `code`, or `error`.

    Raises `NotAgreed`, or `httpx.HTTPError` when the provider can't be reached or is unwell.
    """
    if not hmac.compare_digest(answer.get("state", "").encode(), question.state.encode()):
        raise NotAgreed("state")
    if "error" in answer or not answer.get("code"):
        raise NotAgreed(f"{answer.get('error', '')} {answer.get('error_description', '')}".strip()[:300])
    application = question.application
    tenant = application.tenant or "organizations"
    fields = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": question.redirect_uri,
        "code_verifier": question.verifier,
    }
    asking = Grant(application.client_id, application.client_secret, "", tenant)
    try:
        given = oauth.exchange(asking, question.sign_in, fields, transport=transport)
    except PermissionEnded as refused:
        raise NotAgreed(str(refused)) from refused
    lasting = given.get("refresh_token")
    if not isinstance(lasting, str) or not lasting:
        raise NotAgreed("no refresh_token")
    return Grant(application.client_id, application.client_secret, lasting, tenant)
