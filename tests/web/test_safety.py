"""Headers on every answer, kind pages for every mistake, and nothing of us in any cache."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

from everyhand.config.urls import urlpatterns as every_address
from everyhand.core import heartbeat
from tests.web.house import House, arrives, browser_of


def fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


urlpatterns = [*every_address, path("fails", fails)]
handler400 = "everyhand.web.errors.bad_request"
handler403 = "everyhand.web.errors.forbidden"
handler404 = "everyhand.web.errors.not_found"
handler500 = "everyhand.web.errors.broken"


def assert_safe(response: Any) -> None:
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/sign-in", 200),
        ("/inbox/mine", 200),
        ("/quarantine", 403),
        ("/nowhere", 404),
        ("/inbox/nobodys", 404),
        ("/conversations/1/replies", 405),
        ("/fails", 500),
        ("/healthz", 200),
    ],
)
def test_every_page_is_safe_and_kind(house: House, address: str, status: int) -> None:
    browser = browser_of(house.carla if address != "/sign-in" else None)
    browser.raise_request_exception = False
    response = browser.get(address)
    assert response.status_code == status
    assert_safe(response)
    assert "no-store" in response.headers["Cache-Control"] or address in ("/fails", "/healthz")
    if status >= 400:
        assert "<h1>" in response.content.decode()
        assert "on purpose" not in response.content.decode()


@pytest.mark.parametrize("where", ["conversations.drafts.keep", "people.models.Member.get_session_auth_hash"])
def test_while_the_database_is_away_what_was_typed_is_shown_and_nobody_is_asked(
    house: House, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it was not even known yet who reads."""

    def is_locked(*_arguments: object, **_named: object) -> None:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise OperationalError("database is locked") from error

    conversation = arrives().conversation
    browser = browser_of(house.ana)
    browser.raise_request_exception = False
    browser.cookies["theme"] = "dark"
    monkeypatch.setattr(f"everyhand.{where}", is_locked)
    told = browser.post(f"/conversations/{conversation.pk}/replies", {"text": "Dear Ada, it is on its way.", "seen": 0})
    assert told.status_code == 503
    assert told.headers["Retry-After"] == "30"
    assert_safe(told)
    page = told.content.decode()
    assert "Nothing can be read or stored just now" in page
    assert "Dear Ada, it is on its way.</textarea>" in page
    assert 'data-theme="dark"' in page
    assert settings.SESSION_COOKIE_NAME not in told.cookies


def test_a_foreign_host_is_refused(db: None) -> None:
    response = Client(SERVER_NAME="evil.example").get("/sign-in")
    assert response.status_code == 400
    assert "evil.example" not in response.content.decode()
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_form_that_is_much_too_large_is_refused_kindly(house: House) -> None:
    conversation = arrives().conversation
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000):
        refused = browser_of(house.ana).post(f"/conversations/{conversation.pk}/notes", {"text": "x" * 2000})
    assert refused.status_code == 413
    assert "your draft is still on this device" in refused.content.decode()


def test_pages_speak_the_language_and_the_time_of_who_reads(house: House) -> None:
    house.ana.language, house.ana.time_zone = "de", "Asia/Tokyo"
    house.ana.save()
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    page = browser_of(house.ana).get(f"/conversations/{arrives(at=noon).conversation.pk}").content.decode()
    assert '<html lang="de"' in page
    assert "2. März 2026, 21:00" in page or "2 März 2026, 21:00" in page
    assert '<html lang="en"' in browser_of(house.ben).get("/inbox/mine").content.decode()
    german = Client(headers={"Accept-Language": "de"}).get("/sign-in")
    assert '<html lang="de"' in german.content.decode()


def test_static_files_carry_their_version_and_may_be_kept(house: House) -> None:
    page = browser_of(house.ana).get("/inbox/mine").content.decode()
    address = page.split('<link rel="stylesheet" href="')[1].split('"')[0]
    assert "?v=" in address
    file = Client().get(address)
    assert file.status_code == 200
    assert "max-age=600" in file.headers["Cache-Control"]


def test_health_needs_no_sign_in_and_tells_no_secret(db: None) -> None:
    well = {"database": "ok", "filing": "silent", "escalation": "ok"}
    assert Client().get("/healthz").json() == {**well, "worker": "silent"}
    heartbeat.beat("worker", process="test", at=timezone.now())
    assert Client().get("/healthz").json() == {**well, "worker": "ok"}


def test_health_says_when_the_database_is_away(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("secret://host")

    monkeypatch.setattr(heartbeat, "silent", away)
    health = Client().get("/healthz")
    assert health.status_code == 503
    assert health.json() == {"database": "unreachable"}


def test_the_look_is_kept_on_this_device(house: House) -> None:
    browser = browser_of(house.ana)
    browser.post("/appearance", {"theme": "dark"}, headers={"Referer": "http://testserver/people"})
    assert 'data-theme="dark"' in browser.get("/inbox/mine").content.decode()
    browser.post("/appearance", {"theme": "<b>"})
    assert "data-theme" not in browser.get("/inbox/mine").content.decode()


@pytest.mark.parametrize("referer", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_choosing_a_look_leads_nowhere_else(house: House, referer: str) -> None:
    back = browser_of(house.ana).post("/appearance", {"theme": "dark"}, headers={"Referer": referer})
    assert back.headers["Location"] == "/"
