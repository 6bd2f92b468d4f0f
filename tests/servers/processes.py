"""A program started for the tests: its output is kept, all its children belong to it, and it never outlives them."""

from __future__ import annotations

import atexit
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 (directories in it have names of their own)
LAST_WORDS = 4_000  # characters
PORTS = range(20_000, 32_768)
ROOM = 4_000_000_000  # bytes; a run on PostgreSQL with three workers takes less than one


class Process:
    """A running program, in a session of its own (setsid), so that `kill9` finds every process it ever started.

    The kernel sends it `stop_signal` when the thread that started it ends, so nothing is left behind by a test run
    that was itself killed: start it from the main thread. `log` collects standard output and standard error. When
    the tests run as root, `user` names whom the program runs as.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.log = log
        self.stop_signal = stop_signal
        wrapped = [_setpriv(), f"--pdeathsig={stop_signal.name.removeprefix('SIG')}", *_become(user), *command]
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                wrapped,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def last_words(self) -> str:
        """The end of the output, which tells why it failed; the whole would drown what else a test run has to say."""
        return self.output()[-LAST_WORDS:]

    def wait_until(self, ready: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Return once `ready()` is true. Raises AssertionError with the log when the program ends or time runs out."""

        def ready_or_ended() -> bool:
            if ready():
                return True
            if not self.running:
                raise AssertionError(f"{what}: the program ended with {self._popen.returncode}.\n{self.last_words()}")
            return False

        try:
            wait_until(ready_or_ended, seconds=seconds, what=what)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.last_words()}") from None

    def wait(self, *, seconds: float, what: str) -> None:
        """Return once the program has ended well. Raises AssertionError with the log if it fails or takes too long."""
        try:
            status = self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise AssertionError(f"{what}: not within {seconds} s.\n{self.last_words()}") from None
        if status != 0:
            raise AssertionError(f"{what}: failed with {status}.\n{self.last_words()}")

    def stop(self, *, seconds: float = 15) -> int:
        """Ask the program to end and return its exit status. Raises AssertionError if it does not end in time."""
        if self.running:
            self._popen.send_signal(self.stop_signal)
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise AssertionError(
                f"The program did not end within {seconds} s of {self.stop_signal.name}.\n{self.last_words()}"
            ) from None

    def kill9(self) -> None:
        """End the program and everything it started at once, as a power cut would, without a chance to tidy up."""
        while living := self.members():
            for pid in living:
                _kill(pid)
            self._popen.poll()  # a child that nobody waits for would stay listed
            time.sleep(0.005)

    def members(self) -> list[int]:
        """Return the process ids of the program's session: itself and all its living descendants."""
        return [pid for pid, session, state in _processes() if session == self.pid and state not in "ZX"]


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Return once `ready()` is true. Raises TimeoutError that names `what` did not happen within `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s.")
        time.sleep(0.02)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 where nothing listens, and which nobody else in this test run was or is given.

    Nor does the kernel give it to a connection of its own choice before it is used: its own begin at 32,768.
    """
    with (_directory_of_this_run() / "ports").open("a+") as given:
        fcntl.flock(given, fcntl.LOCK_EX)
        given.seek(0)
        last = int(given.read() or PORTS.start - 1)
        port = next(one for one in range(last + 1, PORTS.stop) if not answers(one))
        given.truncate(0)
        given.write(str(port))
    return port


def answers(port: int) -> bool:
    """Tell whether something accepts connections on 127.0.0.1:`port`."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def open_directory(purpose: str) -> Path:
    """Make a temporary directory that other users may enter: pytest keeps its own closed to all but root.

    All those of a test run, its workers' too, lie in one, EVERYHAND_TEST_DIRECTORY, which goes when the run ends. It is
    in memory where there is room: the tests kill programs, not machines, and need not wait for a disk.
    """
    directory = Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=_directory_of_this_run()))
    directory.chmod(0o755)
    return directory


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return the path at which `make` puts something: called by the first who asks, for all workers of a test run."""
    directory = open_directory("being-made")
    made = directory.parent / name
    with (directory.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make(directory / name)
            (directory / name).rename(made)
    return made


def _directory_of_this_run() -> Path:
    if "EVERYHAND_TEST_DIRECTORY" not in os.environ:
        _remove_what_killed_runs_left()
        of_this_run = tempfile.mkdtemp(prefix=f"everyhand-tests-{os.getpid()}-", dir=_roomy_place())
        Path(of_this_run).chmod(0o755)
        os.environ["EVERYHAND_TEST_DIRECTORY"] = of_this_run
        atexit.register(shutil.rmtree, of_this_run)
    return Path(os.environ["EVERYHAND_TEST_DIRECTORY"])


def _roomy_place() -> str:
    try:
        return str(MEMORY) if shutil.disk_usage(MEMORY).free > ROOM else tempfile.gettempdir()
    except OSError:
        return tempfile.gettempdir()


def _remove_what_killed_runs_left() -> None:
    """A run that was killed, and mypy, which ends without tidying up, leave the directory with their process id."""
    for left in Path(_roomy_place()).glob("everyhand-tests-*-*"):
        owner = left.name.split("-")[2]
        if not Path("/proc", owner).exists():
            shutil.rmtree(left, ignore_errors=True)  # another run may be removing it too


def _setpriv() -> str:
    path = shutil.which("setpriv")
    if path is None:
        raise AssertionError("The tests need setpriv of util-linux, which every Debian has.")
    return path


def _become(user: str | None) -> list[str]:
    if user is None or os.geteuid() != 0:
        return []
    entry = pwd.getpwnam(user)
    return [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended by itself between the look and the blow


def _processes() -> list[tuple[int, int, str]]:
    """Return (process id, session id, state letter) of every process, from /proc/PID/stat (proc(5))."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
            state, _parent, _group, session = stat.rpartition(")")[2].split()[:4]
            found.append((int(entry.name), int(session), state))
    return found
