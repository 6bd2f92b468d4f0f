"""What could not be tested on this machine is said loudly at the end, and is an error where skips are forbidden.

EVERYHAND_TEST_SKIPS=forbidden (the CI sets it) turns every skip into a failure, whoever asked for it.
EVERYHAND_TEST_SKIPS_FILE=PATH appends the reasons there too, for a caller that runs the tests several times.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def absent(what: str, remedy: str) -> NoReturn:
    """Skip the running test because the machine lacks `what`; `remedy` tells the reader how to get it."""
    pytest.skip(f"{what} is not here; {remedy}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _fail_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _fail_if_skipped((yield))


def _fail_if_skipped(report: Report) -> Report:
    forbidden = os.environ.get("EVERYHAND_TEST_SKIPS") == "forbidden"
    if forbidden and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skips are forbidden here: {_reason(report)}"
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if not reasons:
        return
    lines = [f"{count} skipped: {reason}" for reason, count in sorted(reasons.items())]
    terminalreporter.section("NOT TESTED on this machine", sep="!", yellow=True, bold=True)
    for line in lines:
        terminalreporter.line(line, yellow=True)
    if path := os.environ.get("EVERYHAND_TEST_SKIPS_FILE"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    longrepr = report.longrepr
    reason = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return reason.removeprefix("Skipped: ")
