"""Counting that does not grow: how many rows several queries find, up to a bound, in one read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from everyhand.core.prepared import answered, settled, told, written

# How many rows one query finds, as SQL and its values.
Count = tuple[str, tuple[Any, ...]]


class BoundedCount(models.Subquery):
    """How many rows a sliced query finds, for each row of the query around it."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS few)"
    output_field = models.IntegerField()


def whole(rows: models.QuerySet[Any, Any]) -> Count:
    """All of them, where an index holds nothing else."""
    sql, params = written(rows.values("pk"))
    return f"(SELECT COUNT(*) FROM ({sql}) AS arm)", params  # noqa: S608 (made by the ORM)


def bounded(rows: models.QuerySet[Any, Any], *, at_most: int) -> Count:
    """A count that walks over no more than `at_most` of the rows, which then is its answer. Its conditions may hold a
    `Given` (see `core.prepared`), so that it can be written once.
    """
    return whole(rows.order_by()[:at_most])


def counted(counts: Sequence[Count], **values: Any) -> list[int]:
    """Each of them; one read. `values` are those of every `Given` in them, by name."""
    if not counts:
        return []
    sql = "SELECT " + ", ".join(sql for sql, _params in counts)
    sql, params = settled(sql, [value for _sql, params in counts for value in params])
    [numbers] = answered(sql, told(params, values))
    return list(numbers)
