"""What SQLite has written ahead, to its log (WAL), is brought home into its file.

By itself SQLite has whoever commits do that once a thousand pages have gathered: now and then a reply would wait for
all that others wrote, and filing for its own with each batch. The worker does it instead, beside them. Where no worker
runs whoever commits does it still, once forty thousand have gathered (settings.py; https://sqlite.org/wal.html#ckpt).
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connection

LONG: Final = 8_000  # pages of 4 kB


def bring_home() -> None:
    """As much as can be without anybody waiting for it (PASSIVE).

    The log begins anew only when all of it is at home, which it never is while somebody goes on writing. So when it is
    long what little was written meanwhile is brought home with nobody else writing.
    """
    if _brought_home() > LONG:
        wrapper: Any = connection
        with wrapper.alone():
            _brought_home()


def _brought_home() -> int:
    """How many pages the log has."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        _busy, pages, _brought = cursor.fetchone()
    return int(pages)
