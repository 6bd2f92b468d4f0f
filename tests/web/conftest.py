"""What tests of the pages ask for."""

from __future__ import annotations

import pytest

from tests.web.house import House


@pytest.fixture
def house(db: None) -> House:  # noqa: ARG001
    return House()
