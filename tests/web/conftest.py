"""What tests of the pages ask for."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.databases import DATABASE
from tests.web.house import House

collect_ignore = [] if DATABASE == "sqlite" else ["test_indexes.py"]


@pytest.fixture
def house(db: None) -> House:
    cache.clear()  # who tried to sign in how often in the last minutes, in other tests
    return House()
