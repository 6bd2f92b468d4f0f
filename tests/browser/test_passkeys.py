"""A passkey in a real browser, with a device that Chromium plays (Web Authentication, through DevTools)."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.courier import DOMAIN, Courier, overflow
from tests.servers.browser import DESK, PHONE


def give_a_device(page: Page) -> None:
    """One with a fingerprint reader, and whose finger is always on it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def named(courier: Courier) -> str:
    """The program's address by a name: a passkey belongs to a name, not to a number."""
    return courier.url.replace("127.0.0.1", "localhost")


def test_carla_adds_a_passkey_and_comes_in_with_it_alone(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit()
    give_a_device(page)
    link = courier.run("signin-link", f"carla@{DOMAIN}").strip().replace("127.0.0.1", "localhost")
    page.goto(link)
    page.get_by_role("button", name=re.compile("^Sign in")).click()
    page.wait_for_url(re.compile("/inbox/"))
    page.goto(f"{named(courier)}/profile")
    page.get_by_role("link", name="How I sign in").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("link", name="Remove Master key")).to_be_visible()
    page.goto(f"{named(courier)}/sign-out")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto(f"{named(courier)}/sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile("/inbox/"))


def test_a_device_without_the_passkey_is_told_kindly(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit()
    give_a_device(page)
    page.goto(f"{named(courier)}/sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("No passkey was given.")).to_be_visible()
    expect(page).to_have_url(re.compile("/sign-in$"))


def test_the_pages_fit_a_phone_and_a_desk(courier: Courier, visit: Callable[..., Page]) -> None:
    for width in (PHONE, DESK):
        page = visit(width=width)
        courier.sign_in(page)
        for address in ("/second-factor", "/passkeys/new", "/second-factor/app", "/people/invitations"):
            page.goto(courier.url + address)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert overflow(page) == 0, address
