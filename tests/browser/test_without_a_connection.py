"""The connection drops while somebody fills in a form: what they typed stays, and goes once it is back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.courier import Courier

pytestmark = pytest.mark.once("about a browser")


def test_what_was_typed_outlives_a_connection_that_drops(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(expecting="ERR_INTERNET_DISCONNECTED")
    courier.sign_in(page)
    page.goto(f"{courier.url}/capture")
    said = page.get_by_label("What did they say?")
    page.get_by_label("Who was it?").fill("Nora Quist")
    said.fill("The paper on route 4 is wet.")

    page.context.set_offline(True)
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("nothing was sent. What you typed is still here")).to_be_visible()
    expect(said).to_have_value("The paper on route 4 is wet.")

    page.context.set_offline(False)
    page.get_by_role("button", name="Keep it").click()
    page.wait_for_url("**/conversations/*")
    expect(page.get_by_role("article", name="Message from Nora Quist")).to_contain_text("is wet")
