"""A push in a real browser: our service worker shows what comes decrypted, and opens the page when it is clicked.

A subscription takes a push service of Chromium's maker, which is out of reach here. What a service does is in
`notices/test_on_devices.py`: it takes our mail by TLS and decrypts it with keys as a browser's. From there DevTools
hands it to the worker as the browser would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Worker

from tests.browser.courier import Courier
from tests.servers.browser import Visit
from tests.servers.processes import wait_until

pytestmark = pytest.mark.once("about what a browser runs")

PUSHED = {"title": "Ada Brown", "body": "A new conversation is yours", "page": "/notices", "tag": "conversation-1"}
CLICKED = """async () => {
    const opened = [];
    /* A window is only opened for a finger on a real notification, which nobody has here. */
    self.clients.openWindow = async (page) => opened.push(page);
    self.clients.matchAll = async () => [];
    const [notification] = await self.registration.getNotifications();
    const click = new NotificationEvent("notificationclick", { notification });
    const waits = [];
    click.waitUntil = (promise) => waits.push(promise);
    self.dispatchEvent(click);
    await Promise.all(waits);
    return { opened, left: (await self.registration.getNotifications()).length };
}"""
SHOWN = """async () => (await self.registration.getNotifications()).map(
    ({ title, body, tag, data }) => ({ title, body, tag, page: data.page }))"""


@pytest.fixture
def page(whole_browser: Browser) -> Iterator[Page]:
    """A window on a desk that can show notifications."""
    window = Visit(whole_browser)
    yield window.page
    window.close()


def worker_of(courier: Courier, page: Page) -> Worker:
    page.context.grant_permissions(["notifications"], origin=courier.url)
    page.goto(f"{courier.url}/notices/settings")
    with page.context.expect_event("serviceworker") as started:
        page.evaluate("navigator.serviceWorker.register('/push-worker.js')")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    worker: Worker = started.value
    return worker


def push(courier: Courier, page: Page, what: dict[str, str]) -> None:
    """As the browser does with a push whose words it decrypted."""
    devtools = page.context.new_cdp_session(page)
    known: list[dict[str, Any]] = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda told: known.extend(told["registrations"]))
    devtools.send("ServiceWorker.enable")
    page.wait_for_function("() => true")
    delivered = {"origin": courier.url, "registrationId": known[0]["registrationId"], "data": json.dumps(what)}
    devtools.send("ServiceWorker.deliverPushMessage", delivered)


def test_what_is_pushed_is_shown_once_and_leads_to_its_page(courier: Courier, page: Page) -> None:
    courier.sign_in(page)
    worker = worker_of(courier, page)

    push(courier, page, PUSHED)
    wait_until(lambda: worker.evaluate(SHOWN) == [PUSHED], seconds=10, what="it is shown")

    again = {**PUSHED, "body": "and then they wrote again"}
    push(courier, page, again)
    wait_until(lambda: worker.evaluate(SHOWN) == [again], seconds=10, what="the newer words take its place")

    assert worker.evaluate(CLICKED) == {"opened": [f"{courier.url}/notices"], "left": 0}
