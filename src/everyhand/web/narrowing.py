"""Filters as addresses carry them and pages show them: chips, each with a link that takes it away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from everyhand.desk import filters
from everyhand.desk.filters import NAMES, Filter, Filters
from everyhand.people.models import Member


@dataclass(frozen=True)
class Chip:
    """What narrows a view, in words, and the address of the view without it."""

    label: str
    said: str
    without: str


def asked_for(params: QueryDict, *, member: Member, at: datetime) -> Filters:
    return filters.read(((name, params.get(name, "")) for name in NAMES), member=member, at=at)


def address(view: str, pairs: Iterable[tuple[str, str]]) -> str:
    """The view narrowed so: the same filters always give the same address."""
    query = urlencode(list(pairs))
    return reverse("inbox", args=[view]) + (f"?{query}" if query else "")


def chips(view: str, chosen: Filters) -> list[Chip]:
    """One for each filter but the status, which has its own place."""
    return [
        Chip(label(one), one.said, address(view, chosen.without(one.name).pairs))
        for one in chosen.chosen
        if one.name != "status"
    ]


def label(of: Filter) -> str:
    return labels()[of.name]


def labels() -> dict[str, str]:
    return {
        "owner": _("Owner"),
        "team": _("Team"),
        "from": _("Customer"),
        "status": _("Status"),
        "channel": _("Channel"),
        "tag": _("Tag"),
        "has": _("Has"),
        "waiting": _("Waiting"),
        "in": _("In"),
        "before": _("Before"),
        "after": _("Since"),
    }
