"""Pages of the file that are about to be needed, looked at beforehand, by several at once.

On SQLite one writes at a time, and whoever does waits for each page that is not in memory. Of a large database the
pages under random keys rarely are: with a million conversations a mail meets four or five of them, and of the time it
takes to file it a third and more was such waiting. Whoever knows the keys before it is their turn has them looked at
meanwhile. What a look finds is forgotten, so nothing can be stale: it only has the system read the pages.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from queue import Empty, LifoQueue

import structlog
from django.db import connection

log = structlog.get_logger(__name__)

_CACHE = "PRAGMA cache_size=-200"  # kB: the system keeps what was read


class Scouts:
    """Look with one question; any number of threads may have them look. As many connections are opened as looks take
    place at once, which is one while everything is in memory. Close them when done.
    """

    def __init__(self, question: str, *, file: Path) -> None:
        self._question, self._address = question, f"{file.resolve().as_uri()}?mode=ro"
        self._resting: LifoQueue[sqlite3.Connection] = LifoQueue()

    def look(self, *values: str) -> None:
        """Have the pages read that answer the question for these values. Where they can't be read nothing is lost:
        whoever needs them will meet that again.
        """
        try:
            scout = self._rested() or self._new()
            scout.execute(self._question, values).fetchall()
        except sqlite3.Error:
            log.warning("could not look ahead", exc_info=True)
        else:
            self._resting.put(scout)

    def close(self) -> None:
        while scout := self._rested():
            scout.close()

    def _rested(self) -> sqlite3.Connection | None:
        with suppress(Empty):
            return self._resting.get_nowait()
        return None

    def _new(self) -> sqlite3.Connection:
        scout = sqlite3.connect(self._address, uri=True, check_same_thread=False)
        scout.execute(_CACHE)
        return scout


def scouts(question: str) -> Scouts | None:
    """None where they would be of no use: on PostgreSQL others go on while one waits for the disk."""
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]
        return None
    return Scouts(question, file=Path(connection.settings_dict["NAME"]))
