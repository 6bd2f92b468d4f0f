"""The owner of a mailbox at Google or Microsoft agrees there, and comes back with a lasting permission."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from django.conf import settings
from django.test import Client

from everyhand.channels.email.fetching import oauth
from everyhand.channels.email.models import ConnectedMailbox
from everyhand.core import safe_http, secrets
from everyhand.web import mailbox_permission
from tests.channels.email.door import make_certificate
from tests.channels.email.fetching.conftest import HELP, connected
from tests.servers.imap import Folder, ImapServer
from tests.servers.oauth import CLIENT_ID, CLIENT_SECRET, OAuthProvider
from tests.web.house import House, browser_of

APPLICATION = {"address": HELP, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
ANSWER = "/mailboxes/permission/answer"


def words(response: Any) -> str:
    return str(response.content.decode())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"), "localhost")


@pytest.fixture
def provider(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OAuthProvider]:
    running = OAuthProvider(certificate=certificate, redirect_uri=settings.BASE_URL + ANSWER)
    monkeypatch.setattr(safe_http, "SafeTransport", running.transport)
    yield running
    running.close()


@pytest.fixture
def folder() -> Folder:
    return Folder(capabilities="IMAP4rev1 IDLE AUTH=XOAUTH2")


@pytest.fixture(autouse=True)
def mailbox_there(folder: Folder, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ImapServer]:
    """The mailbox lies on this machine, which the operator allows."""
    running = ImapServer(folder, certificate=certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setitem(settings.EVERYHAND.values, "mailbox_networks", ["127.0.0.0/8"])
    for code in mailbox_permission.PLACES:
        monkeypatch.setitem(mailbox_permission.PLACES, code, ("127.0.0.1", running.port))
    yield running
    running.close()


@pytest.fixture
def browser(house: House) -> Client:
    return browser_of(house.ines)


def asked_page(browser: Client, path: str = "/mailboxes/permission/google", **fields: str) -> str:
    """The link to the provider that Ines is shown."""
    page = words(browser.post(path, {**APPLICATION, **fields}, follow=True))
    found = re.search(r'href="(https://[^"]+)"', page)
    assert found, page
    return html.unescape(found[1])


@pytest.mark.parametrize(
    "case",
    [
        ("google", "https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token",
         "https://mail.google.com/"),
        ("microsoft", "https://login.microsoftonline.com/paper.test/oauth2/v2.0/authorize",
         "https://login.microsoftonline.com/paper.test/oauth2/v2.0/token",
         "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"),
    ],
)  # fmt: skip
def test_a_mailbox_is_connected_with_a_permission_instead_of_a_password(
    browser: Client, provider: OAuthProvider, folder: Folder, case: tuple[str, str, str, str]
) -> None:
    code, where, token_at, scope = case
    page = asked_page(browser, f"/mailboxes/permission/{code}", tenant="paper.test")
    asked = parse_qs(urlsplit(page).query)
    assert (page.partition("?")[0], asked["scope"], asked["login_hint"]) == (where, [scope], [HELP])

    back = provider.agree(page)
    told = words(browser.get(back, follow=True))
    assert "0 mails; the last 30 days (0) are imported silently; nothing will be sent or promised." in told
    browser.post("/mailboxes/new/forecast", {"days": 30, "do": "connect"})

    box = ConnectedMailbox.objects.get()
    assert (box.sign_in, box.user) == (code, HELP)
    grant = json.loads(secrets.unseal(box.secret))
    assert grant["client_secret"] == CLIENT_SECRET
    assert next(iter(provider.books.refresh_tokens)) == grant["refresh_token"]
    assert grant["refresh_token"] not in box.secret
    assert set(provider.asked[1:]) == {token_at}
    # The token the provider gave for that permission is what opens the mailbox.
    assert folder.tokens == [f"user={HELP}\x01auth=Bearer {provider.books.access_tokens[-1]}\x01\x01"]


def test_an_answer_counts_once_and_for_the_browser_that_asked(
    browser: Client, provider: OAuthProvider, house: House
) -> None:
    back = provider.agree(asked_page(browser))

    stolen = browser_of(house.ines).get(back, follow=True)
    assert "belongs to no question that was asked from here" in words(stolen)
    assert browser.get(back).status_code == 302
    assert "belongs to no question" in words(browser.get(back, follow=True))


def test_an_answer_that_somebody_slipped_in_is_refused(browser: Client, provider: OAuthProvider) -> None:
    """A stranger's own permission, so that their mailbox would be read as ours (RFC 6749 section 10.12)."""
    asked_page(browser)
    before = len(provider.asked)

    refused = browser.get(f"{ANSWER}?{urlencode({'code': 'theirs', 'state': 'guessed'})}")

    assert refused.status_code == 422
    assert "Google gave no permission." in words(refused)
    assert len(provider.asked) == before
    assert not ConnectedMailbox.objects.exists()


def test_a_code_without_its_verifier_is_worth_nothing(browser: Client, provider: OAuthProvider) -> None:
    """RFC 7636: who caught the code of another question can't use it in theirs."""
    caught = parse_qs(urlsplit(provider.agree(asked_page(browser))).query)["code"][0]
    mine = parse_qs(urlsplit(asked_page(browser)).query)["state"][0]

    refused = browser.get(f"{ANSWER}?{urlencode({'code': caught, 'state': mine})}")

    assert refused.status_code == 422
    assert "invalid_grant" in words(refused)
    assert provider.books.refresh_tokens == {}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"error": "access_denied", "error_description": "<b>No</b>"}, "access_denied &lt;b&gt;No&lt;/b&gt;"),
        ({}, "Google gave no permission."),
    ],
)
def test_whoever_refuses_there_is_told_so_here(
    browser: Client, provider: OAuthProvider, answer: dict[str, str], said: str
) -> None:
    state = parse_qs(urlsplit(asked_page(browser)).query)["state"][0]

    page = browser.get(f"{ANSWER}?{urlencode({**answer, 'state': state})}")

    assert (page.status_code, said in words(page)) == (422, True)
    assert "<b>No</b>" not in words(page)


def test_a_permission_that_does_not_last_is_refused(browser: Client, provider: OAuthProvider) -> None:
    provider.books.lasting = False

    page = browser.get(provider.agree(asked_page(browser)))

    assert "no refresh_token" in words(page)


def test_a_wrong_secret_of_the_application_is_told(browser: Client, provider: OAuthProvider) -> None:
    page = browser.get(provider.agree(asked_page(browser, client_secret="wrong")))

    assert (page.status_code, "invalid_client" in words(page)) == (422, True)


def test_a_provider_that_is_away_is_told(
    browser: Client, provider: OAuthProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = provider.agree(asked_page(browser))

    def away(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    monkeypatch.setattr(safe_http, "SafeTransport", lambda: httpx.MockTransport(away))

    assert "Google could not be asked. Try again in a moment." in words(browser.get(back))


def test_a_mailbox_that_lets_the_owner_in_by_another_name_says_what_to_do(
    browser: Client, provider: OAuthProvider, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.refuse_login = "[AUTHENTICATIONFAILED] Invalid credentials (Failure)"

    page = words(browser.get(provider.agree(asked_page(browser))))

    assert f"127.0.0.1 does not let {HELP} in with the permission that Google gave." in page


def test_an_application_is_asked_for_unless_the_operator_has_set_one(
    browser: Client, provider: OAuthProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = words(browser.post("/mailboxes/permission/google", {"address": HELP}))
    assert settings.BASE_URL + ANSWER in page
    assert "Client ID" in page

    monkeypatch.setitem(settings.EVERYHAND.values, "google_client_id", CLIENT_ID)
    monkeypatch.setitem(settings.EVERYHAND.values, "google_client_secret", CLIENT_SECRET)
    link = words(browser.post("/mailboxes/permission/google", {"address": HELP}, follow=True))
    assert f"client_id={CLIENT_ID}" in link
    assert CLIENT_SECRET not in link


def test_private_customers_of_microsoft_are_looked_for_in_their_own_directory(
    browser: Client, provider: OAuthProvider
) -> None:
    page = asked_page(browser, "/mailboxes/permission/microsoft", address="ada@outlook.com", tenant="paper.test")

    assert page.startswith("https://login.microsoftonline.com/consumers/oauth2/v2.0/authorize?")


def test_a_permission_that_has_ended_is_given_anew_and_the_mailbox_keeps_its_place(
    browser: Client, provider: OAuthProvider, mailbox_there: ImapServer
) -> None:
    ended = oauth.Grant(CLIENT_ID, CLIENT_SECRET, "ended").written()
    box = connected(
        "127.0.0.1",
        mailbox_there.port,
        security="tls",
        sign_in="google",
        secret=secrets.seal(ended),
        last_uid=17,
        trouble="permission",
        from_shell=False,
    )
    assert browser.get(f"/mailboxes/{box.pk}/password").status_code == 302

    # Who asked the first time asks again: nobody has to look the application up.
    page = words(browser.post(f"/mailboxes/{box.pk}/permission", follow=True))
    link = re.search(r'href="(https://accounts[^"]+)"', page)
    assert link
    browser.get(provider.agree(html.unescape(link[1])))

    box.refresh_from_db()
    assert (box.last_uid, box.trouble) == (17, "")
    assert json.loads(secrets.unseal(box.secret))["refresh_token"] in provider.books.refresh_tokens
