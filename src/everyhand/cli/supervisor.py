"""A small process tree: a parent that loads the program once and forks the parts, and forks a part again when it dies.

The parent opens the listening sockets before it forks, so a part that is restarted finds the callers who came
meanwhile still waiting in the queue, and a port that is taken is known at once. Forked parts share the memory of the
loaded program.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog
from django.db import connections

log = structlog.get_logger(__name__)

_PR_SET_PDEATHSIG: Final = 1
_ENDINGS: Final = (signal.SIGTERM, signal.SIGINT)
_STOP_WITHIN: Final = 15.0  # seconds a part may take to finish what it has in hand
_LONGEST_REST: Final = 10.0  # seconds between two tries to start a part that keeps dying


class PortTaken(Exception):
    """An address can't be listened on. The message names the setting, its value and the fix."""


@dataclass
class Part:
    """One process of the tree. `run` returns when told to stop by SIGTERM, or when it has done its work, if that is to
    be done `once`.
    """

    name: str
    run: Callable[[], None]
    once: bool = False
    pid: int = 0
    started_at: float = 0.0
    deaths_in_a_row: int = 0
    start_again_at: float = field(default=0.0)


def open_door(variable: str, address: tuple[str, int]) -> socket.socket:
    """A listening socket for the setting `variable`. Raises `PortTaken`."""
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, since asyncio sends at once (TCP_NODELAY) on no other: an answer in two pieces would wait 40 ms for
    # the other side to say that it got the first (RFC 1122 section 4.2.3.2).
    door = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        door.close()
        raise PortTaken(
            f"{variable} is “{host}:{port}”: {error.strerror}. Give another address, or stop what uses it."
        ) from None
    door.listen(512)
    door.setblocking(False)
    return door


class Supervisor:
    """Starts the parts, starts them again, and stops them all on SIGTERM or Ctrl-C."""

    def __init__(self, parts: list[Part]) -> None:
        self._parts = parts
        self._stopping = False

    def run(self) -> None:
        """Run until told to stop; returns when every part has ended.

        The parent has one thread: a part that is forked while another thread holds a lock would wait for it for ever.
        """
        for asked in _ENDINGS:
            signal.signal(asked, self._stop)
        # What is loaded by now stays: frozen, it is not touched by the collector and remains shared between parts. What
        # little garbage there is stays, too: to look for it takes a twentieth of the start, and writes into all of it.
        gc.freeze()
        connections.close_all()
        for part in self._parts:
            self._start(part)
        while not self._stopping:
            self._bury()
            now = time.monotonic()
            for part in self._parts:
                if not part.pid and now >= part.start_again_at and not self._stopping:
                    self._start(part)
            time.sleep(0.05)
        self._stop_parts()

    def _start(self, part: Part) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        # A part that is told to end before it knows how must not take it for what is said to its parent.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
        pid = os.fork()
        if pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
            part.pid, part.started_at = pid, time.monotonic()
            return
        status = 1
        try:
            _die_with(parent)
            signal.signal(signal.SIGTERM, _leave)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent passes it on
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
            part.run()
            status = 0
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:
            log.exception("a part of the program stopped", part=part.name)
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _bury(self) -> None:
        for part in self._parts:
            if not part.pid or os.waitpid(part.pid, os.WNOHANG)[0] == 0:
                continue
            lived = time.monotonic() - part.started_at
            part.pid = 0
            if part.once:
                part.start_again_at = float("inf")
                continue
            part.deaths_in_a_row = part.deaths_in_a_row + 1 if lived < 30 else 1
            rest = 0.0 if part.deaths_in_a_row == 1 else min(0.5 * 2**part.deaths_in_a_row, _LONGEST_REST)
            part.start_again_at = time.monotonic() + rest
            if not self._stopping:
                log.error(
                    "a part of the program died; starting it again", part=part.name, lived=round(lived, 1), after=rest
                )

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _stop_parts(self) -> None:
        for part in self._parts:
            if part.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(part.pid, signal.SIGTERM)
        give_up_at = time.monotonic() + _STOP_WITHIN
        while any(part.pid for part in self._parts):
            self._bury()
            if time.monotonic() > give_up_at:
                for part in self._parts:
                    if part.pid:
                        log.error("a part of the program does not stop; ending it", part=part.name)
                        os.kill(part.pid, signal.SIGKILL)
                give_up_at = float("inf")
            time.sleep(0.02)


def _die_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, however that ends (prctl(2), Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _leave(*_: object) -> None:
    sys.exit(0)
