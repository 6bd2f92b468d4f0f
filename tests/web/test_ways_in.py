"""A second factor, passkeys, sessions elsewhere, and the company's say in how its people sign in."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone

from everyhand.config import environment
from everyhand.core import secrets
from everyhand.desk import let_go
from everyhand.people.models import Member
from tests.web.house import House, browser_of

PASSWORD = "a newspaper a day"


def words(response: Any) -> str:
    return str(response.content.decode())


def is_in(browser: Client) -> bool:
    return browser.get("/inbox/mine").status_code == 200


def signed_in(member: Member, *, agent: str = "Firefox/140 Linux") -> Client:
    """Somebody who typed their password."""
    if not member.check_password(PASSWORD):
        member.set_password(PASSWORD)
        member.save()
    browser = Client(headers={"user-agent": agent})
    browser.post("/sign-in", {"login": member.email, "password": PASSWORD})
    return browser


def digits(secret: str) -> str:
    """What the app shows now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def sets_up_the_app(browser: Client) -> str:
    """The app's secret."""
    assert browser.get("/second-factor/app").headers["Location"].startswith("/sign-in/again?")
    browser.post("/sign-in/again", {"password": PASSWORD})
    page = browser.get("/second-factor/app")
    found = re.search(r'id="the-secret"[^>]*value="(\w+)"', words(page))
    assert found, page.headers
    assert browser.post("/second-factor/app", {"code": digits(found[1])}).headers["Location"] == "/second-factor/codes"
    return found[1]


def test_with_an_authenticator_app_a_password_is_not_enough(house: House) -> None:
    browser = signed_in(house.ana)
    secret = sets_up_the_app(browser)
    sealed = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in str(list(Authenticator.objects.values()))
    assert secrets.unseal(sealed) == secret
    late = Client()
    step = late.post("/sign-in", {"login": "ana@courier.test", "password": PASSWORD})
    assert step.headers["Location"] == "/sign-in/second-factor"
    assert not is_in(late)
    assert "One more step" in words(late.get("/sign-in/second-factor"))
    late.post("/sign-in/second-factor", {"code": "000000"})
    assert not is_in(late)
    code = digits(secret)
    late.post("/sign-in/second-factor", {"code": code})
    assert is_in(late)
    again = Client()
    again.post("/sign-in", {"login": "ana@courier.test", "password": PASSWORD})
    again.post("/sign-in/second-factor", {"code": code})
    assert not is_in(again), "the same six digits do not work twice"


def test_a_recovery_code_lets_in_once(house: House) -> None:
    browser = signed_in(house.ana)
    sets_up_the_app(browser)
    codes = re.search(r"<textarea[^>]*>([^<]+)</textarea>", words(browser.get("/second-factor/codes")))
    assert codes
    code = codes[1].split()[0]
    for expected in (True, False):
        late = Client()
        late.post("/sign-in", {"login": "ana@courier.test", "password": PASSWORD})
        late.post("/sign-in/second-factor", {"code": code})
        assert is_in(late) is expected


def test_everybody_proves_who_they_are_before_changing_how_they_sign_in(house: House) -> None:
    browser = signed_in(house.ana)
    asked = browser.get("/second-factor/app")
    assert asked.headers["Location"].startswith("/sign-in/again?")
    page = words(browser.get(asked.headers["Location"]))
    assert "Is it you?" in page


def test_everybody_sees_where_they_are_signed_in_and_signs_out_there(house: House) -> None:
    here, phone, office = (
        signed_in(house.ana, agent=one) for one in ("Firefox/1 Linux", "Safari iPhone", "Edg Windows")
    )
    dora = signed_in(house.dora)
    page = words(here.get("/second-factor"))
    assert "Safari · iPhone" in page
    assert "Edge · Windows" in page
    theirs = UserSession.objects.get(user=house.dora).pk
    here.post("/sessions/end", {"session": theirs})
    assert is_in(dora)
    lost = UserSession.objects.get(user=house.ana, user_agent="Safari iPhone").pk
    here.post("/sessions/end", {"session": lost})
    assert (is_in(phone), is_in(office), is_in(here)) == (False, True, True)
    here.post("/sessions/end-all")
    assert (is_in(office), is_in(here)) == (False, True)


def test_whoever_is_let_go_has_no_session_left_and_does_not_get_it_back(house: House) -> None:
    browser = signed_in(house.carla)
    let_go.let_go(house.carla, by=house.ines, at=timezone.now())
    assert not Session.objects.filter(session_key=browser.session.session_key or "").exists()
    assert not is_in(browser)
    let_go.take_back(house.carla, by=house.ines, at=timezone.now())
    assert not is_in(browser)


def test_signing_in_gives_a_new_session(house: House) -> None:
    browser = Client()
    browser.get("/sign-in")
    browser.post("/sign-in/code", {"email": "ana@courier.test"})
    before = browser.session.session_key
    code = re.search(r"^\s*([A-Z0-9-]{6,12})\s*$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code
    browser.post("/sign-in/code/confirmation", {"code": code[1]})
    assert is_in(browser)
    assert browser.session.session_key != before


def test_an_unknown_address_costs_as_much_work_as_a_known_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.ana.set_password(PASSWORD)
    house.ana.save()
    worked: list[str] = []

    def counting(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def count(*args: Any, **more: Any) -> Any:
            worked.append(name)
            return real(*args, **more)

        return count

    for name in ("encode", "verify"):
        monkeypatch.setattr(Argon2PasswordHasher, name, counting(name, getattr(Argon2PasswordHasher, name)))
    cost, said = {}, {}
    for who in ("ana@courier.test", "carla@courier.test", "stranger@example.org"):
        worked.clear()
        answer = Client().post("/sign-in", {"login": who, "password": "wrong"})
        cost[who], said[who] = len(worked), re.findall(r"role=\"alert\">([^<]+)", words(answer))
    assert len(set(cost.values())) == 1
    assert len({str(one) for one in said.values()}) == 1


@pytest.mark.parametrize("host", ["evil.test", "localhost"])
def test_a_mailed_link_leads_to_the_address_we_are_set_to(house: House, host: str) -> None:
    house.ana.set_password(PASSWORD)
    house.ana.save()
    asked = Client().post(
        "/password/reset", {"email": "ana@courier.test"}, HTTP_HOST=host, HTTP_X_FORWARDED_HOST="evil.test"
    )
    if host == "evil.test":
        assert asked.status_code == 400
        assert not mail.outbox
    else:
        assert "http://127.0.0.1:8000/password/reset/key/" in str(mail.outbox[0].body)


class Asking:
    """The installation's settings, some of them different."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        from everyhand.config.settings import EVERYHAND  # noqa: PLC0415

        return self._values[name] if name in self._values else getattr(EVERYHAND, name)


def test_administrators_set_up_a_second_factor_first_when_the_company_asks_for_one(house: House, settings: Any) -> None:
    settings.EVERYHAND = Asking(second_factor="admins")
    assert is_in(browser_of(house.ana))
    browser = signed_in(house.ines)
    assert browser.get("/inbox/mine").headers["Location"] == "/second-factor"
    assert browser.post("/people/new").headers["Location"] == "/second-factor"
    assert "Before you go on, add a passkey" in words(browser.get("/second-factor"))
    sets_up_the_app(browser)
    assert is_in(browser)
    browser.post("/second-factor/app/removal")
    assert Authenticator.objects.filter(user=house.ines, type="totp").exists()


def test_what_the_company_does_not_allow_is_not_there(house: House, settings: Any) -> None:
    settings.EVERYHAND = Asking(sign_in=frozenset({"passkey"}))
    house.ana.set_password(PASSWORD)
    house.ana.save()
    browser = Client()
    page = words(browser.get("/sign-in"))
    assert 'name="password"' not in page
    assert "Mail me a code" not in page
    assert "Use a passkey" in page
    assert browser.post("/sign-in", {"login": "ana@courier.test", "password": PASSWORD}).status_code == 404
    assert browser.post("/sign-in/code", {"email": "ana@courier.test"}).status_code == 404
    assert browser.post("/password/reset", {"email": "ana@courier.test"}).status_code == 404
    assert not mail.outbox


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("SIGN_IN", "fingerprint", "name at least one of"),
        ("SIGN_IN", "", "name at least one of"),
        ("SIGN_IN", "oidc", "nobody could come in"),
        ("SECOND_FACTOR", "some", "nobody, admins, everybody"),
        ("OIDC_ISSUER", "http://login.test", "begins with https://"),
        ("OIDC_ISSUER", "https://login.test", "needs issuer, client and secret"),
    ],
)
def test_a_setting_that_would_shut_everybody_out_is_refused(
    name: str, value: str, complaint: str, tmp_path: Any
) -> None:
    with pytest.raises(environment.SettingWrong, match=complaint):
        environment.read({"EVERYHAND_DATA": str(tmp_path), f"EVERYHAND_{name}": value})


def test_at_a_number_a_passkey_is_not_tried_and_the_way_to_one_is_told(house: House) -> None:
    browser = browser_of(house.carla)
    page = words(browser.get("/passkeys/new", headers={"host": "127.0.0.1:8000"}))
    assert "A passkey belongs to a name" in page
    assert 'href="http://localhost:8000/passkeys/new"' in page
    assert "data-passkey" not in page
    assert "data-passkey" in words(browser.get("/passkeys/new", headers={"host": "localhost:8000"}))
