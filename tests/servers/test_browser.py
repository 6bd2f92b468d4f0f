"""The browser of the tests is strict: what it complains about fails a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser

from tests.servers.browser import PHONE, Visit

PAGES = {
    "/": "<h1>Help</h1>",
    "/favicon.ico": "an icon that every browser asks for by itself",
    "/noisy": "<script>console.error('out of paper')</script>",
    "/broken": "<script>throw new Error('no ink')</script>",
    "/chatty": "<img src='http://192.0.2.1/pixel.png'>",
    "/guarded": "<p style='color: red'>no inline styles here</p>",
}


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path, "<h1>Nothing here</h1>").encode()
        self.send_response(200 if self.path in PAGES else 404)
        self.send_header("Content-Type", "text/html")
        if self.path == "/guarded":
            self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        with suppress(BrokenPipeError):  # the window may close while its icon is on the way
            self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing: the tests read the browser's side."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_phone_in_the_dark_is_a_phone_in_the_dark(browser: Browser, site: str) -> None:
    visit = Visit(browser, width=PHONE, scheme="dark")
    visit.page.goto(site)

    assert visit.page.evaluate("innerWidth") == 390
    assert visit.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    visit.page.get_by_role("heading", name="Help").wait_for()
    visit.close()


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/noisy", "out of paper"),
        ("/broken", "no ink"),
        ("/chatty", "left this machine"),
        ("/guarded", "Content Security Policy"),
        ("/missing", "404"),
    ],
)
def test_what_a_browser_complains_about_fails_the_visit(browser: Browser, site: str, path: str, complaint: str) -> None:
    visit = Visit(browser)
    visit.page.goto(site + path)

    with pytest.raises(AssertionError, match=complaint):
        visit.close()


def test_an_expected_complaint_does_not_fail_the_visit(browser: Browser, site: str) -> None:
    visit = Visit(browser, expecting="status of 404")
    visit.page.goto(site + "/missing")

    visit.close()
