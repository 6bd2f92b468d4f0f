"""A customer asks for their data, and to be forgotten: what an administrator does with a browser, and what is left."""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.courier import Courier
from tests.whole.company import ask, time_passes

TOM, ADDRESS, GIFT = "Tom Fielding", "tom@fielding.example", "Gift for my sister"
PATIENCE = 20.0  # seconds


@pytest.fixture
def ana(courier: Courier, visit: Callable[..., Page]) -> Page:
    """At the page of Tom, who wants to know what is kept about him."""
    page = visit(expecting="status of 4")
    courier.sign_in(page)
    page.goto(f"{courier.url}/search?q=Fielding")
    page.get_by_role("link", name=GIFT).click()
    page.get_by_role("main").get_by_role("link", name=TOM, exact=True).click()
    expect(page.get_by_role("heading", name=TOM, level=1)).to_be_visible()
    return page


def test_ana_hands_out_all_that_is_kept_about_him(ana: Page) -> None:
    with ana.expect_download() as handed_out:
        ana.get_by_role("button", name="Export everything").click()
    with zipfile.ZipFile(handed_out.value.path()) as kept:
        told = [kept.read(name).decode() for name in kept.namelist() if name.endswith(".json")]
        mails = [kept.read(name) for name in kept.namelist() if name.endswith(".eml")]
    assert any(TOM in json.dumps(json.loads(one)) for one in told)
    assert any(b"sister" in one for one in mails)


def test_ana_has_him_forgotten_and_nothing_of_him_is_found(courier: Courier, ana: Page) -> None:
    his_page = ana.url
    ana.get_by_role("link", name="Forget them").click()
    ana.get_by_label("To be sure").fill("Tim Fielding")
    ana.get_by_role("button", name="Forget them in an hour").click()
    expect(ana.get_by_label("To be sure")).to_have_value("Tim Fielding")
    expect(ana.get_by_label("To be sure")).to_have_accessible_description(re.compile("Nothing was erased"))
    ana.get_by_label("To be sure").fill(ADDRESS)
    ana.get_by_role("button", name="Forget them in an hour").click()
    expect(ana.get_by_text("They asked to be forgotten")).to_be_visible()
    ana.get_by_role("button", name="Call it off").click()
    expect(ana.get_by_text("They asked to be forgotten")).to_have_count(0)

    ana.get_by_role("link", name="Forget them").click()
    ana.get_by_label("To be sure").fill(ADDRESS)
    ana.get_by_role("button", name="Forget them in an hour").click()
    expect(ana.get_by_text("They asked to be forgotten")).to_be_visible()
    time_passes(courier, timedelta(hours=1), of=["customers_erasure"])

    there = "SELECT 1 FROM conversations_conversation WHERE subject = 'Gift for my sister'"
    give_up_at = time.monotonic() + PATIENCE
    while ask(courier, there) and time.monotonic() < give_up_at:
        ana.wait_for_timeout(100)
    answer = ana.goto(his_page)
    assert answer
    assert answer.status == 404
    expect(ana.get_by_role("heading", level=1)).not_to_have_text(TOM)
    ana.goto(f"{courier.url}/search?q=sister")
    expect(ana.get_by_role("heading", name="Search", level=1)).to_be_visible()
    expect(ana.get_by_role("heading", name=GIFT)).to_have_count(0)
