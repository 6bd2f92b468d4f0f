"""What SQLite has written ahead, to its log (WAL), is brought home into its file.

By itself SQLite has whoever commits do that once a thousand pages have gathered: now and then a reply would wait for
all that others wrote, and filing for its own with each batch. The worker does it instead, beside them. Where no worker
runs whoever commits does it still, once four thousand have gathered (settings.py; https://sqlite.org/wal.html#ckpt).
"""

from __future__ import annotations

from django.db import connection


def bring_home() -> None:
    """As much as can be without anybody waiting for it (PASSIVE)."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
