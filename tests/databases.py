"""The database of the tests, and which tests a run on PostgreSQL leaves to the run on SQLite, told at its end.

A test about one database is no part of a run on the other. A test that asks for no database says the same on both, and
so does one marked `once`; these run on SQLite. They are left out, not skipped: nothing of them is missing.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.servers import tables

DATABASE = os.environ.get("EVERYHAND_TEST_DATABASE", "sqlite")
OTHER = "postgresql" if DATABASE == "sqlite" else "sqlite"
ASKING_FOR_ONE = {"db", "transactional_db", "cluster_url"}

left_out: Counter[str] = Counter()  # how many tests, by the reason


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    reasons = {item: reason for item in items if (reason := _why_not_here(item))}
    left_out.update(reasons.values())
    if hasattr(config, "workeroutput"):
        config.workeroutput["left_out"] = dict(left_out)
    if reasons:
        config.hook.pytest_deselected(items=list(reasons))
        items[:] = [item for item in items if item not in reasons]


def _why_not_here(item: pytest.Item) -> str:
    """Why the other run has this test; "" if it is one of this run."""
    if item.get_closest_marker(OTHER):
        return f"about {OTHER} itself"
    if DATABASE == "sqlite" or item.get_closest_marker(DATABASE):
        return ""
    if once := item.get_closest_marker("once"):
        return str(once.args[0])
    asks = item.get_closest_marker("django_db") or ASKING_FOR_ONE & set(getattr(item, "fixturenames", ()))
    return "" if asks else "asks for no database"


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended: each of them collected the same tests."""
    for reason, count in getattr(node, "workeroutput", {}).get("left_out", {}).items():
        left_out[reason] = max(left_out[reason], count)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if left_out:
        terminalreporter.section(f"Left to the run on {OTHER}")
        for reason, count in left_out.most_common():
            terminalreporter.line(f"{count} tests: {reason}")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Begin with our tables, as PostgreSQL does by its template; Django only sees that none is missing."""
    if DATABASE == "sqlite":
        shutil.copyfile(tables.sqlite(), Path(settings.DATABASES["default"]["TEST"]["NAME"]))


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Whether Django takes the database that it finds; the next run finds none."""
    return DATABASE == "sqlite"
