"""Signing in and out, and what a person sees when something goes wrong: said kindly, beside the field, nothing lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.courier import DOMAIN, Courier, expect_listening
from tests.web.test_ways_in import digits

# A computer in Tokyo.
IN_TOKYO = """
const told = Intl.DateTimeFormat.prototype.resolvedOptions;
Intl.DateTimeFormat.prototype.resolvedOptions = function () { return { ...told.call(this), timeZone: "Asia/Tokyo" }; };
"""


@pytest.fixture
def ana(courier: Courier, visit: Callable[..., Page]) -> Page:
    page = visit(expecting="status of 4")
    courier.sign_in(page)
    return page


def test_a_link_from_the_shell_works_once(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(expecting="status of 410")
    link = courier.run("signin-link", f"ben@{DOMAIN}").strip()
    page.goto(link)
    page.get_by_role("button", name=re.compile("^Sign in")).click()
    expect(page.get_by_role("heading", name="Mine")).to_be_visible()

    page.goto(link)

    expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()


def test_a_password_can_be_set_and_used(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(expecting="status of 4")
    courier.sign_in(page, "ruth")
    page.goto(f"{courier.url}/profile")
    page.get_by_role("link", name="How I sign in").click()
    page.get_by_role("link", name="Set a password").click()
    expect(page.get_by_text("Your password must contain at least 10 characters.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill("a-page-a-day-1904")
    page.get_by_label("Password (again)").fill("a-page-a-day-1904")
    page.get_by_role("button", name="Set it").click()
    expect(page.get_by_role("heading", name="My profile")).to_be_visible()
    expect(page.get_by_text("Your new password works from now on.")).to_be_visible()

    page.goto(f"{courier.url}/sign-out")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{courier.url}/sign-in")
    page.get_by_label("Email").fill(f"ruth@{DOMAIN}")
    page.get_by_label("Password").fill("something else")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value(f"ruth@{DOMAIN}")
    page.get_by_label("Password").fill("a-page-a-day-1904")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Mine")).to_be_visible()


def test_with_an_authenticator_app_a_password_is_not_enough(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(expecting="status of 4")
    courier.sign_in(page, "joan")
    page.goto(f"{courier.url}/password/first")
    page.get_by_label("Password", exact=True).fill("a-page-a-day-1904")
    page.get_by_label("Password (again)").fill("a-page-a-day-1904")
    page.get_by_role("button", name="Set it").click()
    page.goto(f"{courier.url}/second-factor")
    page.get_by_role("link", name="Set it up").click()
    page.get_by_label("Password").fill("a-page-a-day-1904")
    page.get_by_role("button", name="Go on").click()
    secret = page.get_by_label("Or type this into the app").input_value()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Use it from now on").click()
    expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Code").fill(digits(secret))
    page.get_by_role("button", name="Use it from now on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    for_the_day_the_phone_is_lost = page.get_by_label("Your codes").input_value().split()

    page.goto(f"{courier.url}/sign-out")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto(f"{courier.url}/sign-in")
    page.get_by_label("Email").fill(f"joan@{DOMAIN}")
    page.get_by_label("Password").fill("a-page-a-day-1904")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_label("Code").fill(for_the_day_the_phone_is_lost[0])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Mine")).to_be_visible()


def test_a_code_that_is_wrong_is_said_beside_the_field(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(expecting="status of 4")
    page.goto(f"{courier.url}/sign-in/code")
    page.get_by_label("Email").fill(f"noor@{DOMAIN}")
    page.locator("main button[type=submit]").click()
    code = page.get_by_label("Code")
    code.fill("AAAA-BBBB")
    page.get_by_role("button", name="Sign in").click()

    expect(code).to_have_attribute("aria-invalid", "true")
    expect(code).to_have_accessible_description(re.compile("Incorrect code"))


def test_forms_keep_what_was_typed_and_say_what_is_wrong_beside_it(courier: Courier, ana: Page) -> None:
    ana.goto(f"{courier.url}/people/new")
    ana.get_by_label("Address").fill(f"noor@{DOMAIN}")
    ana.get_by_label("Name").fill("Noor the Second")
    ana.get_by_label("Time zone").fill("Mars/Olympus")
    ana.get_by_label("When they are there").fill("whenever")
    ana.get_by_role("button", name="Add them").click()

    expect(ana.get_by_label("Name")).to_have_value("Noor the Second")
    for label, complaint in (
        ("Address", "Somebody with this address is here already."),
        ("Time zone", "Mars/Olympus"),
        ("When they are there", "Write it like"),
    ):
        expect(ana.get_by_label(label)).to_have_attribute("aria-invalid", "true")
        expect(ana.get_by_label(label)).to_have_accessible_description(re.compile(complaint))


def test_a_reply_outlives_the_session_it_was_written_in(courier: Courier, ana: Page) -> None:
    courier.open(ana, "You misspelt my father's name")
    ana.get_by_label("Your reply to Rosa Delgado").fill("Dear Rosa, this took an hour to write.")
    cookies = ana.context.cookies()
    ana.context.clear_cookies()
    ana.get_by_role("button", name="Send to Rosa Delgado").click()

    expect(ana.get_by_role("heading", name="This page was open too long")).to_be_visible()
    expect(ana.get_by_label("What you wrote")).to_have_value("Dear Rosa, this took an hour to write.")
    ana.context.add_cookies(cookies)  # type: ignore[arg-type]
    courier.open(ana, "You misspelt my father's name")
    expect(ana.get_by_label("Your reply to Rosa Delgado")).to_contain_text("Dear Rosa, this took an hour to write.")


def test_whoever_chose_no_time_zone_reads_in_the_one_of_their_browser(
    courier: Courier, visit: Callable[..., Page]
) -> None:
    teo = visit()
    teo.add_init_script(IN_TOKYO)
    with teo.expect_response("**/profile/time-zone"):
        courier.sign_in(teo, "teo")
    teo.goto(f"{courier.url}/profile")
    expect(teo.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    expect(teo.get_by_text("You read all times as in Asia/Tokyo")).to_be_visible()


def test_an_open_page_leaves_when_its_reader_is_let_go(courier: Courier, ana: Page, visit: Callable[..., Page]) -> None:
    # The stream ends, and the browser may ask for it once more.
    yuki = visit(expecting="status of 401")
    courier.sign_in(yuki, "yuki")
    courier.open(yuki, "Your card game goes ffffppfftfpffff")
    expect_listening(yuki)
    ana.goto(f"{courier.url}/people")
    ana.get_by_role("link", name="Yuki Tanaka").first.click()
    ana.wait_for_url(re.compile(r"/people/\d+"))
    ana.goto(f"{ana.url}/disabling")
    ana.get_by_role("button", name="Sign them out for good").click()

    yuki.wait_for_url(re.compile("/sign-in"), timeout=5_000)


def test_a_restart_costs_neither_session_nor_draft_nor_the_connection(
    courier: Courier, visit: Callable[..., Page]
) -> None:
    page = visit(expecting="ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|status of 503|_EMPTY_")
    courier.sign_in(page)
    courier.open(page, "Holiday from the 20th")
    page.get_by_label("Your reply to Mai Nguyen").fill("Dear Mai, the dog")
    expect(page.locator("html")).to_have_attribute("data-live-state", "listening")

    courier.restart()

    page.get_by_role("button", name="Send to Mai Nguyen").click()
    expect(page.get_by_role("article", name="Message from Ana Silva")).to_contain_text(
        "Dear Mai, the dog", timeout=20_000
    )
    expect(page.locator("html")).to_have_attribute("data-live-state", "listening", timeout=15_000)


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/nothing-here", "There is nothing here"),
        ("/conversations/999999", "There is nothing here"),
        ("/conversations/1/replies", "Not this way"),
    ],
)
def test_a_wrong_address_is_answered_kindly(courier: Courier, ana: Page, path: str, heading: str) -> None:
    ana.goto(courier.url + path)

    expect(ana.get_by_role("heading", name=heading)).to_be_visible()
    ana.get_by_role("link", name="Go to the inbox").click()
    expect(ana.get_by_role("heading", name="Mine")).to_be_visible()


def test_what_is_for_administrators_says_so(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(expecting="status of 403")
    courier.sign_in(page, "carla")
    page.goto(f"{courier.url}/people/new")

    expect(page.get_by_role("heading", name="This is not open to you")).to_be_visible()
