"""What SQLite's planner is told: something of each index, and nothing that takes long to find out."""

from __future__ import annotations

import pytest
from django.db import connection

from everyhand.core.sqlite import statistics
from everyhand.people.models import Member
from tests.cast import Cast


@pytest.mark.sqlite
def test_indexes_are_looked_at_and_not_the_rows_of_the_index_of_words(cast: Cast) -> None:
    statistics.gather()

    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl, idx, CAST(stat AS INTEGER) FROM sqlite_stat1")
        known = cursor.fetchall()
    members = {rows for table, index, rows in known if table == "people_member" and index}
    assert members == {Member.objects.count()}
    assert not [table for table, _index, _rows in known if table.startswith("core_document_index")]
