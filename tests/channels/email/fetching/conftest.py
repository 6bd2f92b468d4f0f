"""A mailbox at the provider, and one who fetches from it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from everyhand.channels.email.fetching import server
from everyhand.channels.email.fetching.credentials import Credentials
from everyhand.channels.email.fetching.fetcher import Fetcher
from everyhand.channels.email.fetching.taking import Taking
from everyhand.channels.email.models import ConnectedMailbox, Mail, Mailbox, RawMail
from everyhand.core import secrets
from tests.cast import NOON, Cast
from tests.servers.imap import Folder, ImapServer

HELP = "help@paper.test"


def letter(number: int, words: str = "No paper today.") -> bytes:
    return (
        f"From: Ada <ada{number}@customers.test>\r\nTo: {HELP}\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <{number}@customers.test>\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n\r\n{words}\r\n"
    ).encode()


def connected(host: str, port: int, **more: Any) -> ConnectedMailbox:
    """A mailbox that was connected at noon, before anything was in it."""
    fields: dict[str, Any] = {
        "mailbox": Mailbox.objects.get_or_create(address=HELP)[0],
        "host": host,
        "port": port,
        "security": "plain",
        "user": HELP,
        "secret": secrets.seal("riverside"),
        "connected_at": NOON,
        "changed_at": NOON,
        "import_since": date(2026, 2, 1),
        "uidvalidity": 7,
        "history_until": 1,
        "from_shell": True,
    }
    return ConnectedMailbox.objects.create(**{**fields, **more})


def stored() -> list[bytes]:
    return [bytes(raw.content) for raw in RawMail.objects.order_by("pk")]


def sources() -> list[str]:
    """UIDVALIDITY/UID of every mail, in the order in which they came."""
    return [mail.source.rpartition(" ")[2] for mail in Mail.objects.order_by("pk")]


@pytest.fixture
def folder() -> Folder:
    return Folder()


@pytest.fixture
def provider(folder: Folder) -> Iterator[ImapServer]:
    running = ImapServer(folder)
    yield running
    running.close()


@pytest.fixture
def box(transactional_db: None, provider: ImapServer) -> ConnectedMailbox:
    return connected("127.0.0.1", provider.port)


class Fetching:
    """One who fetches by hand, a look at a time, as the thread of a mailbox does."""

    def __init__(self, box: ConnectedMailbox) -> None:
        self.box = box
        self.stopping = threading.Event()
        self._credentials = Credentials(box, clock=lambda: NOON)
        self._taking = Taking(box, clock=lambda: NOON, stopping=self.stopping)

    def look(self) -> int:
        """Connect, take in what is new, and leave."""
        folder = server.open_folder(self.box, self._credentials.sign_in)
        try:
            return self._taking.take_in(folder)
        finally:
            folder.close()

    def look_until_quiet(self, tries: int = 20) -> list[Exception]:
        """Look again after each failure; the failures."""
        failures: list[Exception] = []
        while len(failures) < tries:
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - what fails is what the test is about
                failures.append(error)
            else:
                return failures
        raise AssertionError(f"still failing: {failures[-1]!r}")


@pytest.fixture
def fetching(box: ConnectedMailbox) -> Fetching:
    return Fetching(box)


@pytest.fixture
def fetch(transactional_db: None) -> Iterator[Callable[..., Fetcher]]:
    """Start the thread of a mailbox; it ends with the test."""
    started: list[Fetcher] = []

    def start(box: ConnectedMailbox, **more: Any) -> Fetcher:
        fetcher = Fetcher(box.pk, clock=lambda: NOON, **{"first_pause": 0.05, **more})
        started.append(fetcher)
        fetcher.start()
        return fetcher

    yield start
    for fetcher in started:
        fetcher.stop()
    for fetcher in started:
        fetcher.join(10)
        assert not fetcher.is_alive


@pytest.fixture
def cast_committed(transactional_db: None) -> Cast:
    """The people of the tests, for threads and processes to see."""
    return Cast()
