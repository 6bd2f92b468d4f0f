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
    """Let the planner look again; does nothing on PostgreSQL.

    One after the other, since whoever looks holds the gate to all writing. And not where the index of words keeps its
    own rows (shadow tables): nobody plans anything about those, and without an index SQLite counts them one by one, 9 s
    at a million conversations of which nothing was in memory yet.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA analysis_limit = {LOOKED_AT}")
            for one in _looked_at():
                cursor.execute(f"ANALYZE {connection.ops.quote_name(one)}")


def _looked_at() -> list[str]:
    """Every index of ours, and every table that has none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH ours AS (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'), "
            "indexes AS (SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND tbl_name IN ours) "
            "SELECT name FROM indexes UNION ALL "
            "SELECT name FROM ours WHERE name NOT LIKE 'sqlite_%' AND name NOT IN (SELECT tbl_name FROM indexes)"
        )
        return [name for (name,) in cursor.fetchall()]
