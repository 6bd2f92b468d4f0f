"""New words of PostgreSQL's index of words wait in a list until they are sorted in, and each search reads all of it.

By itself PostgreSQL sorts them in once there are 4 MB of them, in the transaction of whoever adds the next, or when it
cleans up the table: a rare word took 1.4 ms to find, of which reading the list was nearly all. The worker has it done
every few seconds (https://www.postgresql.org/docs/15/gin-implementation.html#GIN-FAST-UPDATE).
"""

from __future__ import annotations

from django.db import connection


def sort_in() -> int:
    """Have all of them sorted in; how many pages of the list there were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('core_document_index')")
        return int(cursor.fetchone()[0])
