"""One running program for each module: it is slow to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.courier import Courier


@pytest.fixture(scope="module")
def courier(cluster_url: str | None) -> Iterator[Courier]:
    courier = Courier(cluster_url=cluster_url)
    yield courier
    courier.dispose()
