"""A PostgreSQL cluster as Debian's packages make it when nobody changes anything, for as long as it is measured."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from bench.server import HOST, end, free_port, memory_of, start

SUPERUSER: Final = "bench"
PATIENCE: Final = 60.0  # seconds until it must answer


class Cluster:
    """In a directory of its own, which is gone when the program ends: whoever PostgreSQL runs as has to reach it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="everyhand-bench-")
        self.port = free_port()
        self._programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, default=None)
        # PostgreSQL does not run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def can_be_made(self) -> bool:
        return self._programs is not None

    def make(self) -> None:
        """Raises RuntimeError when PostgreSQL refuses."""
        if self._user:
            os.chown(self._folder.name, pwd.getpwnam(self._user).pw_uid, -1)
        asked = ["--auth=trust", f"--username={SUPERUSER}", "--encoding=UTF8", "--locale=C.UTF-8", "--pgdata"]
        making = start([self._program("initdb"), *asked, self._data], {}, log=self._log, user=self._user)
        try:
            if making.wait():
                raise RuntimeError(f"PostgreSQL made no cluster: {self._log.read_text()[-2000:]}")
        finally:
            end(making)

    @contextmanager
    def running(self) -> Iterator[None]:
        asked = ["-D", self._data, "-p", str(self.port), "-k", self._folder.name, "-h", HOST]
        self._running = start([self._program("postgres"), *asked], {}, log=self._log, user=self._user)
        try:
            self._wait(self._running)
            yield
        finally:
            end(self._running)

    def url(self, database: str) -> str:
        return f"postgresql://{SUPERUSER}@{HOST}:{self.port}/{database}"

    @property
    def memory(self) -> int:
        return memory_of(self._running.pid) if self._running else 0

    def _wait(self, running: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if running.poll() is not None or time.monotonic() > give_up_at:
                    raise
                time.sleep(0.05)
            else:
                return

    def _program(self, name: str) -> str:
        return str(self._programs / name) if self._programs else name

    @property
    def _data(self) -> str:
        return str(Path(self._folder.name) / "data")

    @property
    def _log(self) -> Path:
        return Path(self._folder.name) / "log"


def _version(programs: Path) -> int:
    return int(programs.parent.name)
