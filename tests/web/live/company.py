"""A company with a database of its own and a web process that serves it, and the pages its members have open."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connections
from django.test import Client

from everyhand.conversations.models import Conversation
from everyhand.desk.inbound import Address, Inbound
from everyhand.desk.receive import receive
from everyhand.people.models import Member, Membership, Role, Team
from everyhand.routing import actions as routing
from tests.servers import postgres, tables
from tests.servers.processes import Process, answers, free_port, open_directory


@dataclass(frozen=True)
class Event:
    """One server-sent event as a browser would dispatch it."""

    name: str
    data: Any
    id: str


class Page:
    """An open page that listens. Reading waits at most `patience` seconds, then raises TimeoutError."""

    def __init__(self, port: int, path: str, headers: Mapping[str, str], *, patience: float = 6) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        self._connection.request("GET", path, headers=dict(headers))
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers
        self.content_type = self.headers["content-type"]
        self.retry: int | None = None
        if self.status == 200:
            self._fields()  # what comes before the first event: how soon to come back
            self.unread = json.loads(self._fields()["data"])["unread"]  # and how many notices there are

    def event(self) -> Event:
        """The next event; AssertionError when the stream ends instead."""
        while fields := self._fields():
            if "data" in fields:
                return Event(fields["event"], json.loads(fields["data"]), fields.get("id", ""))
        raise AssertionError("The stream ended.")

    def ends_within(self, seconds: float) -> bool:
        """Whether the stream ends in time, whatever it says until then."""
        until = time.monotonic() + seconds
        try:
            while self._fields():
                if time.monotonic() > until:
                    return False
        except TimeoutError:
            return False
        return time.monotonic() <= until

    def is_quiet_for(self, seconds: float) -> bool:
        self._connection.sock.settimeout(seconds)
        try:
            return not self._fields()
        except TimeoutError:
            return True

    def close(self) -> None:
        self._response.close()
        self._connection.close()

    def _fields(self) -> dict[str, str]:
        """The fields of the next block; {} at the end of the stream."""
        fields: dict[str, str] = {}
        while line := self._response.readline().decode():
            if line == "\n":
                return fields or {"": ""}
            name, _, value = line.rstrip("\n").partition(":")
            fields[name] = value.removeprefix(" ")
            if name == "retry":
                self.retry = int(value)
        return {}


class Company:
    """Ana sees every queue, Ben only his own and his team's, Cleo administers; Ines asks for something."""

    def __init__(self, cluster_url: str | None) -> None:
        self.data = open_directory("live")
        (self.data / "secret.key").write_text(settings.SECRET_KEY)
        self.database_url = postgres.create_database(cluster_url) if cluster_url else None
        if not cluster_url:
            shutil.copyfile(tables.sqlite(), self.data / "everyhand.sqlite3")
        self._pages: list[Page] = []
        self._process: Process | None = None
        self.port = 0

    @contextmanager
    def at_hand(self) -> Iterator[Company]:
        """Work in this process on the database that the web process reads."""
        before = connections["default"]
        name = self.database_url.rpartition("/")[2] if self.database_url else str(self.data / "everyhand.sqlite3")
        connections["default"] = type(before)({**before.settings_dict, "NAME": name}, "default")
        try:
            yield self
        finally:
            self.end()
            connections["default"].close()
            connections["default"] = before
            if self.database_url:
                postgres.drop_database(self.database_url)
            shutil.rmtree(self.data)

    def found(self) -> None:
        self.ana = Member.objects.create_member("ana@company.test", "Ana", role=Role.SPECIALIST)
        self.ben = Member.objects.create_member("ben@company.test", "Ben")
        self.cleo = Member.objects.create_member("cleo@company.test", "Cleo", role=Role.ADMIN)
        self.field = Team.objects.create(slug="field", name="Field service")
        self.legal = Team.objects.create(slug="legal", name="Legal", private=True)
        Membership.objects.create(team=self.field, member=self.ben)
        routing.set_fallback(self.ana, by=None, at=datetime.now(UTC))

    def serve(self, settings_module: str = "tests.web.live.settings") -> None:
        self.port = free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EVERYHAND_")}
        environment |= {
            "EVERYHAND_DATA": str(self.data),
            "EVERYHAND_WEB": f"127.0.0.1:{self.port}",
            "DJANGO_SETTINGS_MODULE": settings_module,
            **({"EVERYHAND_DATABASE_URL": self.database_url} if self.database_url else {}),
        }
        arguments = ["--port", str(self.port), "--no-access-log"]
        self._process = Process(
            [sys.executable, "-m", "uvicorn", "everyhand.config.asgi:application", *arguments],
            log=self.data / "web.log",
            environment=environment,
        )
        self._process.wait_until(lambda: answers(self.port), seconds=30, what="uvicorn listens")

    def ends_at_sigterm(self, *, seconds: float) -> float:
        """Ask the web process to end, and return how many seconds it took. It dies of the signal, as uvicorn does."""
        assert self._process
        started = time.monotonic()
        assert self._process.stop(seconds=seconds) in (0, -signal.SIGTERM), self._process.output()
        self._process = None
        return time.monotonic() - started

    def end(self) -> None:
        self.close_pages()
        if self._process is not None:
            self._process.kill9()
            self._process = None

    def close_pages(self) -> None:
        while self._pages:
            self._pages.pop().close()

    def sign_in(self, member: Member) -> str:
        """The session cookie of a browser in which `member` signed in."""
        browser = Client()
        browser.force_login(member, backend="everyhand.people.backends.Passwords")
        return browser.cookies[settings.SESSION_COOKIE_NAME].value

    def listen(self, who: Member | None, *, since: str = "", at: str = "", session: str = "", **headers: str) -> Page:
        """Open a page, which shows the conversation `at`; `headers` are further request headers, with `_` for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None or session:
            sent["cookie"] = f"{settings.SESSION_COOKIE_NAME}={session or self.sign_in(who)}"  # type: ignore[arg-type]
        asked = [f"since={quote(since)}"] * bool(since) + [f"at={at}"] * bool(at)
        page = Page(self.port, "?".join(["/live", *filter(None, ["&".join(asked)])]), sent)
        self._pages.append(page)
        return page

    def hear(self, words: str = "The kettle is cold.") -> Conversation:
        """Ines writes; Ana answers for what nobody else does."""
        inbound = Inbound(source="", sender=Address("Ines", "ines@customer.test"), subject="Kettle", text=words)
        return receive(inbound, channel="email", at=datetime.now(UTC)).conversation

    def post(self, path: str) -> int:
        """Send a form to the web process, as a page does."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=6)
        connection.request("POST", path, body="", headers={"content-type": "application/x-www-form-urlencoded"})
        status = connection.getresponse().status
        connection.close()
        return status
