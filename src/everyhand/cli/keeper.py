"""Keeps the parts of the program running: starts one again that died, and ends them all when told to.

It is a script of its own, in the place of the process that loaded the program and forked the parts: that one would keep
the program in memory as it was, while each part has written into its own copy, and do nothing with it. So this imports
next to nothing, and nothing of ours.
"""

import contextlib
import os
import signal
import sys
import time

ENDINGS = (signal.SIGTERM, signal.SIGINT)
# Blocked and waited for, so that none is missed between a look and a wait.
AWAITED = (*ENDINGS, signal.SIGCHLD, signal.SIGALRM)

_STOP_WITHIN = 15.0  # seconds a part may take to finish what it has in hand
_SAY_AGAIN_AFTER = 3.0  # seconds
_SHORT_LIFE = 30.0  # seconds; a part that lived longer did not keep dying
_LONGEST_REST = 10.0  # seconds between two tries to start a part that keeps dying
_NEVER = float("inf")

ONCE = "once"  # said of a part that is not started again
_START = (
    "from everyhand.cli.main import start_django; start_django(); "
    "from everyhand.cli.supervisor import live_again; live_again()"
)


class Part:
    """One process of the program, that runs or is to run again."""

    def __init__(self, name: str, pid: int, *, once: bool) -> None:
        self.name, self.pid, self.once = name, pid, once
        self.started_at = time.monotonic()
        self.deaths_in_a_row = 0
        self.start_again_at = _NEVER

    def start(self, doors: str) -> None:
        """As a process that loads the program itself, with the doors that we hold open for it."""
        command = [sys.executable, "-P", "-c", _START, self.name, str(os.getpid()), doors]
        try:
            self.pid = os.posix_spawn(sys.executable, command, os.environ, setsigmask=())
        except OSError as error:  # no room for another process just now
            self.start_again_at = time.monotonic() + _LONGEST_REST
            _log("a part of the program can't be started; trying again", part=self.name, errno=error.errno)
        self.started_at = time.monotonic()

    def has_ended(self) -> bool:
        return bool(self.pid) and os.waitpid(self.pid, os.WNOHANG)[0] != 0

    def bury(self) -> None:
        now = time.monotonic()
        lived = now - self.started_at
        self.pid = 0
        if self.once:
            self.start_again_at = _NEVER
            return
        self.deaths_in_a_row = self.deaths_in_a_row + 1 if lived < _SHORT_LIFE else 1
        rest = 0.0 if self.deaths_in_a_row == 1 else min(0.5 * 2**self.deaths_in_a_row, _LONGEST_REST)
        self.start_again_at = now + rest
        _log("a part of the program died; starting it again", part=self.name, lived=round(lived, 1), after=rest)


def keep(parts: list[Part], doors: str) -> None:
    """Until told to end; returns when every part has ended."""
    told = None
    while told not in ENDINGS:
        for part in parts:
            if part.has_ended():
                part.bury()
            if not part.pid and part.start_again_at <= time.monotonic():
                part.start(doors)
        told = _wait(until=min(_NEVER if part.pid else part.start_again_at for part in parts))
    _end(parts)


def _end(parts: list[Part]) -> None:
    _tell(parts, signal.SIGTERM)
    give_up_at = time.monotonic() + _STOP_WITHIN
    again_at = time.monotonic() + _SAY_AGAIN_AFTER
    while parts := [part for part in parts if part.pid and not part.has_ended()]:
        now = time.monotonic()
        if give_up_at <= now:
            for part in parts:
                _log("a part of the program does not stop; ending it", part=part.name)
            _tell(parts, signal.SIGKILL)
            give_up_at = again_at = _NEVER
        elif again_at <= now:  # what it was told first may have met it where an exception is lost, as in a destructor
            for part in parts:
                _log("a part of the program does not stop; telling it again", part=part.name)
            _tell(parts, signal.SIGTERM)
            again_at = now + _SAY_AGAIN_AFTER
        _wait(until=min(give_up_at, again_at))


def _tell(parts: list[Part], what: signal.Signals) -> None:
    for part in parts:
        if part.pid:
            os.kill(part.pid, what)  # one that has ended, too, is there until it is waited for


def _wait(*, until: float) -> int:
    """Until a part ended or we are told something, but not longer than until then, by the monotonic clock."""
    seconds = 0.0 if until == _NEVER else max(until - time.monotonic(), 0.001)
    signal.setitimer(signal.ITIMER_REAL, seconds)  # zero: no alarm
    return signal.sigwait(AWAITED)


def _log(event: str, **more: object) -> None:
    """A line like those of all others (config/logs.py)."""
    now = time.time()
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06}Z"
    said = " ".join(f"{name}={value}" for name, value in more.items())
    with contextlib.suppress(OSError):  # nobody reads it any more
        os.write(2, f'timestamp={at} level=error logger=everyhand.cli.keeper event="{event}" {said}\n'.encode())


def main() -> None:
    """Arguments: the doors, to be handed on as they are; parts as NAME=PID or NAME=PID=once; and, behind --, what an
    operator knows us by.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    doors, *told = sys.argv[1 : sys.argv.index("--")]
    parts = []
    for name, pid, *once in (one.split("=") for one in told):
        parts.append(Part(name, int(pid), once=once == [ONCE]))
    keep(parts, doors)


if __name__ == "__main__":
    main()
