"""The other side of `loaded` and of `isolated`: forks, which read mails from a socket, under limits they cannot raise,
and answer one by one.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import socket
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NoReturn

from everyhand.channels.email.parsing import loaded, mail, wire
from everyhand.channels.email.parsing.isolated import ANSWER, FAILED, HOSTILE, REQUEST, UNDERSTOOD
from everyhand.channels.email.parsing.limits import TooHostile

_WARM_UP = (
    b"From: Ann <ann@example.com>\nSubject: =?utf-8?q?Hello?=\nDate: Mon, 2 Mar 2026 12:00:00 +0100\n"
    b"MIME-Version: 1.0\nContent-Type: text/html\n\n<p>Gr\xfc\xdfe, \xe4 \xf6 \xfc \xdf \xc4 \xd6 \xdc \xe9 \xe8 "
    b"\xea \xe0 \xe2 \xf4 \xfb \xee \xef \xe7 \xf1 \xe5 \xe6</p>"
)


def stand_by() -> None:
    """Fork, and end what was forked, until the other side closes the socket. Arguments: its number, and the bytes and
    CPU seconds that one mail may cost.
    """
    number, memory, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that started us; it closes the socket
    mail.parse(_WARM_UP, source="", at=datetime.now(UTC))
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=number) as control:
        control.sendall(b"!")
        while True:
            request, wanted, _, _ = socket.recv_fds(control, loaded.REQUEST.size, 1)
            if len(request) < loaded.REQUEST.size:
                return
            what, pid = loaded.REQUEST.unpack(request)
            if what == loaded.FORK:
                [connection] = wanted
                pid = os.fork()
                if pid == 0:
                    control.close()
                    _serve(connection, memory=memory, seconds=seconds)
                os.close(connection)
                control.sendall(loaded.ANSWER.pack(pid))
            else:
                control.sendall(loaded.ANSWER.pack(_ended(pid)))


def _ended(pid: int) -> int:
    """The exit status of a fork, which ends now if it has not ended; 0 when it is none of ours."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:  # of one that stood by before us
        return 0
    if not ended:
        os.kill(pid, signal.SIGKILL)  # changes nothing about one that is just ending
        _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _serve(number: int, *, memory: int, seconds: float) -> NoReturn:
    """Answer until the other side closes the socket."""
    try:
        _limit(memory)
        with socket.socket(fileno=number) as connection, connection.makefile("rb") as incoming:
            while len(head := incoming.read(REQUEST.size)) == REQUEST.size:
                signal.setitimer(signal.ITIMER_PROF, seconds)  # its signal ends us
                if not _answer(connection, incoming, *REQUEST.unpack(head)):
                    break
                signal.setitimer(signal.ITIMER_PROF, 0)
    finally:
        os._exit(1)  # whatever happened: what follows is the program that forked us


def _limit(memory: int) -> None:
    """No more than `memory` bytes beyond what we use now, no files written, no core dumps, hardly any files open."""
    pages, *_ = Path("/proc/self/statm").read_text(encoding="ascii").split()
    now = int(pages) * resource.getpagesize()
    for what, limit in (
        (resource.RLIMIT_AS, now + memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        resource.setrlimit(what, (limit, limit))


def _answer(connection: socket.socket, incoming: BinaryIO, request_size: int, raw_size: int) -> bool:
    """Read one mail and answer; False if we had better end, because memory ran out in the middle of something."""
    try:
        source, recipients, at = json.loads(incoming.read(request_size))
        raw = _read(incoming, raw_size)
        inbound = mail.parse(raw, source=source, recipients=tuple(recipients), at=datetime.fromisoformat(at))
        del raw
        said, contents = wire.pack(inbound)
    except TooHostile as hostile:
        _say(connection, HOSTILE, hostile.reason)
        return True
    except MemoryError:
        _say(connection, FAILED, "The mail needs more memory to read than we allow, so we stopped.")
        return False
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported, and the next mail is not its business
        # The place tells us what to mend; the message could quote the mail and is not passed on.
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {place.filename.rpartition('/')[2]}:{place.lineno}"
        _say(connection, FAILED, f"The parser stumbled over this mail ({where}). Please report it to us.")
        return True
    connection.sendall(ANSWER.pack(UNDERSTOOD, len(said)) + said)
    for content in contents:
        connection.sendall(content)
    return True


def _read(incoming: BinaryIO, size: int) -> bytes:
    try:
        return incoming.read(size)
    except MemoryError:
        # Nothing was read yet: the other side must be able to finish its sentence before it hears ours.
        while size > 0 and (piece := incoming.read(min(size, 65_536))):
            size -= len(piece)
        raise


def _say(connection: socket.socket, outcome: bytes, sentence: str) -> None:
    encoded = sentence.encode()
    connection.sendall(ANSWER.pack(outcome, len(encoded)) + encoded)
