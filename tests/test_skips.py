"""What could not be tested is never quiet: the end of a run tells it, and where skips are forbidden it fails."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SUITE = """
import pytest
from tests.skips import absent

def test_prints():
    absent("The printer", "plug it in")

@pytest.mark.skip(reason="out of paper")
def test_copies():
    pass

@pytest.fixture
def scanner():
    absent("The scanner", "buy one")

def test_scans(scanner):
    pass

@pytest.mark.xfail(reason="known", strict=True)
def test_faxes():
    raise OSError

def test_counts():
    assert 1 + 1 == 2
"""


@pytest.fixture(autouse=True)
def office(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVERYHAND_TEST_SKIPS", raising=False)
    monkeypatch.delenv("EVERYHAND_TEST_SKIPS_FILE", raising=False)
    pytester.makepyfile(SUITE)


def test_the_end_of_a_run_tells_what_was_not_tested(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EVERYHAND_TEST_SKIPS_FILE", str(tmp_path / "skips"))

    result = pytester.runpytest("-p", "no:django", "-p", "tests.skips")

    result.assert_outcomes(passed=1, skipped=3, xfailed=1)
    told = [
        "1 skipped: The printer is not here; plug it in",
        "1 skipped: The scanner is not here; buy one",
        "1 skipped: out of paper",
    ]
    result.stdout.fnmatch_lines(["*NOT TESTED on this machine*", *told])
    assert (tmp_path / "skips").read_text().splitlines() == told


def test_where_skips_are_forbidden_every_skip_fails_and_tells_why(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERYHAND_TEST_SKIPS", "forbidden")

    result = pytester.runpytest("-p", "no:django", "-p", "tests.skips")

    result.assert_outcomes(passed=1, failed=1, errors=2, xfailed=1)
    result.stdout.fnmatch_lines(["*Skips are forbidden here: The printer is not here; plug it in*"])


def test_where_skips_are_forbidden_a_skipped_file_fails_too(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERYHAND_TEST_SKIPS", "forbidden")
    pytester.makepyfile(test_fax="import pytest\npytest.importorskip('no_such_fax')")

    result = pytester.runpytest("-p", "no:django", "-p", "tests.skips", "test_fax.py")

    result.assert_outcomes(errors=1)
    assert result.ret != 0
