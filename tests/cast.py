"""The people in the tests: the Riverside Courier, a newspaper, and its readers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection

from everyhand.desk.inbound import Address, Inbound
from everyhand.people.models import Member, Membership, Role, Team
from everyhand.routing import actions as routing

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday

HELP = "help@courier.test"
_letters = count(1)


class Cast:
    """Ana and Ben of delivery, Ines in the chair, and who writes to them."""

    def __init__(self) -> None:
        self.ines = member("Ines Hart", title="Chair", role=Role.ADMIN)
        self.ana = member("Ana Silva", title="Delivery, routes 1 to 5", role=Role.SPECIALIST)
        self.ben = member("Ben Okoro", title="Delivery, routes 6 to 9", role=Role.SPECIALIST)
        self.carla = member("Carla Weiss", title="Columnist")
        self.delivery = team("delivery", "Delivery", self.ana, self.ben, lead=self.ben)
        routing.set_fallback(self.ines, by=None, at=NOON)


def member(name: str, *, title: str = "", role: Role = Role.MEMBER) -> Member:
    return Member.objects.create_member(
        f"{name.split(maxsplit=1)[0].lower()}@courier.test", name, title=title, role=role
    )


def team(slug: str, name: str, *members: Member, lead: Member | None = None, private: bool = False) -> Team:
    made = Team.objects.create(slug=slug, name=name, private=private)
    for one in members:
        Membership.objects.create(team=made, member=one, lead=one == lead)
    return made


def letter(
    text: str = "No paper today.",
    *,
    sender: str = "ada@example.org",
    name: str = "Ada Brown",
    subject: str = "Paper",
    **more: Any,
) -> Inbound:
    """A message from outside, as a channel hands it to the desk."""
    fields: dict[str, Any] = {
        "source": "test",
        "sender": Address(name, sender),
        "recipients": (HELP,),
        "subject": subject,
        "text": text,
        "reply": text,
        "message_id": f"letter-{next(_letters)}@example.org",
    }
    return Inbound(**{**fields, **more})


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast()


@pytest.fixture
def two_connections(transactional_db: None) -> Iterator[None]:
    """For tests with threads: what one connection commits the others see. The test's own is closed at its end."""
    yield
    connection.close()
