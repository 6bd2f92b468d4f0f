"""What tests of escalations ask for."""

from __future__ import annotations

import pytest

from tests.notices.office import Office


@pytest.fixture
def office() -> Office:
    return Office()
