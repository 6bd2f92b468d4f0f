"""The company's own sign-in by SAML, against an identity provider that signs real answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import util
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import signing
from django.core.management.utils import get_random_secret_key
from django.test import Client

from everyhand.config import environment, identity_provider
from everyhand.people.models import Member, SignIn
from tests.servers import saml
from tests.servers.saml import IdentityProvider, Says
from tests.web.house import House, browser_of
from tests.web.test_company_sign_in import on_the_way
from tests.web.test_ways_in import Asking, is_in, words

ANSWER = "http://127.0.0.1:8000/sign-in/saml/answer"
Change = Callable[[IdentityProvider, Says], str]


@pytest.fixture(scope="module")
def company() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture
def provider(company: IdentityProvider, settings: Any, tmp_path: Path) -> IdentityProvider:
    """The installation knows the company's provider by its metadata."""
    file = tmp_path / "metadata.xml"
    file.write_text(company.metadata)
    known = identity_provider.read(file)
    settings.EVERYHAND = Asking(saml_metadata=known, saml_address="")
    app = {"provider_id": known.key, "name": "The Courier", "client_id": "saml"}
    settings.SOCIALACCOUNT_PROVIDERS = {"saml": {"APPS": [app]}}
    return company


def asks(provider: IdentityProvider, browser: Client, **more: str) -> Says:
    """What the provider would answer to whoever comes from our sign-in page."""
    return provider.reads(on_the_way(browser.post("/sign-in/saml", more)))


def brings(browser: Client, answer: str, **more: str) -> Any:
    """The provider's form arrives, and the browser goes where it is sent."""
    arrived = browser.post("/sign-in/saml/answer", {"SAMLResponse": answer, **more})
    if arrived.status_code != 302:
        return arrived
    assert arrived.headers["Location"] == "/sign-in/saml/back"
    return browser.get("/sign-in/saml/back")


def comes(provider: IdentityProvider, browser: Client | None = None, **changes: Any) -> tuple[Client, Any]:
    browser = browser or Client()
    return browser, brings(browser, provider.answers(replace(asks(provider, browser), **changes)))


def test_the_sign_in_page_leads_to_the_company_and_our_metadata_say_where_to_answer(
    house: House, provider: IdentityProvider
) -> None:
    page = Client().get("/sign-in")
    assert "Sign in with The Courier" in words(page)
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert Client().get("/sign-in/saml").status_code == 405
    ours = words(Client().get("/sign-in/saml/metadata"))
    assert f'Location="{ANSWER}"' in ours
    assert 'WantAssertionsSigned="true"' in ours


def test_ana_is_recognised_by_her_address_once_and_by_her_name_id_from_then_on(
    house: House, provider: IdentityProvider
) -> None:
    browser, _ = comes(provider)
    assert is_in(browser)
    account = SocialAccount.objects.get()
    assert (account.user, account.uid) == (house.ana, "employee-4711")
    assert SignIn.objects.filter(member=house.ana, outcome=SignIn.Outcome.CAME_IN, way="company").exists()
    again, _ = comes(provider, attributes={saml.MAIL: "ines@courier.test"})
    assert int(again.session["_auth_user_id"]) == house.ana.pk
    without, _ = comes(provider, attributes={})
    assert int(without.session["_auth_user_id"]) == house.ana.pk


@pytest.mark.parametrize(
    "told",
    [
        {"attributes": {saml.MAIL: "stranger@example.org"}},
        {"attributes": {}},
        {"attributes": {"displayName": "Ana Silva"}, "name_id": "ana@courier.test"},
    ],
)
def test_nobody_else_comes_in(house: House, provider: IdentityProvider, told: dict[str, Any]) -> None:
    browser, answer = comes(provider, **told)
    assert not is_in(browser)
    assert answer.status_code == 403
    assert "You are not invited yet" in words(answer)
    assert not SocialAccount.objects.exists()
    assert not Member.objects.filter(email="stranger@example.org").exists()


def test_whoever_was_let_go_stays_out(house: House, provider: IdentityProvider) -> None:
    browser, _ = comes(provider)
    assert is_in(browser)
    Member.objects.filter(pk=house.ana.pk).update(is_active=False)
    again, _ = comes(provider)
    assert not is_in(again)


def unsigned(_provider: IdentityProvider, says: Says) -> str:
    return saml.encoded(saml.response(says, saml.assertion(says)))


def signed_by_another(_provider: IdentityProvider, says: Says) -> str:
    return IdentityProvider().answers(says)


def changed_after_signing(provider: IdentityProvider, says: Says) -> str:
    mine = provider.signed(saml.assertion(says))
    return saml.encoded(saml.response(says, mine.replace("Ana@courier.test", "ines@courier.test")))


def only_the_envelope_is_signed(provider: IdentityProvider, says: Says) -> str:
    return saml.encoded(provider.signed(saml.response(says, saml.assertion(says))))


def signed_with_sha1(provider: IdentityProvider, says: Says) -> str:
    mine = provider.signed(saml.assertion(says), algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1")
    return saml.encoded(saml.response(says, mine))


def wrapped(where: str) -> Change:
    """A forged assertion, with a good one beside, before or inside it (XML Signature Wrapping)."""

    def answer(provider: IdentityProvider, says: Says) -> str:
        good = provider.signed(saml.assertion(says))
        number = good.partition('ID="')[2].partition('"')[0]
        evil = replace(says, name_id="chair", attributes={saml.MAIL: "ines@courier.test"})
        forged = {
            "after it": (saml.assertion(evil), good),
            "before it": (good, saml.assertion(evil)),
            "with its number": (saml.assertion(evil, number=number), good),
            "inside it": (saml.assertion(evil).replace("</saml:Assertion>", f"{good}</saml:Assertion>"),),
            "in an extension": (saml.assertion(evil),),
        }[where]
        more = f"<samlp:Extensions>{good}</samlp:Extensions>" if where == "in an extension" else ""
        return saml.encoded(saml.response(says, *forged, more=more))

    return answer


def said(**changes: Any) -> Change:
    return lambda provider, says: provider.answers(replace(says, **changes))


def with_entities(provider: IdentityProvider, says: Says) -> str:
    mine = saml.response(says, provider.signed(saml.assertion(says)))
    return saml.encoded(f'<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>{mine}')


def answers_another_question(provider: IdentityProvider, says: Says) -> str:
    """What stands in the signed part is of another question than the envelope says."""
    return saml.encoded(saml.response(says, provider.signed(saml.assertion(replace(says, in_response_to="_other")))))


WRAPPINGS = ("after it", "before it", "with its number", "inside it", "in an extension")
FORGED: dict[str, Change] = {
    "unsigned": unsigned,
    "signed by another": signed_by_another,
    "changed after signing": changed_after_signing,
    "only the envelope is signed": only_the_envelope_is_signed,
    "an algorithm that is broken": signed_with_sha1,
    **{f"wrapped, {how}": wrapped(how) for how in WRAPPINGS},
    "from another issuer": said(issuer="https://elsewhere.test"),
    "for somebody else": said(audience="https://other.example"),
    "for nobody in particular": said(without=("AudienceRestriction",)),
    "sent elsewhere": said(recipient="https://other.example/answer"),
    "to no recipient": said(without=("Recipient",)),
    "expired": said(valid_for=timedelta(minutes=-20)),
    "from tomorrow": said(at=datetime.now(UTC) + timedelta(days=1)),
    "for ever": said(without=("NotOnOrAfter",)),
    "nobody asked": said(in_response_to=""),
    "asked by nobody we know of, inside": said(without=("InResponseTo",)),
    "to another question, inside": answers_another_question,
    "a name that means somebody else the next time": said(name_format=saml.TRANSIENT),
    "no name": said(name_id=" "),
    "a name without end": said(name_id="a" * 500),
    "with entities": with_entities,
    "no XML": lambda _provider, _says: saml.encoded("hello"),
    "no base64": lambda _provider, _says: "%%%",
    "nothing": lambda _provider, _says: "",
    "too long": lambda _provider, _says: "A" * 400_000,
}


@pytest.mark.parametrize("how", FORGED)
def test_an_answer_that_proves_too_little_is_refused_kindly(house: House, provider: IdentityProvider, how: str) -> None:
    browser = Client()
    answer = brings(browser, FORGED[how](provider, asks(provider, browser)))
    assert not is_in(browser)
    assert answer.status_code == 403
    assert "sign-in did not work" in words(answer)
    assert not SocialAccount.objects.exists()


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(house: House, provider: IdentityProvider) -> None:
    asking, other = Client(), Client()
    answer = provider.answers(asks(provider, asking))
    assert brings(other, answer).status_code == 403
    assert not is_in(other)
    assert brings(asking, answer).status_code == 302
    assert is_in(asking)
    asking.post("/sign-out")
    assert brings(asking, answer).status_code == 403
    assert not is_in(asking)


def test_what_we_pass_on_to_ourselves_can_not_be_made_up(house: House, provider: IdentityProvider) -> None:
    browser = Client()
    asked = asks(provider, browser)
    told = ["employee-4711", "ana@courier.test", asked.in_response_to]
    browser.cookies["saml-answer"] = signing.dumps(told, key=get_random_secret_key(), salt="saml-answer")
    assert browser.get("/sign-in/saml/back").status_code == 403
    assert not is_in(browser)


def test_the_provider_leads_nowhere_but_to_where_our_own_page_said(house: House, provider: IdentityProvider) -> None:
    for to, leads in (("https://evil.test/", "/"), ("//evil.test", "/"), ("/people", "/people")):
        browser = Client()
        answer = provider.answers(asks(provider, browser, next=to))
        end = brings(browser, answer, RelayState="https://evil.test/")
        assert (end.status_code, end.headers["Location"]) == (302, leads)


def test_whoever_needs_a_second_factor_needs_it_here_too(
    house: House, provider: IdentityProvider, settings: Any
) -> None:
    settings.EVERYHAND = Asking(
        saml_metadata=settings.EVERYHAND.saml_metadata, saml_address="", second_factor="everybody"
    )
    browser, _ = comes(provider)
    assert browser.get("/inbox/mine").headers["Location"] == "/second-factor"


def test_the_attribute_with_the_address_can_be_named(house: House, provider: IdentityProvider, settings: Any) -> None:
    settings.EVERYHAND = Asking(saml_metadata=settings.EVERYHAND.saml_metadata, saml_address="primaryMail")
    told = {saml.MAIL: "ines@courier.test", "primaryMail": "ana@courier.test"}
    browser, _ = comes(provider, attributes=told)
    assert int(browser.session["_auth_user_id"]) == house.ana.pk


def test_where_no_provider_is_named_there_is_nothing(house: House) -> None:
    assert "Sign in with" not in words(Client().get("/sign-in"))
    assert browser_of(house.ines).get("/sign-in/saml/metadata").status_code == 404


def test_what_is_set_wrongly_is_said_at_once(company: IdentityProvider, tmp_path: Path) -> None:
    def message(text: str | None) -> str:
        file = tmp_path / "metadata.xml"
        file.write_text(text) if text is not None else file.unlink(missing_ok=True)
        variables = {"EVERYHAND_DATA": str(tmp_path), "EVERYHAND_SAML_METADATA": "metadata.xml"}
        with pytest.raises(environment.SettingWrong) as wrong:
            environment.read(variables)
        return str(wrong.value)

    assert "save the provider's metadata there" in message(None)
    assert "no metadata of an identity provider" in message("hello")
    assert "names no identity provider" in message("<a/>")
    assert "HTTP-Redirect" in message(company.metadata.replace("HTTP-Redirect", "HTTP-Artifact"))
    with mock.patch.object(environment, "find_spec", lambda name: None if name == "onelogin" else util.find_spec(name)):
        assert "pip install 'everyhand[saml]'" in message(company.metadata)
    alone = {"EVERYHAND_DATA": str(tmp_path), "EVERYHAND_SIGN_IN": "saml"}
    with pytest.raises(environment.SettingWrong, match="nobody could come in"):
        environment.read(alone)
    (tmp_path / "metadata.xml").write_text(company.metadata)
    read = environment.read({**alone, "EVERYHAND_SAML_METADATA": str(tmp_path / "metadata.xml")})
    assert read.saml_metadata.settings["entityId"] == company.entity
