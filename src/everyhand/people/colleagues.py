"""Everybody who works or ever worked here, as lists and sentences name them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from everyhand.core.prepared import prepared
from everyhand.people.models import Member, initials


class Colleague(NamedTuple):
    id: int
    name: str
    title: str
    is_active: bool
    picture: str

    @property
    def initials(self) -> str:
        return initials(self.name)


def everybody() -> list[Colleague]:
    """By name. One read, of a fifth of what the members themselves would cost."""
    return [Colleague(*row) for row in _everybody()()]


@cache
def _everybody() -> Callable[..., list[Any]]:
    return prepared(Member.objects.values_list(*Colleague._fields))
