"""A test about one database is no part of a run on the other: it is left out, not skipped."""

import os

import pytest

DATABASE = os.environ.get("EVERYHAND_TEST_DATABASE", "sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    other = "postgresql" if DATABASE == "sqlite" else "sqlite"
    about_the_other = [item for item in items if item.get_closest_marker(other)]
    if about_the_other:
        config.hook.pytest_deselected(items=about_the_other)
        items[:] = [item for item in items if item not in about_the_other]
