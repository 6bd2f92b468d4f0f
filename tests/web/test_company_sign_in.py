"""The company's own sign-in, against a real OpenID Connect provider that runs beside the tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from oidc_provider_mock import run_server_in_thread

from everyhand.people.models import Member
from everyhand.web import openid_connect
from tests.web.house import House
from tests.web.test_ways_in import Asking, is_in, words

# The provider uses what Authlib will do without.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SUBJECT = "employee-4711"


class Provider:
    """A provider on this machine. `user` is who signs in there; what it says of them can be changed."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://localhost:{port}"
        self._talk = httpx.Client(base_url=self.issuer, trust_env=False)

    def says(self, subject: str, **claims: Any) -> None:
        self._talk.put(f"/users/{subject}", json=claims).raise_for_status()

    def authorizes(self, address: str, subject: str = SUBJECT) -> str:
        """Where the browser is sent back to once this person has signed in there."""
        answer = self._talk.post(address, data={"sub": subject})
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with run_server_in_thread() as running:
        yield running.server_port


@pytest.fixture
def provider(server: int, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Provider:
    made = Provider(server)
    settings.EVERYHAND = Asking(oidc_issuer=made.issuer)
    app = {
        "provider_id": "oidc-here",
        "name": "The Courier",
        "client_id": "everyhand",
        "secret": "hush",
        "settings": {"server_url": made.issuer, "fetch_userinfo": False},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    # The provider of the tests speaks no TLS, without which our own transport sends nothing.
    monkeypatch.setattr(openid_connect, "transport", httpx.HTTPTransport)
    return made


def on_the_way(page: Any) -> str:
    """Where the page that leads away leads, by itself and by its link."""
    assert page.status_code == 200
    (link,) = re.findall(r'<a class="button[^"]*" href="(http[^"]+)"', words(page))
    assert f'content="0; url={link}"' in words(page)
    return unescape(str(link))


def comes_by_the_company(
    provider: Provider, subject: str = SUBJECT, browser: Client | None = None
) -> tuple[Client, Any]:
    browser = browser or Client()
    there = on_the_way(browser.post("/sign-in/company/oidc-here"))
    asked = parse_qs(urlsplit(there).query)
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/sign-in/company/oidc-here/back"]
    assert asked["code_challenge_method"] == ["S256"]
    back = urlsplit(provider.authorizes(there, subject))
    return browser, browser.get(f"{back.path}?{back.query}")


def test_the_sign_in_page_leads_to_the_company(house: House, provider: Provider) -> None:
    assert "Sign in with The Courier" in words(Client().get("/sign-in"))
    assert Client().get("/sign-in/company/oidc-here").status_code == 405


def test_ana_is_recognised_by_her_verified_address_once_and_by_her_subject_from_then_on(
    house: House, provider: Provider
) -> None:
    provider.says(SUBJECT, email="Ana@courier.test", email_verified=True)
    browser, _ = comes_by_the_company(provider)
    assert is_in(browser)
    account = SocialAccount.objects.get()
    assert (account.user, account.uid, account.provider) == (house.ana, SUBJECT, "oidc-here")
    provider.says(SUBJECT, email="ines@courier.test", email_verified=True)
    browser, _ = comes_by_the_company(provider)
    assert browser.get("/people").context is None or is_in(browser)
    assert int(browser.session["_auth_user_id"]) == house.ana.pk


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "ana@courier.test", "email_verified": False},
        {"email": "ana@courier.test"},
        {"email": "ana@courier.test", "email_verified": "true"},
        {"email": "stranger@example.org", "email_verified": True},
        {"email_verified": True},
    ],
)
def test_nobody_else_comes_in(house: House, provider: Provider, claims: dict[str, Any]) -> None:
    subject = f"stranger-{len(str(claims))}"
    provider.says(subject, **claims)
    browser, answer = comes_by_the_company(provider, subject)
    assert not is_in(browser)
    assert answer.status_code == 403
    assert "You are not invited yet" in words(answer)
    assert not SocialAccount.objects.exists()
    assert not Member.objects.filter(email="stranger@example.org").exists()


def test_whoever_was_let_go_stays_out(house: House, provider: Provider) -> None:
    provider.says("gone", email="carla@courier.test", email_verified=True)
    browser, _ = comes_by_the_company(provider, "gone")
    assert is_in(browser)
    Member.objects.filter(pk=house.carla.pk).update(is_active=False)
    again, _ = comes_by_the_company(provider, "gone")
    assert not is_in(again)


def test_an_answer_that_nobody_asked_for_is_refused(house: House, provider: Provider) -> None:
    provider.says(SUBJECT, email="ana@courier.test", email_verified=True)
    attacker = Client()
    off = attacker.post("/sign-in/company/oidc-here")
    back = urlsplit(provider.authorizes(on_the_way(off)))
    victim = Client()
    answer = victim.get(f"{back.path}?{back.query}")
    assert not is_in(victim)
    assert answer.status_code == 403


def test_another_issuer_than_the_one_that_is_set_is_refused(house: House, provider: Provider, settings: Any) -> None:
    settings.EVERYHAND = Asking(oidc_issuer="https://elsewhere.test")
    answer = Client().post("/sign-in/company/oidc-here")
    assert answer.status_code == 403
    assert "did not work" in words(answer)


def test_a_provider_that_is_away_is_said_kindly(
    house: House, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = httpx.MockTransport(lambda request: (_ for _ in ()).throw(httpx.ConnectError("no route")))
    monkeypatch.setattr(openid_connect, "transport", lambda: away)
    answer = Client().post("/sign-in/company/oidc-here")
    assert answer.status_code == 403
    assert "did not work" in words(answer)


def test_a_header_that_names_somebody_signs_nobody_in(house: House) -> None:
    for header in ("REMOTE_USER", "X-Forwarded-User", "X-Remote-User", "Remote-User"):
        assert not is_in(Client(headers={header: "ana@courier.test"}))
