"""Takes the pictures of the documentation: the demo company in the running program, seen through a real browser.

make screenshots
"""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect

from tests.servers.browser import DESK, PHONE, Scheme, Visit, open_browser
from tests.servers.everyhand import RunningEveryhand

FOLDER: Final = Path(__file__).parent
LARGEST: Final = 120_000  # bytes of a picture; whoever clones the project carries them all
ANA, BEN = "ana@riverside-courier.example", "ben@riverside-courier.example"

# A browser writes WebP itself: a third of the bytes of a PNG, and no further program to install.
AS_WEBP: Final = """async (png) => {
  const picture = new Image();
  picture.src = "data:image/png;base64," + png;
  await picture.decode();
  const sheet = new OffscreenCanvas(picture.width, picture.height);
  sheet.getContext("2d").drawImage(picture, 0, 0);
  const blob = await sheet.convertToBlob({type: "image/webp", quality: 0.82});
  return btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (one) => String.fromCharCode(one)).join(""));
}"""


@dataclass(frozen=True)
class Answering:
    """The main job done once: on which screen, in which light, with which hands, for whom."""

    subject: str
    words: str
    width: int
    scheme: Scheme
    by_keyboard: bool

    @property
    def name(self) -> str:
        screen = "desk" if self.width == DESK else "phone"
        return f"{screen}-{self.scheme}-{'keyboard' if self.by_keyboard else 'mouse'}"


ANSWERS: Final = (
    Answering("No paper again", "I put a paper by your gate myself, and ", DESK, "light", by_keyboard=True),
    Answering("Wet paper, third letter", "From tomorrow it comes in a sleeve, and ", DESK, "dark", by_keyboard=False),
    Answering("Yesterday's crossword", "Here is today's, with our apologies, and ", PHONE, "light", by_keyboard=False),
    Answering("Gift for my sister", "It starts on her birthday, and ", PHONE, "dark", by_keyboard=True),
)
PROMISE: Final = "I will look after it until it is right."


class Studio:
    """The demo company, a browser, and the pictures taken of them."""

    def __init__(self, everyhand: RunningEveryhand, browser: Browser) -> None:
        self.everyhand, self.browser = everyhand, browser
        self._developing = browser.new_page()

    @contextmanager
    def window(
        self, width: int = DESK, scheme: Scheme = "light", *, who: str = ANA, expecting: str = ""
    ) -> Iterator[Page]:
        """A window in which somebody is signed in. Raises AssertionError at its end when the browser complained."""
        visit = Visit(self.browser, width=width, scheme=scheme, expecting=expecting)
        visit.page.goto(self.everyhand.run("signin-link", who).strip())
        visit.page.get_by_role("button", name=re.compile("Sign in")).click()
        visit.page.wait_for_url(re.compile("/inbox/"))
        yield visit.page
        visit.close()

    def path_of(self, subject: str) -> str:
        """The address of the conversation with this subject."""
        lines = [json.loads(line) for line in self.everyhand.run("list", "--json").splitlines()]
        numbers = {line["subject"]: line["conversation"] for line in lines}
        return f"{self.everyhand.url}/conversations/{numbers[subject]}"

    def take(self, page: Page, name: str) -> None:
        """Keep what the window shows now. Raises AssertionError when the picture is too large."""
        page.evaluate("document.fonts.ready")
        png = page.screenshot(animations="disabled", caret="hide")
        webp = base64.b64decode(self._developing.evaluate(AS_WEBP, base64.b64encode(png).decode()))
        if len(webp) > LARGEST:
            raise AssertionError(f"{name} has {len(webp):,} bytes; {LARGEST:,} are the most.")
        (FOLDER / f"{name}.webp").write_bytes(webp)
        sys.stdout.write(f"{name}: {len(webp):,} bytes\n")


def main() -> None:
    """Take them all. Raises AssertionError when the browser complains or a picture is too large."""
    everyhand = RunningEveryhand()
    try:
        everyhand.start("--with-demo")
        with open_browser() as browser:
            studio = Studio(everyhand, browser)
            places(studio)
            for one in ANSWERS:
                answering(studio, one)
            going_through_the_inbox(studio)
            asking_aside(studio)
            raising_hell(studio)
            two_at_one_conversation(studio)
            something_comes_in(studio)
    finally:
        everyhand.dispose()


def places(studio: Studio) -> None:
    with studio.window(scheme="dark") as page:
        page.goto(f"{studio.everyhand.url}/ownership-map")
        studio.take(page, "ownership-map-desk-dark")


def answering(studio: Studio, one: Answering) -> None:
    """From the inbox to the customer, with the hands that `one` names."""
    with studio.window(one.width, one.scheme) as page:
        page.goto(f"{studio.everyhand.url}/inbox/everyone")
        row = page.locator(".conversation-row", has_text=one.subject)
        subject = row.get_by_role("link", name=one.subject)
        if one.by_keyboard:
            while not subject.evaluate("link => link === document.activeElement"):
                page.keyboard.press("j")
        studio.take(page, f"1-inbox-{one.name}")
        if one.by_keyboard:
            page.keyboard.press("Enter")
        else:
            subject.click()
        page.wait_for_url(re.compile("/conversations/"))
        studio.take(page, f"2-conversation-{one.name}")
        if one.by_keyboard:
            page.keyboard.press("r")
        else:
            page.locator("#reply-text").focus()
        expect(page.locator("trix-editor")).to_be_focused()
        page.keyboard.type(one.words + PROMISE)
        expect(page.get_by_text("Your draft is saved.")).to_be_visible()
        page.locator("#composer").scroll_into_view_if_needed()
        studio.take(page, f"3-writing-{one.name}")
        if one.by_keyboard:
            page.keyboard.press("Control+Enter")
        else:
            page.get_by_role("button", name=re.compile("^Send to")).click()
        expect(page.locator(".toasts--undo")).to_be_visible()
        studio.take(page, f"4-on-its-way-{one.name}")


def going_through_the_inbox(studio: Studio) -> None:
    """Several at once, by keyboard: tagged, and put off."""
    with studio.window() as page:
        page.goto(f"{studio.everyhand.url}/inbox/everyone")
        for key in "jxjxt":
            page.keyboard.press(key)
        page.locator("#tag-names").fill("refund, late paper")
        studio.take(page, "tagging-desk-light")
        page.keyboard.press("Enter")
        expect(page.locator(".conversation-row .tag").first).to_be_visible()
        page.keyboard.press("Escape")
    with studio.window(PHONE, "dark") as page:
        page.goto(f"{studio.everyhand.url}/inbox/everyone")
        studio.take(page, "tags-phone-dark")


def asking_aside(studio: Studio) -> None:
    with studio.window() as page:
        path = studio.path_of("Rowing results")
        page.goto(f"{path}/asides")
        page.get_by_label("To", exact=True).fill("results@rowing-club.example")
        page.get_by_label("Subject").fill("Results of Saturday's regatta")
        page.get_by_label("Your question").fill("Could you send us the final table? Two boats are the wrong way round.")
        page.get_by_role("button", name="Ask them").click()
        page.wait_for_url(re.compile("/asides/"))
        page.goto(path)
        page.locator(".aside summary").click()
        page.locator(".aside").scroll_into_view_if_needed()
        studio.take(page, "aside-desk-light")


def raising_hell(studio: Studio) -> None:
    """Ana escalates at her desk, and Ben is paged on his phone."""
    path = studio.path_of("You misspelt my father's name")
    with studio.window() as ana, studio.window(PHONE, "dark", who=BEN) as ben:
        ana.goto(f"{path}/escalation")
        ana.get_by_label("What has happened, and what is needed").fill(
            "Ms Delgado stands at the counter with the page in her hand. She needs somebody who may correct it."
        )
        studio.take(ana, "escalating-desk-light")
        ana.get_by_role("button", name="Page them").click()
        expect(ana.get_by_text("Paged:").first).to_be_attached()
        ben.goto(path)
        expect(ben.get_by_role("button", name="I act")).to_be_in_viewport()
        studio.take(ben, "paged-phone-dark")


def two_at_one_conversation(studio: Studio) -> None:
    """Ana reads, Ben writes, and he is faster."""
    path = studio.path_of("Wer ist zuständig?")
    with studio.window(expecting="status of 409") as ana, studio.window(scheme="dark", who=BEN) as ben:
        ana.goto(path)
        ben.goto(path)
        ben.locator("#reply-text").focus()
        ben.keyboard.type("Guten Tag, ich bin zuständig und kümmere mich heute darum.")
        expect(ana.locator("[data-presence-line]")).to_contain_text("Ben Okoro")
        ana.locator("#reply-text").focus()
        ana.keyboard.type("Guten Tag, einen Augenblick bitte.")
        expect(ana.get_by_text("Your draft is saved.")).to_be_visible()
        studio.take(ana, "two-present-desk-light")
        studio.take(ben, "two-present-desk-dark")
        ben.get_by_role("button", name=re.compile("^Send to")).click()
        expect(ana.locator("#timeline")).to_contain_text("ich bin zuständig")
        studio.take(ana, "two-arrived-desk-light")
        ana.get_by_role("button", name=re.compile("^Send to")).click()
        expect(ana.locator(".stopped")).to_be_visible()
        ana.locator(".stopped").scroll_into_view_if_needed()
        studio.take(ana, "two-faster-desk-light")


def something_comes_in(studio: Studio) -> None:
    """An open inbox, before anybody touches it again."""
    with studio.window(PHONE) as page:
        page.goto(f"{studio.everyhand.url}/inbox/everyone")
        expect(page.locator("meta[name=live]")).to_be_attached()
        mail = EmailMessage()
        mail["From"], mail["To"] = "Iris Bell <iris.bell@readers.example>", "help@riverside-courier.example"
        mail["Subject"], mail["Message-ID"] = "The paper boy found my cat", "<iris-1@readers.example>"
        mail.set_content("He rang at six and had her under his coat. Whom may I thank?")
        studio.everyhand.send(mail.as_bytes(), to="help@riverside-courier.example", sender="iris.bell@readers.example")
        expect(page.locator("#inbox-list")).to_contain_text("found my cat", timeout=20_000)
        page.locator(".conversation-row", has_text="found my cat").scroll_into_view_if_needed()
        studio.take(page, "arrived-phone-light")


if __name__ == "__main__":
    main()
