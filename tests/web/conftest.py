"""What tests of the pages ask for."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from everyhand.core import looks
from tests.databases import DATABASE
from tests.web.house import House

collect_ignore = [] if DATABASE == "sqlite" else ["test_indexes.py"]


@pytest.fixture
def house(db: None) -> House:
    cache.clear()  # who tried to sign in how often in the last minutes, in other tests
    looks.memory.clear()  # what was seen in them, since rows of other tests have the same numbers
    return House()
