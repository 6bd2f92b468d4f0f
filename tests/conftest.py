"""What every test here may ask for by name."""

from __future__ import annotations

import pytest

from tests.cast import Cast, assemble


@pytest.fixture
def cast(db: None) -> Cast:  # noqa: ARG001
    return assemble()
