"""The access matrix once more, for what belongs to a private team."""

from __future__ import annotations

import pytest

from tests.web.access_matrix import MATRIX
from tests.web.house import House, browser_of
from tests.web.scene import scene


@pytest.mark.parametrize("name", [name for name, access in MATRIX.items() if 404 in (*access.get, *access.post)])
def test_what_belongs_to_a_private_team_is_found_by_nobody_else(house: House, name: str) -> None:
    private = scene(house, to="hr@courier.test", about="my boss", owner=house.dora)
    access = MATRIX[name]
    path = private.fill(access.path)
    fields = {field: private.fill(value) for field, value in (access.fields or {}).items()}
    for who in ("stranger", "lead", "specialist", "admin"):
        browser = browser_of(private.readers[who])
        response = browser.post(path, fields) if 404 in access.post else browser.get(path)
        assert response.status_code == 404
