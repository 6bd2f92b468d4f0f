"""The statements that write rows, and the values of rows as the database takes them.

Most fields hold what the database takes, so it is not asked of each field of each row how to write it, as the ORM does;
and of the moments that rows written together share, each is put into words once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, Final

from django.db import connection, models
from django.db.models import NOT_PROVIDED

# Fields that hand on what they hold.
_TAKEN_AS_THEY_ARE: Final = frozenset(
    (
        *("AutoField", "BigAutoField", "BigIntegerField", "BooleanField", "CharField", "ForeignKey", "IntegerField"),
        *("OneToOneField", "PositiveIntegerField", "PositiveSmallIntegerField", "SmallIntegerField", "TextField"),
    )
)
MOMENTS_KEPT: Final = 1_000

Taken = Callable[[Any], Any]


class Insertion:
    """The statement that writes a new row of `model`, and the values it wants of one, whose fields must all be set by
    then: `auto_now` does nothing here. The row has its primary key if it is `keyed`.
    """

    def __init__(self, model: type[models.Model], *, keyed: bool) -> None:
        fields = [one for one in model._meta.concrete_fields if one.db_default is NOT_PROVIDED]
        if not keyed:
            fields.remove(model._meta.pk)
        names = ", ".join(connection.ops.quote_name(one.column) for one in fields)
        places = ", ".join(["%s"] * len(fields))
        self.statement = f"INSERT INTO {quoted(model)} ({names}) VALUES ({places})"  # noqa: S608 (names of our tables)
        self._held = attrgetter(*(one.attname for one in fields))
        self._taken = [(place, taken) for place, one in enumerate(fields) if (taken := _taken(one))]

    def values(self, row: models.Model) -> list[Any]:
        values = list(self._held(row))
        for place, taken in self._taken:
            values[place] = taken(values[place])
        return values


@lru_cache(maxsize=100)
def insertion(model: type[models.Model], *, keyed: bool = True) -> Insertion:
    return Insertion(model, keyed=keyed)


def value(model: type[models.Model], name: str, held: Any) -> Any:
    """What a field holds, as the database takes it."""
    taken = _by_name(model)[name][1]
    return taken(held) if taken else held


def column(model: type[models.Model], name: str) -> str:
    return connection.ops.quote_name(_by_name(model)[name][0].column)


def attribute(model: type[models.Model], name: str) -> str:
    """By which a row has the value of a field."""
    attribute: str = _by_name(model)[name][0].attname
    return attribute


def quoted(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


@lru_cache(maxsize=100)
def _by_name(model: type[models.Model]) -> dict[str, tuple[Any, Taken | None]]:
    """Each field and how it is taken, by its name and by that of the attribute that has its value; "pk" is the primary
    key.
    """
    known: dict[str, tuple[Any, Taken | None]] = {}
    for one in model._meta.concrete_fields:
        known[one.name] = known[one.attname] = (one, _taken(one))
    assert model._meta.pk is not None  # noqa: S101 (what is stored has one)
    return {**known, "pk": known[model._meta.pk.name]}


def _taken(field: Any) -> Taken | None:
    """How what the field holds is made what the database takes, None where that is the same."""
    if field.get_internal_type() in _TAKEN_AS_THEY_ARE:
        return None
    taken = partial(field.get_db_prep_save, connection=connection)
    return lru_cache(MOMENTS_KEPT)(taken) if isinstance(field, models.DateTimeField) else taken
