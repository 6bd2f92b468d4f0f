"""A member brings a picture of any size."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.courier import Courier
from tests.servers.processes import wait_until

pytestmark = pytest.mark.once("about a browser")


def test_a_picture_is_made_small_before_it_is_sent(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit()
    courier.sign_in(page)
    page.goto(f"{courier.url}/profile")
    large = page.evaluate(
        """async () => {
          const canvas = document.createElement("canvas");
          canvas.width = 3000; canvas.height = 2000;
          canvas.getContext("2d").fillRect(0, 0, 3000, 2000);
          const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
          return [...new Uint8Array(await blob.arrayBuffer())];
        }"""
    )
    chosen = {"name": "me.png", "mimeType": "image/png", "buffer": bytes(large)}
    page.get_by_label("A picture of you").set_input_files(chosen)  # type: ignore[arg-type]
    field = page.locator("#portrait")
    wait_until(lambda: field.evaluate("(one) => one.files[0].type") == "image/webp", seconds=20, what="it is small")
    page.get_by_role("button", name="Show this picture").click()

    face = page.locator(".person-head img")
    expect(face).to_be_visible()
    assert face.evaluate("(one) => one.decode().then(() => [one.naturalWidth, one.naturalHeight])") == [256, 256]
