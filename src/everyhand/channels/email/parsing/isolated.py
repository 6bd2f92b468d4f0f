"""Mail parsed in a process of its own, under limits: a mail that is a bomb takes down that process and nothing else.

    parser = IsolatedParser()
    inbound = parser.parse(raw, source="inbox/17.eml", recipients=("help@example.com",), at=now)

The process is a fork of one that reads no mail (`loaded`). It is started when it is first needed and lives for many
mails. It ends when we end: its socket then closes. A timer on its own CPU time stops it even if we were killed while it
was busy. (Linux could signal it at our death, but does so when the *thread* that started it ends.)
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import struct
import threading
import time
from collections.abc import Iterator
from datetime import datetime

from everyhand.channels.email.parsing import wire
from everyhand.channels.email.parsing.limits import TooHostile, check_size
from everyhand.channels.email.parsing.loaded import Loaded
from everyhand.desk.inbound import Inbound

# What one mail may cost: seconds of CPU, and memory. Ordinary mails need a thousandth of it.
SECONDS = 5.0
MEMORY = 128 * 1024 * 1024
# On a busy machine a second of CPU takes longer than a second; an innocent mail must not pay for that.
PATIENCE = 4
# A fresh process takes over after this many mails, so that no leak, ours or a library's, can grow for ever.
MAILS_A_PROCESS = 20_000
# So many seconds a mail waits for a process that is there before another is forked: one reads a thousand ordinary mails
# a second, and is kept by big and hostile ones.
WORTH_ANOTHER = 0.15
# A process that nobody needed for so many seconds ends: it has 4 MB of its own, and another takes a few milliseconds.
NEEDED_WITHIN = 60.0

REQUEST = struct.Struct(">II")  # length of the JSON that says source, recipients and at; length of the mail
ANSWER = struct.Struct(">cI")  # one of the outcomes below; length of the JSON or sentence that follows
UNDERSTOOD, HOSTILE, FAILED = b"u", b"h", b"f"


_TOO_LONG = "The mail took longer than {:g} seconds to read, so we stopped."


class ParseFailed(Exception):
    """The mail could not be understood within the limits. `reason` is a sentence for the person who looks at it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class IsolatedParser:
    """Parses mails in at most `processes` processes of its own; any number of threads may call it."""

    def __init__(self, *, processes: int = 2, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds = seconds
        self._loaded = Loaded(memory=memory, seconds=seconds)
        self._processes = processes
        # How many may read at the same time by now, and how many do.
        self._places, self._taken = 1, 0
        self._free = threading.Condition()
        self._idle: list[_Process] = []
        self._owner = os.getpid()

    def parse(self, raw: bytes, *, source: str, recipients: tuple[str, ...] = (), at: datetime) -> Inbound:
        """What `parsing.parse` returns. Raises `TooHostile` as it does, `ParseFailed` beyond the limits, and
        `loaded.ParserAbsent`.
        """
        check_size(raw)
        request = json.dumps([source, list(recipients), at.isoformat()]).encode("ascii")
        with self._place():
            try:
                return self._ask(request, raw)
            except _Died:
                pass
            try:
                # It may have been another's fault (the kernel short of memory): a mail gets a second chance.
                return self._ask(request, raw)
            except _Died as died:
                raise ParseFailed(f"The parser crashed on this mail, twice ({died}).") from None

    def close(self) -> None:
        """End the idle processes. The parser can be used again afterwards."""
        self._forget_our_parents()
        while self._idle:
            self._idle.pop().end()
        self._loaded.end()

    def rest(self) -> None:
        """End the processes that were not needed lately."""
        with self._free:
            self._places = max(self._taken, 1)
        since = time.monotonic() - NEEDED_WITHIN
        for process in [one for one in self._idle if one.asked_at < since]:
            with contextlib.suppress(ValueError):  # a thread has just taken it
                self._idle.remove(process)
                process.end()

    def _ask(self, request: bytes, raw: bytes) -> Inbound:
        process = self._take()
        try:
            inbound = process.ask(request, raw, self.seconds)
        except TooHostile:
            self._idle.append(process)
            raise
        except BaseException:
            process.end()
            raise
        if process.mails < MAILS_A_PROCESS:
            self._idle.append(process)
        else:
            process.end()
        return inbound

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        """The right to read one mail, as soon as a process is free or there is reason for another."""
        with self._free:
            while not self._free.wait_for(self._is_free, WORTH_ANOTHER):
                if self._loaded.is_there:  # otherwise the first one is still being started
                    self._places = min(self._places + 1, self._processes)
            self._taken += 1
        try:
            yield
        finally:
            with self._free:
                self._taken -= 1
                self._free.notify()

    def _is_free(self) -> bool:
        return self._taken < self._places

    def _take(self) -> _Process:
        self._forget_our_parents()
        while True:
            try:
                process = self._idle.pop()
            except IndexError:
                return _Process(self._loaded)
            if process.alive():
                return process
            process.end()

    def _forget_our_parents(self) -> None:
        """If we were forked, the processes belong to our parent: two cannot talk on one socket."""
        if self._owner != os.getpid():
            self._idle, self._owner = [], os.getpid()
            self._loaded = self._loaded.anew()


class _Died(Exception):
    """The process ended without an answer."""


class _Process:
    """One parser process and our end of its socket."""

    def __init__(self, loaded: Loaded) -> None:
        self.mails = 0
        self.asked_at = time.monotonic()
        self.loaded = loaded
        self.socket, self.pid = loaded.fork()

    def alive(self) -> bool:
        """It says nothing unless it is asked, so there is something to hear only when it has hung up."""
        heard = select.poll()
        heard.register(self.socket, select.POLLIN)
        return not heard.poll(0)

    def ask(self, request: bytes, raw: bytes, seconds: float) -> Inbound:
        self.mails += 1
        self.asked_at = time.monotonic()
        deadline = time.monotonic() + PATIENCE * seconds
        try:
            self.socket.settimeout(PATIENCE * seconds)
            self.socket.sendall(b"".join((REQUEST.pack(len(request), len(raw)), request, raw)))
            outcome, length = ANSWER.unpack(self._receive(ANSWER.size, deadline))
            said = self._receive(length, deadline)
            if outcome == UNDERSTOOD:
                return wire.unpack(said, lambda size: self._receive(size, deadline))
        except TimeoutError:
            raise ParseFailed(_TOO_LONG.format(seconds)) from None
        except OSError as error:
            raise _Died(type(error).__name__) from None
        except (ValueError, KeyError, TypeError) as error:
            raise ParseFailed(f"The parser gave an answer we do not understand ({type(error).__name__}).") from None
        if outcome == HOSTILE:
            raise TooHostile(said.decode())
        raise ParseFailed(said.decode(errors="replace"))

    def _receive(self, size: int, deadline: float) -> bytes:
        received = bytearray(size)
        view, position = memoryview(received), 0
        while position < size:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.000_1))
            count = self.socket.recv_into(view[position:])
            if count == 0:
                status = self.end()
                if status == -signal.SIGPROF:  # its timer ended it
                    raise TimeoutError
                raise _Died(f"it ended with {status}")
            position += count
        return bytes(received)

    def end(self) -> int | None:
        """Stop it now, whatever it is doing; the exit status of whatever ended it, the first time."""
        self.socket.close()
        pid, self.pid = self.pid, 0
        return self.loaded.ended(pid) if pid else None
