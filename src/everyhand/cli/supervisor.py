"""A small process tree: the program is loaded once and its parts are forked, then the keeper takes over.

Forked parts share the memory of the loaded program. The listening sockets are opened before and held by the keeper, so
a part that is started again finds the callers who came meanwhile still waiting in the queue.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import structlog
from django.db import connections

from everyhand.cli import keeper
from everyhand.cli.doors import Doors, handed_on
from everyhand.cli.parts import PARTS

log = structlog.get_logger(__name__)

_PR_SET_PDEATHSIG: Final = 1


def run(*names: str, once: Sequence[str] = (), doors: Doors) -> NoReturn:
    """Fork these parts, `once` those that end by themselves, and become their keeper, by the same process number.

    This process has one thread: a part that is forked while another thread holds a lock would wait for it for ever.
    """
    # What is loaded by now stays: frozen, it is not touched by the collector and remains shared between parts. What
    # little garbage there is stays, too: to look for it takes a twentieth of the start, and writes into all of it.
    gc.freeze()
    connections.close_all()
    # A part that is told to end before it knows how must not take it for what is said to its keeper, and what is said
    # to the keeper before it listens must wait for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, keeper.AWAITED)
    parts = [f"{name}={_fork(name, doors)}" for name in names]
    parts += [f"{name}={_fork(name, doors)}={keeper.ONCE}" for name in once]
    for door in doors.values():
        door.set_inheritable(True)
    numbers = ",".join(f"{name}={door.fileno()}" for name, door in doors.items())
    os.execv(  # noqa: S606 (our own script)
        sys.executable,
        [sys.executable, "-I", "-S", keeper.__file__, numbers, *parts, "--", "everyhand", *sys.argv[1:]],
    )


def _fork(name: str, doors: Doors) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if not pid:
        _live(name, doors, parent=parent)
    return pid


def live_again() -> NoReturn:
    """What the keeper starts in place of a part that died. Arguments: its name, the keeper's number, and the doors."""
    name, parent, doors = sys.argv[1:]
    numbers = dict(one.split("=") for one in doors.split(",") if one)
    _live(name, handed_on({door: int(number) for door, number in numbers.items()}), parent=int(parent))


def _live(name: str, doors: Doors, *, parent: int) -> NoReturn:
    status = 1
    try:
        _die_with(parent)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the keeper passes it on
        signal.pthread_sigmask(signal.SIG_UNBLOCK, keeper.AWAITED)
        PARTS[name](doors)
        status = 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        log.exception("a part of the program stopped", part=name)
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _die_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, however that ends (prctl(2), Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
