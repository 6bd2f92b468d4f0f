"""The database of the tests, and which of them are about the other: those are left out, not skipped."""

import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings

from tests.servers import tables

DATABASE = os.environ.get("EVERYHAND_TEST_DATABASE", "sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    other = "postgresql" if DATABASE == "sqlite" else "sqlite"
    about_the_other = [item for item in items if item.get_closest_marker(other)]
    if about_the_other:
        config.hook.pytest_deselected(items=about_the_other)
        items[:] = [item for item in items if item not in about_the_other]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Begin with our tables, as PostgreSQL does by its template; Django only sees that none is missing."""
    if DATABASE == "sqlite":
        shutil.copyfile(tables.sqlite(), Path(settings.DATABASES["default"]["TEST"]["NAME"]))


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Whether Django takes the database that it finds; the next run finds none."""
    return DATABASE == "sqlite"
