from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.web.live.company import Company


@pytest.fixture(scope="module")
def founded(cluster_url: str | None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock(), Company(cluster_url).at_hand() as company:
        company.found()
        company.serve()
        yield company


@pytest.fixture
def company(founded: Company, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    """The company, serving, with nobody listening yet."""
    with django_db_blocker.unblock():
        yield founded
        founded.close_pages()
