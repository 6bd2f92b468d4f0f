"""A real browser, Debian's Chromium, that fails a test which makes it complain or look outside this machine."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, sync_playwright

REMEDY = "on Debian: apt-get install chromium chromium-headless-shell"

PHONE, DESK = 390, 1440
HEIGHTS = {PHONE: 844, DESK: 900}

ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root; every page they open is ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

Scheme = Literal["light", "dark"]


def path(*, whole: bool = False) -> str | None:
    """Return the Chromium to drive, or None where there is none. Playwright's own download is never used.

    The one without a head is the same engine. The `whole` one has what is around pages too, such as notifications, and
    draws tabs and menus for every window even where nobody looks: a window takes 0.26 s of a processor instead of 0.06.
    """
    return (None if whole else shutil.which("chromium-headless-shell")) or shutil.which("chromium")


@contextmanager
def open_browser(*, whole: bool = False) -> Iterator[Browser]:
    """Start Chromium (see `path`) and end it again. Raises AssertionError where there is none."""
    executable = path(whole=whole)
    if executable is None:
        raise AssertionError(f"There is no Chromium here; {REMEDY}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS, headless=True)
        yield browser
        browser.close()


class Visit:
    """One person's browser window: `page` is Playwright's, `complaints` is what must not have happened in it."""

    def __init__(
        self,
        browser: Browser,
        *,
        width: int = DESK,
        scheme: Scheme = "light",
        expecting: str = "",
        scripts: bool = True,
    ) -> None:
        """`scripts` off is a browser that runs none. `expecting` is a regular expression for console errors that belong
        to the test, such as "status of 404".
        """
        self.complaints: list[str] = []
        self._expecting = re.compile(expecting) if expecting else None
        self._context = browser.new_context(
            viewport={"width": width, "height": HEIGHTS.get(width, 900)},
            color_scheme=scheme,
            has_touch=width < 600,
            java_script_enabled=scripts,
            locale="en-GB",
            timezone_id="UTC",
        )
        self._context.set_default_timeout(10_000)
        self._context.on("console", self._hear)
        self._context.on("weberror", lambda error: self._complain(f"an uncaught error: {error.error}"))
        self._context.on("request", self._watch)
        self.page: Page = self._context.new_page()

    def close(self) -> None:
        """Close the window. Raises AssertionError with everything the browser complained about."""
        self._context.close()
        if self.complaints:
            raise AssertionError("The browser complained:\n" + "\n".join(self.complaints))

    def _hear(self, message: ConsoleMessage) -> None:
        # A violation of the content security policy is a console error too, also where it is only reported.
        if message.type == "error":
            self._complain(f"{message.text} ({message.location.get('url', '')})")

    def _watch(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob", "about") and url.hostname not in ("127.0.0.1", "localhost"):
            self.complaints.append(f"a request left this machine: {request.url}")

    def _complain(self, complaint: str) -> None:
        if self._expecting is None or not self._expecting.search(complaint):
            self.complaints.append(complaint)


__all__ = ["ARGUMENTS", "DESK", "PHONE", "REMEDY", "Error", "Visit", "open_browser", "path"]
