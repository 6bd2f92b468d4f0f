"""What somebody sees in a browser: from a key to the page it opens, from a mail to the row it makes, and what a hundred
open desks take.

The browser is Debian's Chromium, driven by Playwright, which is no part of the program.
"""

from __future__ import annotations

import random
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from bench.bringing import Envelope, Sender, ready_to_send
from bench.figures import Figure, of_times
from bench.letters import letters_of
from bench.living import Pages
from bench.measuring import percentile
from bench.reader import Reader
from bench.server import HOST, Server
from everyhand.people.models import Member, Role

if TYPE_CHECKING:
    from playwright.sync_api import Page

DESKS: Final = 100
REST: Final = 300  # milliseconds
PATIENCE: Final = 30.0  # seconds
_ROWS: Final = """() => [...document.querySelectorAll(".conversation-row")]
  .map((row) => row.id + row.querySelector("p").textContent).join()"""
_LISTENS: Final = "() => document.documentElement.dataset.liveState === 'listening'"
# When a key was pressed and when the words of the page that it opens were painted, in milliseconds of the clock of all
# documents: the heading and the last words under it that are in view. Whether a new document is loaded or not.
_WATCHED: Final = """(() => {
  const times = {};
  addEventListener("keydown", (event) => {
    for (const name in times) delete times[name];
    sessionStorage.setItem("pressed", performance.timeOrigin + event.timeStamp);
  }, true);
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) times[one.identifier] ??= performance.timeOrigin + one.renderTime;
  }).observe({ type: "element" });
  const mark = (selector, name) => {
    const unmarked = document.querySelectorAll(`${selector}:not([elementtiming])`);
    for (const words of unmarked) words.setAttribute("elementtiming", name);
  };
  new MutationObserver(() => {
    mark("main h1", "heading");
    mark("main .message__text, main .conversation-row h3 a, main [data-word]", "words");
  }).observe(document, { childList: true, subtree: true });
  const isSeen = (words) => words && words.getBoundingClientRect().bottom > 0;
  window.painted = () => times.words && (times.heading || !isSeen(document.querySelector("main h1")))
    ? Math.max(times.heading ?? 0, times.words) - Number(sessionStorage.getItem("pressed")) : 0;
})()"""
# A word is fetched and put in place of the page: the least that anything costs that a key fetches.
_ONE_WORD: Final = """() => addEventListener("keydown", async () => {
  const word = await (await fetch("/healthz")).text();
  document.querySelector("main").innerHTML = "<h1></h1><p data-word></p>";
  for (const place of document.querySelectorAll("main > *")) place.textContent = word;
}, { once: true })"""
_PAINTED: Final = "() => painted()"
_LOADED: Final = """() => performance.getEntriesByType("resource")
  .filter((one) => /\\.(js|css)(\\?|$)/.test(one.name)).reduce((sum, one) => sum + one.encodedBodySize, 0)"""


def measured(server: Server, times: int) -> Iterator[Figure]:
    """Nothing, where there is no browser to measure with; that is said."""
    reader = Reader(Member.objects.filter(role=Role.SPECIALIST).order_by("pk")[0], server.web)
    coming = islice(letters_of(random.Random(), public=True), 10 * times)  # noqa: S311 (new mails each time)
    answers = [one for one in coming if "+" in one.envelope_to[0]]  # to the address of a conversation
    # Before the browser, in whose thread there is a loop: Django asks no database beside one.
    letters = [ready_to_send(one) for one in answers[: max(times // 10, 2)]]
    with _window(reader, server.web) as page:
        if page is not None:
            yield from _opening(page, server.web, times)
            yield _arriving(page, server, letters)
    with closing(Pages(server.web, DESKS)):
        time.sleep(1)
        yield Figure(f"memory of all processes, {DESKS} desks open", "MB", server.memory / 1_000_000, note="300")
    reader.close()


def _opening(page: Page, port: int, times: int) -> Iterator[Figure]:
    """From the key that opens a row of the inbox until its conversation is painted, and back again.

    A key is pressed once the page rests and listens, as somebody who has read it would.
    """
    opened: list[float] = []
    back: list[float] = []
    page.goto(f"http://{HOST}:{port}/inbox/everyone", wait_until="load")
    loaded = page.evaluate(_LOADED)
    for number in range(times + 1):
        rows = page.locator(".conversation-row a[href^='/conversations/']")
        row = rows.nth(number % rows.count()).element_handle()  # which stays the same wherever it leads
        row.focus()
        opened.append(_painted_after(page, "Enter"))
        back.append(_painted_after(page, "u"))
    floors = []
    for _ in range(max(times // 5, 2)):
        page.goto(f"http://{HOST}:{port}/inbox/everyone", wait_until="load")
        page.evaluate(_ONE_WORD)
        floors.append(_painted_after(page, "w"))
    floor = statistics.median(floors) * 1000
    # The first one loads and compiles what the others have.
    for what, took in (
        ("a key opens a conversation, painted", opened),
        ("a key leads back to the inbox, painted", back),
    ):
        usual = took[1:] or took
        note = f"100 at p95, {percentile(usual, 95) * 1000:.0f} here"
        yield of_times(what, usual, floor=floor, note=note)
    yield Figure("script and style of the first page, as sent", "kB", loaded / 1000, note="100")


def _painted_after(page: Page, key: str) -> float:
    """Seconds from the key to the paint of the page it leads to."""
    _until(page, lambda: page.evaluate(_LISTENS))
    page.wait_for_timeout(REST)
    page.keyboard.press(key)
    page.wait_for_timeout(REST)  # whoever asks before takes time from what is measured
    return float(_until(page, lambda: page.evaluate(_PAINTED))) / 1000


def _arriving(page: Page, server: Server, letters: list[Envelope]) -> Figure:
    """From the moment at which a mail is accepted until its row stands in an open inbox, narrowed to its sender."""
    took = []
    with closing(Sender(server.smtp)) as sender:
        for letter in letters:
            page.goto(f"http://{HOST}:{server.web}/inbox/everyone?from={letter[0]}&status=any", wait_until="load")
            _until(page, lambda: page.evaluate(_LISTENS))
            before = page.evaluate(_ROWS)
            sender.send(letter)
            accepted_at = time.perf_counter()
            _until(page, partial(_differs, page, before))
            took.append(time.perf_counter() - accepted_at)
    return of_times("a mail stands in an open inbox", took, note="1,000")


def _differs(page: Page, before: Any) -> bool:
    return bool(page.evaluate(_ROWS) != before)


def _until(page: Page, happened: Callable[[], Any]) -> Any:
    """What `happened` says, once that is something."""
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at:
        if said := happened():
            return said
        page.wait_for_timeout(5)
    raise RuntimeError(f"a page did not show within {PATIENCE:g} s what it was to show")


@contextmanager
def _window(reader: Reader, port: int) -> Iterator[Page | None]:
    """A window in which the reader is signed in; None, and a word to whoever measures, where none can be opened."""
    program, playwrights = shutil.which("chromium"), find_spec("playwright")
    if program is None or playwrights is None:
        print(
            "No browser to measure in: install Chromium (on Debian: apt-get install chromium) and Playwright "
            "(pip install -e '.[dev]').",
            file=sys.stderr,
        )
        yield None
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (not everybody has it)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_init_script(_WATCHED)
        pairs = (one.partition("=") for one in reader.cookies.split("; "))
        cookies: list[Any] = [
            {"name": name, "value": value, "url": f"http://{HOST}:{port}"} for name, _equals, value in pairs
        ]
        context.add_cookies(cookies)
        yield context.new_page()
        browser.close()
