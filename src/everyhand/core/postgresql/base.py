"""The database back end `everyhand.core.postgresql`.

Django's cursors write the values of a question into its text, so that PostgreSQL sees another one each time and plans
it again. A question that is asked again and again (`core.prepared`) is told in two parts here: its text, in which only
the places of what changes are left open, and those values. PostgreSQL keeps such a statement for as long as the
connection lasts, and its plan from the sixth time on where that is as good as one made for the values
(https://www.postgresql.org/docs/15/sql-prepare.html#SQL-PREPARE-NOTES).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import psycopg
from django.db.backends.postgresql import base
from django.db.models import Expression
from psycopg.types.numeric import Int8

# Statements that a connection keeps: there are some two hundred questions, each for 1, 2, 4 … values where it asks for
# several. psycopg's own hundred would be told again and again.
KEPT: Final = 400
_PLACE: Final = re.compile(r"%[%s]")


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        """Django's own cursors prepare nothing, whatever the threshold; ours say so themselves."""
        return super().get_connection_params() | {"prepare_threshold": 0}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        opened = super().get_new_connection(conn_params)
        opened.prepared_max = KEPT
        return opened

    def init_connection_state(self) -> None:
        """PostgreSQL supposes that any page costs four times as much to read as the next one, as on turning disks, and
        sorted all that waits in a team where an index had it in order.
        """
        super().init_connection_state()
        with self.cursor() as cursor:
            cursor.execute("SET random_page_cost = 1.1")
        if not self.get_autocommit():
            self.connection.commit()

    def settled(self, sql: str, params: Iterable[Any]) -> tuple[str, tuple[Any, ...]]:
        """The question with all that stays the same written into its text, where PostgreSQL sees of which type it is
        and how rare; and what is left open: what is told with each asking (an expression stands for it), and moments.
        """
        self._connect()
        values, left, further = iter(params), list[Any](), 0

        def write(place: re.Match[str]) -> str:
            nonlocal further
            if place[0] == "%%":
                return place[0]
            if further:
                further -= 1
                return place[0]
            value = next(values)
            if not isinstance(value, (Expression, datetime)):
                return psycopg.sql.Literal(value).as_string(self.connection).replace("%", "%%")
            left.append(value)
            further = (getattr(value, "several", None) or 1) - 1  # places that it takes besides
            return place[0]

        return _PLACE.sub(write, sql), tuple(left)

    def answered(self, sql: str, values: Iterable[Any], *, planned_anew: bool = False) -> list[Any]:
        """All rows. Integers are told as long ones, whatever their size: their type is a part of what is kept.

        Nothing is kept of what is `planned_anew`: from the sixth time on PostgreSQL might take one plan for all values.
        """
        self._connect()
        told = [Int8(one) if type(one) is int else one for one in values]
        with self.wrap_database_errors, psycopg.Cursor(self.connection) as cursor:
            return cursor.execute(sql, told, prepare=not planned_anew).fetchall()

    def _connect(self) -> None:
        """As Django's own cursors do: one that broke since the last request is opened again."""
        self.close_if_health_check_failed()
        self.ensure_connection()
