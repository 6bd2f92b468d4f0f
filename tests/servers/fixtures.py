"""What a test asks for by name to talk to a real server. What the machine lacks is skipped, loudly."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.servers import browser as chromium
from tests.servers import clamd as clamd_server
from tests.servers import dovecot as dovecot_server
from tests.servers import postfix as postfix_server
from tests.servers import postgres
from tests.servers.browser import Scheme, Visit
from tests.servers.clamd import Clamd
from tests.servers.dovecot import Dovecot
from tests.servers.everyhand import RunningEveryhand
from tests.servers.postfix import Postfix
from tests.skips import absent

OUR_DOMAINS = ("paper.test",)
CUSTOMERS = ("ada@customers.test", "bob@customers.test")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("EVERYHAND_TEST_DATABASE") == "postgresql" and not postgres.found():
        for item in items:
            item.add_marker(pytest.mark.usefixtures("cluster_url"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """A command that is run within a test makes files private from then on; servers of other users must read theirs.

    No fixture, since those of a module begin before those of a test.
    """
    os.umask(0o022)


@pytest.fixture(scope="session")
def cluster_url() -> str | None:
    """The PostgreSQL cluster of a run with EVERYHAND_TEST_DATABASE=postgresql, None in a run on SQLite."""
    if os.environ.get("EVERYHAND_TEST_DATABASE") != "postgresql":
        return None
    return os.environ.get("EVERYHAND_TEST_POSTGRES") or absent("PostgreSQL", postgres.REMEDY)


@pytest.fixture
def start_everyhand(cluster_url: str | None) -> Iterator[Callable[..., RunningEveryhand]]:
    """Start another Everyhand on fresh data; the arguments are RunningEveryhand's. All end with the test."""
    with ExitStack() as running:

        def start(*, mail_url: str | None = None, empty: bool = False, **settings: str) -> RunningEveryhand:
            everyhand = RunningEveryhand(cluster_url=cluster_url, mail_url=mail_url, empty=empty, **settings)
            running.callback(everyhand.dispose)
            everyhand.start()
            return everyhand

        yield start


@pytest.fixture
def everyhand(start_everyhand: Callable[..., RunningEveryhand]) -> RunningEveryhand:
    """An Everyhand that serves, on fresh data, with nobody on the other end of outgoing mail."""
    return start_everyhand()


@pytest.fixture
def make_postfix() -> Iterator[Callable[..., Postfix]]:
    """Make a Postfix, not yet started: its port is already known, so that the far end can be told first."""
    if not postfix_server.found():
        absent("Postfix", postfix_server.REMEDY)
    with ExitStack() as made:

        def make(*, customers: Sequence[str] = CUSTOMERS) -> Postfix:
            postfix = Postfix(customers=customers)
            made.callback(postfix.stop)
            return postfix

        yield make


@pytest.fixture
def make_dovecot() -> Iterator[Callable[..., Dovecot]]:
    """Start a Dovecot that shows the certificate in the PEM file given."""
    if not dovecot_server.found():
        absent("Dovecot", dovecot_server.REMEDY)
    with ExitStack() as made:

        def make(*, certificate: Path) -> Dovecot:
            dovecot = Dovecot(certificate=certificate)
            made.callback(dovecot.stop)
            dovecot.wait_until_ready()
            return dovecot

        yield make


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    """A virus scanner that knows one virus, `clamd.EICAR`."""
    if not clamd_server.found():
        absent("clamd", clamd_server.REMEDY)
    scanner = Clamd()
    try:
        scanner.wait_until_ready()
        yield scanner
    finally:
        scanner.stop()


@pytest.fixture
def everyhand_and_postfix(
    start_everyhand: Callable[..., RunningEveryhand], make_postfix: Callable[..., Postfix]
) -> tuple[RunningEveryhand, Postfix]:
    """An Everyhand for paper.test whose mail, both ways, goes through a Postfix with the customers' mailboxes."""
    postfix = make_postfix()
    everyhand = start_everyhand(mail_url=postfix.url)
    postfix.start(relay=dict.fromkeys(OUR_DOMAINS, everyhand.smtp_port))
    return everyhand, postfix


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. It ends with the module, since Playwright's event loop keeps Django from the database while it runs."""
    if chromium.path() is None:
        absent("Chromium", chromium.REMEDY)
    with chromium.open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def whole_browser() -> Iterator[Browser]:
    """Chromium with what is around pages: notifications. A module that asks for it asks for no other."""
    if chromium.path(whole=True) is None:
        absent("Chromium", chromium.REMEDY)
    with chromium.open_browser(whole=True) as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a window as a person does: `visit(width=PHONE, scheme="dark")`; complaints of the browser fail the test."""
    with ExitStack() as open_windows:

        def open_window(
            *, width: int = chromium.DESK, scheme: Scheme = "light", expecting: str = "", scripts: bool = True
        ) -> Page:
            window = Visit(browser, width=width, scheme=scheme, expecting=expecting, scripts=scripts)
            open_windows.callback(window.close)
            return window.page

        yield open_window


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    """A window on a desk, in light colours."""
    return visit()
