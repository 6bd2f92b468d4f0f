"""Every step by which a mail gets on, found by watching it: statements, commits, and what is said to other servers.

Nobody keeps a list. Whatever the program newly asks of the database or another server on that way is one step more, at
which it is struck too.
"""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection


class Killed(BaseException):
    """The process is dead. Nobody catches it, and nothing that is tried after it reaches anything."""


class Blow:
    """Lets `spared` steps pass and strikes at the next one: it fails with `error`, or ends everything with `Killed`.

    `struck` tells whether there was one more step, `kinds` counts those that passed.
    """

    def __init__(self, spared: int, error: type[BaseException]) -> None:
        self.struck = False
        self.kinds: Counter[str] = Counter()
        self._spared, self._error = spared, error

    def step(self, kind: str) -> None:
        if self.struck:
            if self._error is Killed:
                raise Killed
            return
        if self._spared:
            self._spared -= 1
            self.kinds[kind] += 1
            return
        self.struck = True
        if self._error is OperationalError and kind in ("send", "receive"):
            raise ConnectionResetError("the line broke")
        raise self._error("the database went away")

    def statement(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.step("statement")
        return execute(sql, params, many, context)

    @contextmanager
    def falls(self) -> Iterator[None]:
        """Strike at what this thread does within the block. A killed process leaves no connection behind."""
        with pytest.MonkeyPatch.context() as patch, connection.execute_wrapper(self.statement):
            patch.setattr(connection, "_commit", self._around_commit(getattr(connection, "_commit")))  # noqa: B009
            patch.setattr(socket.socket, "sendall", self._before("send", socket.socket.sendall))
            patch.setattr(socket.socket, "recv_into", self._before("receive", socket.socket.recv_into))
            try:
                yield
            except BaseException:
                # What the dead say is heard by nobody.
                if not (self.struck and self._error is Killed):
                    raise
        if self.struck:
            connection.close()
            connection.connect()  # as the next process does, whatever this one was in the middle of

    def _around_commit(self, commit: Callable[[], None]) -> Callable[[], None]:
        def committing() -> None:
            self.step("commit")
            commit()
            if self._error is Killed:  # whoever fails to commit has not committed; whoever dies may have
                self.step("committed")

        return committing

    def _before(self, kind: str, do: Callable[..., Any]) -> Callable[..., Any]:
        this = threading.current_thread()  # the servers of the test are other threads

        def stepping(*arguments: Any, **options: Any) -> Any:
            if threading.current_thread() is this:
                self.step(kind)
            return do(*arguments, **options)

        return stepping
