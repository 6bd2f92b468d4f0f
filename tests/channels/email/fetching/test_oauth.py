"""Signing in at a big provider with a permission instead of a password."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qs

import httpx
import pytest

from everyhand.channels.email.fetching import oauth
from everyhand.channels.email.fetching.credentials import Credentials
from everyhand.channels.email.fetching.oauth import Grant, GrantWrong, PermissionEnded
from everyhand.channels.email.fetching.server import open_folder
from everyhand.channels.email.models import ConnectedMailbox
from everyhand.core import secrets
from tests.cast import NOON
from tests.channels.email.fetching.conftest import connected
from tests.servers.imap import ImapServer

GRANT = Grant("our-app", "our-secret", "lasting", "paper.test")


class Provider:
    """A token endpoint that answers what it is told to, and remembers what it was asked."""

    def __init__(self, status: int = 200, **answer: object) -> None:
        self.status, self.answer = status, answer or {"access_token": "short", "expires_in": 3600}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((str(request.url), parse_qs(request.content.decode())))
        return httpx.Response(self.status, json=self.answer)


def test_google_is_asked_with_the_lasting_permission() -> None:
    provider = Provider()

    token = oauth.ask(GRANT, "google", at=NOON, transport=provider.transport())

    assert (token.access, token.ends_at, token.grant) == ("short", NOON + timedelta(hours=1), GRANT)
    assert provider.asked == [
        (
            "https://oauth2.googleapis.com/token",
            {
                "grant_type": ["refresh_token"],
                "client_id": ["our-app"],
                "client_secret": ["our-secret"],
                "refresh_token": ["lasting"],
            },
        )
    ]


def test_microsoft_is_asked_at_the_company_s_own_directory() -> None:
    provider = Provider()

    oauth.ask(GRANT, "microsoft", at=NOON, transport=provider.transport())

    ((url, fields),) = provider.asked
    assert url == "https://login.microsoftonline.com/paper.test/oauth2/v2.0/token"
    assert fields["scope"] == ["https://outlook.office.com/IMAP.AccessAsUser.All offline_access"]


def test_a_tenant_can_t_lead_elsewhere() -> None:
    provider = Provider()

    oauth.ask(
        Grant("our-app", "", "lasting", "../../evil.test/?"), "microsoft", at=NOON, transport=provider.transport()
    )

    assert provider.asked[0][0] == "https://login.microsoftonline.com/....evil.test/oauth2/v2.0/token"


def test_a_permission_that_has_ended_is_told_apart_from_a_provider_that_is_unwell() -> None:
    with pytest.raises(PermissionEnded, match="invalid_grant: Token has been expired"):
        ended = Provider(400, error="invalid_grant", error_description="Token has been expired or revoked.")
        oauth.ask(GRANT, "google", at=NOON, transport=ended.transport())
    with pytest.raises(httpx.HTTPError, match="503"):
        oauth.ask(GRANT, "google", at=NOON, transport=Provider(503, error="busy").transport())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("riverside", "it is not JSON"),
        ("[]", "it is not a JSON object"),
        ('{"client_id": "our-app"}', "refresh_token is missing"),
        ("{}", "client_id and refresh_token is missing"),
    ],
)
def test_what_is_no_grant_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(GrantWrong, match=why.replace("(", r"\(")):
        Grant.read(text)


@pytest.fixture
def box(transactional_db: None, provider: ImapServer) -> ConnectedMailbox:
    provider.folder.capabilities = "IMAP4rev1 IDLE AUTH=XOAUTH2"
    return connected("127.0.0.1", provider.port, sign_in="google", secret=secrets.seal(GRANT.written()))


def test_a_token_is_asked_for_once_while_it_is_good(box: ConnectedMailbox, provider: ImapServer) -> None:
    endpoint = Provider()
    now = NOON
    credentials = Credentials(box, clock=lambda: now, transport=endpoint.transport())

    for minutes_later, asked in ((0, 1), (50, 1), (59, 2)):
        now = NOON + timedelta(minutes=minutes_later)
        open_folder(box, credentials.sign_in).close()
        assert len(endpoint.asked) == asked

    assert provider.folder.tokens == [f"user={box.user}\x01auth=Bearer short\x01\x01"] * 3


def test_a_permission_the_provider_renews_is_kept(box: ConnectedMailbox) -> None:
    endpoint = Provider(access_token="short", expires_in=3600, refresh_token="renewed")

    open_folder(box, Credentials(box, clock=lambda: NOON, transport=endpoint.transport()).sign_in).close()

    box.refresh_from_db()
    assert json.loads(secrets.unseal(box.secret))["refresh_token"] == "renewed"
