"""Telling "not now" from "not this": an error of the database that passes by itself from one that would come again."""

from __future__ import annotations

import errno
import sqlite3
from typing import Final

from django.db import InterfaceError, OperationalError

# https://www.sqlite.org/rescode.html: locked by somebody else, no space, a disk that is away or read-only.
_SQLITE: Final = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
    )
)
# https://www.postgresql.org/docs/current/errcodes-appendix.html: connection, read-only standby, deadlock, resources,
# lock not available, shutdown, system error.
_POSTGRESQL: Final = ("08", "25006", "40", "53", "55", "57", "58")


def is_outage(error: BaseException) -> bool:
    """Whether the database was locked, full or away, so that the same call may well work later."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE  # the rest of the number is the finer reason
    state = getattr(cause, "sqlstate", None)
    return state is None or state.startswith(_POSTGRESQL)  # None: the connection broke, or nobody answered


def is_full(error: BaseException) -> bool:
    """Whether the disk of the database has no space left."""
    cause = error.__cause__
    return (
        getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        or getattr(cause, "sqlstate", None) == "53100"  # PostgreSQL's disk_full
        or getattr(cause, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
    )
