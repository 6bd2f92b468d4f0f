"""Everyhand as an operator runs it, on free ports of this machine, for as long as something is measured."""

from __future__ import annotations

import ctypes
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PATIENCE: Final = 60.0  # seconds until it must answer
HOST: Final = "127.0.0.1"
NOWHERE: Final = Path(os.devnull)
# As it is installed: Rich, which structlog loads where it is, is on machines for developing alone.
_PROGRAM: Final = [
    sys.executable,
    "-c",
    "import sys; sys.modules['rich'] = None\nfrom everyhand.cli.main import main; main()",
]
# Nobody outside is asked, and nothing leaves: the far ends are not what is measured.
_PORTS: Final = range(10_000, 20_000)
_QUIET: Final = {"EVERYHAND_VERIFY_SENDERS": "no", "EVERYHAND_FREE_SPACE": "100", "EVERYHAND_LMTP": "off"}


@dataclass(frozen=True)
class Server:
    """Running commands of the program, and where they can be reached."""

    processes: list[subprocess.Popen[bytes]]
    web: int
    smtp: int

    @property
    def memory(self) -> int:
        """The bytes of memory of all of them, with their children."""
        return sum(memory_of(one.pid) for one in self.processes)


def everything() -> tuple[str, ...]:
    """What an operator runs: one command on SQLite, on PostgreSQL one for each part."""
    from django.db import connection  # noqa: PLC0415 (the process that brings mail has no Django)

    return ("serve",) if connection.vendor == "sqlite" else ("web", "worker", "smtp")


@contextmanager
def running(*commands: str, data: Path) -> Iterator[Server]:
    """`everyhand COMMAND` on the data directory, each of them in a process of its own; all ended afterwards. When the
    block begins, every door that they open is open.
    """
    web, smtp = free_port(), free_port()
    settings = {**_QUIET, "EVERYHAND_WEB": f"{HOST}:{web}", "EVERYHAND_SMTP": f"{HOST}:{smtp}"}
    started: list[subprocess.Popen[bytes]] = []
    try:
        own = {**settings, "EVERYHAND_DATA": str(data)}
        started.extend(start([*_PROGRAM, command], own) for command in commands)
        server = Server(started, web, smtp)
        if {"serve", "smtp"} & set(commands):
            wait_for_door(smtp, started)
        if {"serve", "web"} & set(commands):
            wait_for_page(web, "/healthz", started)
        yield server
    finally:
        for process in started:
            end(process)


def start(
    command: Sequence[str], settings: Mapping[str, str], *, log: Path = NOWHERE, user: str | None = None
) -> subprocess.Popen[bytes]:
    """A program that ends when this process does, however that ends. What it says is written to `log`; it runs as
    `user` where that is named.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EVERYHAND_")}
    # An installed program is compiled; here it would be at each start, which takes as long as a tenth of it.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    with log.open("ab") as said:
        return subprocess.Popen(
            command,
            env=kept | dict(settings),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            user=user,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 (no threads run while programs are started)
        )


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for_page(port: int, address: str, needed: list[subprocess.Popen[bytes]]) -> None:
    """Until the page answers. Raises RuntimeError when a program that is `needed` ends, or after `PATIENCE`."""
    for _ in _moments(needed):
        with suppress(OSError, http.client.HTTPException):
            asked = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
            asked.request("GET", address)
            if asked.getresponse().status < 500:
                return


def wait_for_door(port: int, needed: list[subprocess.Popen[bytes]]) -> None:
    """The same, until mail is greeted."""
    for _ in _moments(needed):
        with suppress(OSError), socket.create_connection((HOST, port), timeout=PATIENCE) as door:
            if door.recv(100).startswith(b"220"):
                return


def free_port() -> int:
    """Nobody listens there. The kernel gives no connection such a port by itself, so it stays free until it is used."""
    while True:
        port = random.choice(_PORTS)  # noqa: S311 (no secret)
        with suppress(OSError), socket.socket() as door:
            door.bind((HOST, port))
            return port


def memory_of(root: int) -> int:
    """The bytes of memory of a process and its descendants; what they share counts once (proportional set size)."""
    return sum(_memory(pid) for pid in tree(root))


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _memory(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _moments(needed: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at:
        yield
        if any(one.poll() is not None for one in needed):
            raise RuntimeError("Everyhand ended before it answered: run `everyhand serve` on this data to see why")
        time.sleep(0.005)
    raise RuntimeError(f"Everyhand did not answer within {PATIENCE:g} s")


def _end_with_parent() -> None:
    """prctl(2), Linux: PR_SET_PDEATHSIG. And what a terminal says to us (Ctrl-C) is not said to it."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    os.setsid()
