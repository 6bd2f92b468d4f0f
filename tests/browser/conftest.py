"""One running program for each module: it is slow to start."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.courier import Courier, expect_listening


@pytest.fixture(scope="module")
def courier(cluster_url: str | None) -> Iterator[Courier]:
    courier = Courier(cluster_url=cluster_url)
    yield courier
    courier.dispose()


@pytest.fixture
def ana(courier: Courier, visit: Callable[..., Page]) -> Page:
    """In the inbox of everybody, in a document that is known again."""
    page = visit()
    courier.sign_in(page)
    page.goto(f"{courier.url}/inbox/everyone")
    expect_listening(page)
    page.evaluate("window.sameDocument = true")
    return page
