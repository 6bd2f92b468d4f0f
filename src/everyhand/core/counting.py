"""Counting that does not grow: how many rows several queries find, up to a bound, in one read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models


def counted(rows_of_each: Sequence[models.QuerySet[Any, Any]], *, at_most: int) -> list[int]:
    """How many rows each query finds; no query walks over more than `at_most` of them, which then is the answer."""
    arms: list[str] = []
    params: list[Any] = []
    for rows in rows_of_each:
        try:
            sql, values = rows.order_by().values("pk")[:at_most].query.sql_with_params()
        except EmptyResultSet:  # its conditions can't be true
            sql, values = "SELECT 1 WHERE 1 = 0", ()
        arms.append(f"(SELECT COUNT(*) FROM ({sql}) AS arm)")  # noqa: S608 (made by the ORM)
        params += values
    if not arms:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(arms), params)
        return list(cursor.fetchone())
