"""The demo company: a small newspaper to look around in before one begins. Whether it is here, and asking for it.

What it consists of is told by `everyhand.cli.demo`, which the worker runs when somebody has asked for it here.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db import transaction

from everyhand.core import journal, work
from everyhand.people.models import DemoWish, Member

# RFC 2606 reserves .example, so nobody real can have such an address and no mail can reach it.
NOWHERE: Final = ".example"
DOMAIN: Final = f"riverside-courier{NOWHERE}"


class Standing(StrEnum):
    """How it stands with the demo company. Of one that is STUCK the worker could not make what was wished."""

    AWAY = "away"
    COMING = "coming"
    HERE = "here"
    GOING = "going"
    STUCK = "stuck"


def standing() -> Standing:
    wish = DemoWish.objects.order_by("pk").last()
    if wish and wish.is_open:
        return Standing.COMING if wish.wanted == DemoWish.Wanted.COME else Standing.GOING
    if wish and wish.quarantined_at:
        return Standing.STUCK
    return Standing.HERE if is_here() else Standing.AWAY


def is_here() -> bool:
    """Whether anybody of it works here, be it that it is only just coming or going."""
    return Member.objects.filter(email__endswith=f"@{DOMAIN}").exists()


@transaction.atomic
def ask_to_come(*, by: Member, at: datetime) -> None:
    """Let the worker open the demo company; nothing happens while an earlier wish is not fulfilled."""
    _wish(DemoWish.Wanted.COME, by, at)


@transaction.atomic
def ask_to_go(*, by: Member, at: datetime) -> None:
    """Let the worker take it away without a trace; nothing happens while an earlier wish is not fulfilled.

    One that could not be fulfilled makes room for this.
    """
    _wish(DemoWish.Wanted.GO, by, at)


def _wish(wanted: DemoWish.Wanted, by: Member, at: datetime) -> None:
    if work.open_rows(DemoWish).select_for_update().exists():
        return
    work.quarantined(DemoWish).delete()
    wish = DemoWish.objects.create(wanted=wanted, due_at=at)
    journal.note(f"demo.asked_to_{wanted}", subject=wish, actor=by, at=at)
