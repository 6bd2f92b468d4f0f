"""Everyhand itself, as an operator runs it: the installed program on a data directory of its own."""

from __future__ import annotations

import os
import shutil
import smtplib
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.servers import postgres, tables
from tests.servers.processes import Process, free_port, open_directory

PROGRAM = str(Path(sys.executable).with_name("everyhand"))


class RunningEveryhand:
    """`everyhand serve` on free ports of 127.0.0.1, and every other command on the same data.

    `cluster_url` is the PostgreSQL to make a new database in; without it the data is in SQLite. Unless it is to be
    `empty`, our tables are already there, with nothing in them. `mail_url` is where replies go out; without it nothing
    listens there. `settings` are further environment variables.
    """

    def __init__(
        self, *, cluster_url: str | None = None, mail_url: str | None = None, empty: bool = False, **settings: str
    ) -> None:
        self.directory = open_directory("serving")
        self.data = self.directory / "data"
        self.web_port, self.smtp_port = free_port(), free_port()
        self.database_url = postgres.create_database(cluster_url, empty=empty) if cluster_url else None
        if not cluster_url and not empty:
            tables.copy_to(self.data)
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("EVERYHAND_") and name != "DJANGO_SETTINGS_MODULE"
        }
        self.environment = {
            **inherited,
            "EVERYHAND_DATA": str(self.data),
            "EVERYHAND_WEB": f"127.0.0.1:{self.web_port}",
            "EVERYHAND_SMTP": f"127.0.0.1:{self.smtp_port}",
            "EVERYHAND_MAIL_URL": mail_url or f"smtp://127.0.0.1:{free_port()}",
            **({"EVERYHAND_DATABASE_URL": self.database_url} if self.database_url else {}),
            **settings,
        }
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def start(self, *arguments: str, seconds: float = 60) -> None:
        """Run `everyhand serve` with `arguments` until /healthz answers."""
        self._process = Process(
            [PROGRAM, "serve", *arguments], log=self.directory / "log", environment=self.environment
        )
        try:
            self._process.wait_until(self.healthy, seconds=seconds, what="Everyhand answers /healthz")
        except AssertionError:
            self.kill9()
            raise

    def stop(self, *, seconds: float = 15) -> None:
        """End it as an operator does, with SIGTERM. Raises AssertionError unless all of it ends, in time and well."""
        process = self._running()
        status = process.stop(seconds=seconds)
        left = process.members()
        process.kill9()
        self._process = None
        if status != 0 or left:
            raise AssertionError(f"It ended with {status} and left {len(left)} processes.\n{process.last_words()}")

    def kill9(self) -> None:
        """End every process of it at once, without warning."""
        self._running().kill9()
        self._process = None

    def restart(self) -> None:
        """Start it again on the same data and ports, after `kill9`, or after a `stop` that this does first."""
        if self._process is not None:
            self.stop()
        self.start()

    def dispose(self) -> None:
        """End what still runs and forget the data."""
        try:
            if self._process is not None:
                self.stop()
        finally:
            if self.database_url:
                postgres.drop_database(self.database_url)
            shutil.rmtree(self.directory)

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as response:  # noqa: S310 - always http://127.0.0.1
                return bool(response.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False  # not yet listening, or answering that it is not ready

    def wait_until(self, ready: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Return once `ready()` is true. Raises AssertionError with the log when it ends first or time runs out."""
        self._running().wait_until(ready, seconds=seconds, what=what)

    def log(self) -> str:
        """What every start of it printed so far."""
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    def members(self) -> list[int]:
        """Return the process ids of its whole process tree."""
        return self._running().members()

    def run(self, *arguments: str, given: bytes = b"", seconds: float = 120) -> str:
        """Run another command on the same data and return what it prints; `given` is its standard input.

        Raises AssertionError with what it said on standard error if it fails.
        """
        done = self.attempt(*arguments, given=given, seconds=seconds)
        if done.returncode != 0:
            raise AssertionError(
                f"everyhand {' '.join(arguments)} failed with {done.returncode}.\n{done.stderr.decode()}"
            )
        return done.stdout.decode()

    def attempt(self, *arguments: str, given: bytes = b"", seconds: float = 120) -> subprocess.CompletedProcess[bytes]:
        """Run another command on the same data and return how it went, well or not."""
        return subprocess.run(
            [PROGRAM, *arguments], input=given, capture_output=True, timeout=seconds, env=self.environment, check=False
        )

    def send(
        self, mail: bytes, *, to: str | Sequence[str], sender: str = "ada@customers.test", seconds: float = 30
    ) -> None:
        """Hand it a mail over SMTP. It has answered 250 when this returns; smtplib.SMTPException tells of a refusal."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=seconds) as connection:
            connection.sendmail(sender, to, mail)

    def _running(self) -> Process:
        if self._process is None:
            raise AssertionError("Everyhand is not running: start it first.")
        return self._process
