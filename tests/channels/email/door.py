"""Our SMTP door on a free port, and how a customer's server talks to it."""

from __future__ import annotations

import smtplib
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from everyhand.channels.email.listener import Listener
from everyhand.channels.email.listener.dialogue import Limits
from everyhand.channels.email.models import Mailbox, RawMail

ADA = "ada@customers.test"
HELP = "help@paper.test"
LETTER = b"From: Ada <ada@customers.test>\r\nTo: help@paper.test\r\nSubject: Where is it?\r\n\r\nMy paper.\r\n"


@dataclass(frozen=True)
class Door:
    """A running listener, and where it listens."""

    listener: Listener
    host: str
    port: int


Open = Callable[..., Door]


@pytest.fixture
def open_door() -> Iterator[Open]:
    """Open a listener on a free port; keyword arguments are limits. It is closed after the test."""
    Mailbox.objects.create(address=HELP)
    Mailbox.objects.create(address="*@shop.test")
    with ExitStack() as doors:

        def open_one(**limits: Any) -> Door:
            door = doors.enter_context(socket.create_server(("127.0.0.1", 0)))
            listener = Listener(door, limits=Limits(**{"size": 1_000_000, **limits}))
            listener.start()
            doors.callback(listener.stop)
            return Door(listener, *door.getsockname())

        yield open_one


@pytest.fixture
def door(open_door: Open) -> Door:
    return open_door()


class Line:
    """A raw connection: bytes out, lines in."""

    def __init__(self, door: Door) -> None:
        self._socket = socket.create_connection(("127.0.0.1", door.port), timeout=10)
        self._file = self._socket.makefile("rb")
        self.greeting = self.hear()

    def say(self, *words: bytes) -> bytes:
        self.send(b"".join(word + b"\r\n" for word in words))
        return [self.hear() for _ in words][-1]

    def send(self, raw: bytes) -> None:
        self._socket.sendall(raw)

    def hear(self) -> bytes:
        """The next reply, its last line; b"" when the server hung up."""
        while line := self._file.readline():
            if line[3:4] != b"-":
                return line
        return b""

    def begin(self, *recipients: str) -> None:
        """Go as far as DATA."""
        self.say(b"EHLO mail.customers.test", f"MAIL FROM:<{ADA}>".encode())
        self.say(*(f"RCPT TO:<{one}>".encode() for one in recipients or (HELP,)), b"DATA")

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def call(door: Door) -> Iterator[Line]:
    with closing(Line(door)) as line:
        yield line


def send(door: Door, raw: bytes = LETTER, *, sender: str = ADA, to: list[str] | None = None) -> dict[str, Any]:
    with smtplib.SMTP("127.0.0.1", door.port, timeout=30) as client:
        return client.sendmail(sender, to or [HELP], raw)


def stored() -> list[bytes]:
    return [bytes(raw.content) for raw in RawMail.objects.order_by("pk")]


def make_certificate(directory: Path, name: str) -> Path:
    """A self-signed certificate for `name` and its key, in one PEM file."""
    path = directory / f"{name}.pem"
    options = f"-nodes -days 1 -subj /CN={name} -addext subjectAltName=DNS:{name},IP:127.0.0.1"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-keyout", "key", "-out", "chain", *options.split()],  # noqa: S607
        check=True,
        capture_output=True,
        cwd=directory,
        timeout=60,
    )
    path.write_text((directory / "chain").read_text() + (directory / "key").read_text())
    return path


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let those who wait for the database give up after a moment."""
    options = connections.settings["default"].setdefault("OPTIONS", {})
    if connection.vendor == "sqlite":
        monkeypatch.setitem(options, "timeout", 0.2)
    else:
        monkeypatch.setitem(options, "options", "-c lock_timeout=200ms")


@contextmanager
def everybody_locked_out() -> Iterator[None]:
    """Nobody else can write; also when the block fails they can again after it."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("BEGIN IMMEDIATE")
        else:
            cursor.execute("BEGIN")
        try:
            if connection.vendor == "postgresql":
                cursor.execute(f"LOCK TABLE {RawMail._meta.db_table} IN ACCESS EXCLUSIVE MODE")
            yield
        finally:
            cursor.execute("ROLLBACK")
