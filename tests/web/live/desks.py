"""The company with two who see the same, served by the program itself, for what they do at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pytest_django import DjangoDbBlocker

from everyhand.people.models import Member, Role
from tests.web.live.company import Company

ALWAYS = 3  # rounds of what chance decides


class Desks(Company):
    """The company, and Dora, who sees what Ana sees; the program itself serves its pages."""

    def found(self) -> None:
        super().found()
        self.dora = Member.objects.create_member("dora@company.test", "Dora", role=Role.SPECIALIST)


@pytest.fixture(scope="module")
def founded(cluster_url: str | None, django_db_blocker: DjangoDbBlocker) -> Iterator[Desks]:
    company = Desks(cluster_url)
    with django_db_blocker.unblock(), company.at_hand():
        company.found()
        company.serve("everyhand.config.settings")
        yield company


def now() -> datetime:
    return datetime.now(UTC)
