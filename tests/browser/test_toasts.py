"""What Everyhand says after something happened covers nothing that could be pressed next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.courier import ROW, Courier
from tests.browser.test_triage import ON_TOP
from tests.servers.browser import DESK, PHONE

WIDTHS = (PHONE, DESK)


def expect_uncovered(part: Locator) -> None:
    """Where its buttons stand: a click would scroll to free them."""
    for button in part.locator("button:visible").all():
        assert button.evaluate(ON_TOP), button.inner_text()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_toast_leaves_what_can_be_done_with_the_selected_ones_free(
    courier: Courier, visit: Callable[..., Page], width: int
) -> None:
    ana = visit(width=width)
    courier.sign_in(ana)
    ana.goto(f"{courier.url}/inbox/everyone")
    rows = ana.locator(ROW)
    number = rows.count()
    rows.nth(0).get_by_role("checkbox").check()
    ana.get_by_role("button", name="Close", exact=True).click()
    toast = ana.locator(".toast")
    expect(toast).to_contain_text("Closed: ")
    toast.hover()  # so that it stays
    rows.nth(0).get_by_role("checkbox").check()

    bar = ana.locator(".triage-bar")
    expect(bar).to_be_visible()
    expect_uncovered(bar)
    expect_uncovered(toast)
    for place in (0, 10_000):
        ana.evaluate(f"scrollTo(0, {place})")
        ana.wait_for_timeout(100)
        expect_uncovered(bar)
    toast.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(number)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_toast_leaves_the_field_to_write_in_free(courier: Courier, visit: Callable[..., Page], width: int) -> None:
    ana = visit(width=width)
    courier.sign_in(ana)
    courier.open(ana, "Wer ist zuständig?")
    ana.get_by_text("Later", exact=True).click()
    ana.get_by_label("Until another day and hour").fill(f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%dT10:00}")
    ana.get_by_role("button", name="Put it off").click()
    toast = ana.locator(".toast")
    expect(toast).to_contain_text("It comes back on")
    toast.hover()
    composer = ana.locator(".composer")
    ana.locator("#reply-text").focus()
    expect(ana.locator("trix-editor")).to_be_focused()
    composer.evaluate("one => one.scrollIntoView({ block: 'end' })")
    ana.wait_for_timeout(100)

    expect_uncovered(composer)
    expect(toast).to_be_in_viewport(ratio=1)
    ana.keyboard.type("Liebe Frau Ende,\n" * 9)
    composer.evaluate("one => one.scrollIntoView({ block: 'end' })")
    ana.wait_for_timeout(100)
    expect_uncovered(composer)
    toast.get_by_role("button", name="Undo").click()
