"""The parser, loaded once, in a process that never reads a mail: each process that does is its fork.

So a parser that a mail took down is replaced in milliseconds, where to load takes half a second, and what is loaded is
there once, 16 MB, however many parsers there are. It is started by exec and not by fork (we may have threads), without
our environment, and ends when we end: its socket then closes.

One socket leads to it, for a request at a time: to fork, with the socket that the fork is to answer on; or to end a
fork, since only a parent learns how a child ended, and until it asks nobody else is given the number of that child.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading

# To import everything on a busy machine.
SECONDS_TO_START = 60.0

REQUEST = struct.Struct(">ci")  # one of these two, with the number of the process to end
FORK, END = b"f", b"e"
ANSWER = struct.Struct(">i")  # the number of the fork, or the exit status of what ended; negative: the signal

_START = "from everyhand.channels.email.parsing.isolated_process import stand_by; stand_by()"


class ParserAbsent(Exception):
    """No parser process could be started, which is the fault of no mail: it can be read later."""


class Loaded:
    """Started when a fork is first wanted, and again should it be gone; any number of threads may call it."""

    def __init__(self, *, memory: int, seconds: float) -> None:
        self._limits = (memory, seconds)
        self._lock = threading.Lock()
        self._program: tuple[subprocess.Popen[bytes], socket.socket] | None = None
        self.is_there = False

    def fork(self) -> tuple[socket.socket, int]:
        """A process that answers on this socket, and its number. Raises `ParserAbsent`."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            for _ in range(2):  # what was there may have been killed
                with contextlib.suppress(OSError):
                    return ours, self._ask(FORK, fd=theirs.fileno())
                self._end()
        ours.close()
        raise ParserAbsent("The parser process could not be started. Is the installation complete?")

    def ended(self, pid: int) -> int | None:
        """End a fork, whatever it is doing; the exit status of whatever ended it. None when nobody can tell."""
        with self._lock:
            if self._program:
                with contextlib.suppress(OSError):
                    return self._ask(END, pid)
                self._end()
        # It was killed, and may have left a fork behind, which ends with its socket, or by its timer.
        return None

    def end(self) -> None:
        """End it, and with it what it forked and nobody asks any more. It can be used again afterwards."""
        with self._lock:
            self._end()

    def anew(self) -> Loaded:
        """The same for one who was forked, and must not use what is their parent's."""
        memory, seconds = self._limits
        return Loaded(memory=memory, seconds=seconds)

    def _ask(self, what: bytes, pid: int = 0, *, fd: int | None = None) -> int:
        """What it answers. Raises OSError when it does not."""
        _, door = self._program = self._program or self._started()
        socket.send_fds(door, [REQUEST.pack(what, pid)], [] if fd is None else [fd])
        answer = door.recv(ANSWER.size)
        if len(answer) < ANSWER.size:
            raise BrokenPipeError
        return int(ANSWER.unpack(answer)[0])

    def _started(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        """Raises OSError when it is not ready in time."""
        ours, theirs = socket.socketpair()
        ours.settimeout(SECONDS_TO_START)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", _START, str(theirs.fileno()), *map(str, self._limits)],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"},
            )
        self._program = process, ours
        atexit.register(self.end)
        if not ours.recv(1):
            raise BrokenPipeError
        self.is_there = True
        return process, ours

    def _end(self) -> None:
        if self._program:
            process, door = self._program
            self._program, self.is_there = None, False
            atexit.unregister(self.end)
            door.close()
            process.kill()
            process.wait()
