"""What every desk of the comparison can do, each in its own way: take the past, serve, show, answer, and file mail."""

from __future__ import annotations

import re
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bench.letters import Letter
from bench.peers.past import Past
from bench.server import end, memory_of, start, wait_for_page
from bench.session import Session


class Desk(ABC):
    """A help desk with the past of the made-up company, in a directory of its own."""

    name: str
    """With its version."""

    served: str
    """What serves it and what it keeps its data in."""

    link: re.Pattern[str]
    """What in a page leads to a ticket; its group is the number."""

    session: Session

    @abstractmethod
    def prepare(self, past: Past) -> None:
        """Install it, and have it hold the past. Raises NotPresent when it can't be had."""

    @abstractmethod
    def serving(self) -> AbstractContextManager[None]:
        """It runs, and `session` belongs to somebody who works there and sees every ticket that is looked at."""

    @abstractmethod
    def list(self) -> str:
        """The page on which work begins."""

    @abstractmethod
    def ticket(self, number: int) -> str: ...

    @abstractmethod
    def search(self, word: str) -> str: ...

    @abstractmethod
    def answering(self, number: int, text: str) -> Callable[[], object]:
        """The form is open and filled in; what is returned sends it."""

    @abstractmethod
    def file(self, letters: Sequence[Letter]) -> float:
        """How many seconds its own way of taking mail takes to file all of them."""

    @abstractmethod
    def messages(self) -> int:
        """How many it holds."""

    @property
    @abstractmethod
    def memory(self) -> int:
        """Bytes, of all its processes and of its database server where it has one."""

    def numbers_in(self, page: str) -> set[int]:
        """The tickets that a page shows."""
        return {int(number) for number in self.link.findall(page)}


class ServedElsewhere(Desk):
    """A desk that is another program, served by a command of its own on `port`, below `home`."""

    home: Path
    port: int
    first_page = "/"

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def serve(self) -> tuple[list[str], dict[str, str]]:
        """The command that serves it, and its environment."""

    @abstractmethod
    def sign_in(self) -> None:
        """Whoever `session` is works there now."""

    @contextmanager
    def serving(self) -> Iterator[None]:
        command, environment = self.serve()
        log = self.home / "server.log"
        self._running = start(command, {"HOME": str(self.home), **environment}, log=log)
        try:
            try:
                wait_for_page(self.port, self.first_page, [self._running])
            except RuntimeError as error:
                raise RuntimeError(f"{self.name} did not start: {log.read_text()[-2000:]}") from error
            self.session = Session(self.port)
            self.sign_in()
            yield
            self.session.close()
        finally:
            end(self._running)

    @property
    def memory(self) -> int:
        return memory_of(self._running.pid) if self._running else 0

    def call(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Have it do something, until that is done. Raises RuntimeError with its last words when it fails."""
        running = start(command, {"HOME": str(self.home), **environment}, log=self.home / "call.log")
        try:
            status = running.wait()
        finally:
            end(running)
        if status:
            told = (self.home / "call.log").read_text()[-2000:]
            raise RuntimeError(f"{self.name}: {' '.join(command)} ended with {status}: {told}")
