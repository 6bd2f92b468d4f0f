"""What SQLite's planner knows about how many rows there are of what.

PostgreSQL gathers that by itself. SQLite knows nothing until it is told to look, and after a new index came it would
compare what it knows of the old ones with a guess about the new one.
"""

from __future__ import annotations

from typing import Final

from django.db import connection

# Rows looked at in each index, so that it takes a moment however much there is: https://sqlite.org/lang_analyze.html
LOOKED_AT: Final = 1_000


def gather() -> None:
    """Let the planner look again; does nothing on PostgreSQL."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA analysis_limit = {LOOKED_AT}")
            cursor.execute("ANALYZE")
