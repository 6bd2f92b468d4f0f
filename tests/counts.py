"""What a test counted (mails taken, processes killed, seconds) is shown at the end of the run, passed or failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.databases import DATABASE

Tell = Callable[[str], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Say in a sentence what was counted."""
    return lambda sentence: record_property("counted", sentence)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    told = [
        (report.nodeid.rpartition("/")[2], value, report.duration)
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call"
        for name, value in report.user_properties
        if name == "counted"
    ]
    if told:
        terminalreporter.section(f"Counted on {DATABASE}")
        for test, sentence, seconds in told:
            terminalreporter.line(f"{test} ({seconds:.0f} s)\n  {sentence}")
