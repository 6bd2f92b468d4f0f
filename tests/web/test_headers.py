"""Headers and cookies on whatever is answered: pages, files, errors, static files, redirects; and over https."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.test import Client

from tests.web.access_matrix import MATRIX
from tests.web.house import House, browser_of
from tests.web.scene import Scene
from tests.web.test_ways_in import signed_in

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
}


def assert_safe(response: Any, address: str) -> None:
    for name, value in ALWAYS.items():
        assert response.headers.get(name) == value, (address, name)
    assert response.headers["Referrer-Policy"] in ("same-origin", "no-referrer"), address
    assert "camera=()" in response.headers["Permissions-Policy"], address
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy or "default-src 'none'" in policy, address
    assert "unsafe-inline" not in policy.split("style-src")[0], address
    for cookie in response.cookies.values():
        if not cookie.value:  # it is taken away
            continue
        assert cookie["samesite"] == "Lax", (address, cookie.key)
        assert cookie["httponly"] or cookie.key == "csrf", (address, cookie.key)


def test_every_address_answers_safely_whoever_asks(public_scene: Scene) -> None:
    for who in ("nobody", "stranger", "admin"):
        browser = browser_of(public_scene.readers[who])
        for access in MATRIX.values():
            address = public_scene.fill(access.path)
            assert_safe(browser.get(address), address)
            assert_safe(browser.post(address), address)


def test_mistakes_and_static_files_are_answered_safely(house: House) -> None:
    browser = browser_of(house.ana)
    strict = Client(enforce_csrf_checks=True)
    asked = {
        "/nowhere": browser.get("/nowhere"),
        "a form without its token": strict.post("/sign-in", {"login": "x"}),
        "another host": browser.get("/inbox/mine", HTTP_HOST="evil.test"),
        "a method": browser.put("/inbox/mine"),
        "a static file": browser.get("/static/everyhand/live.js"),
        "no static file": browser.get("/static/everyhand/nothing.js"),
    }
    for what, response in asked.items():
        if what != "a static file":
            assert response.status_code >= 400, what
        assert_safe(response, what)


def test_the_session_is_a_cookie_no_script_reads(house: House) -> None:
    browser = signed_in(house.ana)
    cookie = browser.cookies["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]


def test_over_https_cookies_are_bound_to_the_host_and_the_browser_is_told_to_stay(tmp_path: Path) -> None:
    names: tuple[str, ...] = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")
    names += ("SECURE_HSTS_SECONDS", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH")
    asks = (
        "import json, django; django.setup(); from django.conf import settings; from django.test import Client;"
        f"told = {{name: getattr(settings, name) for name in {names!r}}};"
        "page = Client(HTTP_HOST='desk.example').get('/static/everyhand/live.js', secure=True);"
        "print(json.dumps({**told, 'hsts': page.headers.get('Strict-Transport-Security')}))"
    )
    ours = {name: value for name, value in os.environ.items() if not name.startswith("EVERYHAND_")}
    ours |= {"EVERYHAND_DATA": str(tmp_path), "EVERYHAND_URL": "https://desk.example"}
    ours["DJANGO_SETTINGS_MODULE"] = "everyhand.config.settings"
    told = json.loads(subprocess.run([sys.executable, "-c", asks], env=ours, capture_output=True, check=True).stdout)
    assert (told["SESSION_COOKIE_NAME"], told["CSRF_COOKIE_NAME"]) == ("__Host-session", "__Host-csrf")
    assert told["SESSION_COOKIE_SECURE"] is told["CSRF_COOKIE_SECURE"] is told["SESSION_COOKIE_HTTPONLY"] is True
    assert (told["SESSION_COOKIE_DOMAIN"], told["SESSION_COOKIE_PATH"]) == (None, "/")
    assert told["hsts"] == f"max-age={told['SECURE_HSTS_SECONDS']}"
    assert told["SECURE_HSTS_SECONDS"] >= 31_536_000
