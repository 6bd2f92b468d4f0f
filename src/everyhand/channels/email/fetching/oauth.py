"""Signing in at Google and Microsoft: a permission that lasts is exchanged for a short token (RFC 6749 section 6).

The token is handed to the IMAP server by XOAUTH2. What is stored is a `Grant`; `consent` asks its owner for one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from everyhand.channels.email.models import ConnectedMailbox
from everyhand.core import safe_http

SignIn = ConnectedMailbox.SignIn

_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
_GOOGLE = "https://oauth2.googleapis.com/token"
SCOPES: Final = {
    SignIn.GOOGLE: "https://mail.google.com/",
    SignIn.MICROSOFT: "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
}
# A token is renewed a little early, so that it does not end on its way.
_EARLY = timedelta(minutes=2)


class PermissionEnded(Exception):
    """The provider does not accept the permission (any more): somebody must give it anew."""


class GrantWrong(ValueError):
    """What was given is no grant. The message says what is missing."""


REFUSALS: Final = (PermissionEnded, GrantWrong, httpx.HTTPError)


@dataclass(frozen=True)
class Grant:
    """A lasting permission to read somebody's mail: the application it was given to and its refresh token."""

    client_id: str
    client_secret: str
    refresh_token: str
    tenant: str = "organizations"  # of Microsoft: the company's directory

    @classmethod
    def read(cls, text: str) -> Grant:
        """From JSON with these names. Raises `GrantWrong`."""
        try:
            given = json.loads(text)
        except json.JSONDecodeError as error:
            raise GrantWrong(f"it is not JSON ({error})") from None
        if not isinstance(given, dict):
            raise GrantWrong("it is not a JSON object")
        missing = [name for name in ("client_id", "refresh_token") if not given.get(name)]
        if missing:
            raise GrantWrong(f"{' and '.join(missing)} is missing")
        return cls(
            str(given["client_id"]),
            str(given.get("client_secret", "")),
            str(given["refresh_token"]),
            str(given.get("tenant") or "organizations"),
        )

    def written(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Token:
    """A token for the IMAP server until `ends_at`, and the grant to use next time: some providers change it."""

    access: str
    ends_at: datetime
    grant: Grant

    def is_good(self, at: datetime) -> bool:
        return at + _EARLY < self.ends_at


def ask(grant: Grant, sign_in: str, *, at: datetime, transport: httpx.BaseTransport | None = None) -> Token:
    """A new token. Raises `PermissionEnded`, or `httpx.HTTPError` when the provider can't be reached or is unwell."""
    fields = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
    if sign_in == SignIn.MICROSOFT:
        fields["scope"] = SCOPES[SignIn.MICROSOFT]
    answer = exchange(grant, sign_in, fields, transport=transport)
    lasts = answer.get("expires_in")
    renewed = answer.get("refresh_token")
    return Token(
        answer["access_token"],
        at + timedelta(seconds=int(lasts) if isinstance(lasts, int | float | str) and str(lasts).isdigit() else 600),
        Grant(grant.client_id, grant.client_secret, renewed, grant.tenant) if isinstance(renewed, str) else grant,
    )


def exchange(
    grant: Grant, sign_in: str, fields: dict[str, str], *, transport: httpx.BaseTransport | None = None
) -> dict[str, Any]:
    """What the token endpoint gives the application of `grant` for `fields`; it has an `access_token`. Raises as `ask`
    does.
    """
    fields = {**fields, "client_id": grant.client_id}
    if grant.client_secret:
        fields["client_secret"] = grant.client_secret
    with safe_http.client(transport) as client:
        response = client.post(_endpoint(grant, sign_in), data=fields)
    answer = _json(response)
    if response.status_code in (400, 401) and answer.get("error") in ("invalid_grant", "invalid_client"):
        raise PermissionEnded(f"{answer['error']}: {answer.get('error_description', '')}"[:300])
    if response.status_code != 200 or not isinstance(answer.get("access_token"), str):
        raise httpx.RemoteProtocolError(f"the token endpoint answered {response.status_code} {answer.get('error', '')}")
    return answer


def directory(tenant: str) -> str:
    """The name of a company's directory at Microsoft as a part of an address, where it can lead nowhere else."""
    return "".join(one for one in tenant if one.isalnum() or one in ".-") or "organizations"


def _endpoint(grant: Grant, sign_in: str) -> str:
    return _GOOGLE if sign_in == SignIn.GOOGLE else _MICROSOFT.format(tenant=directory(grant.tenant))


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
