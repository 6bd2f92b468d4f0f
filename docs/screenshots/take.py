"""Takes the pictures of the documentation: the demo company in the running program, seen through a real browser.

make screenshots
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from tests.servers.browser import DESK, PHONE, Scheme, Visit, open_browser
from tests.servers.everyhand import RunningEveryhand

FOLDER: Final = Path(__file__).parent
LARGEST: Final = 200_000  # bytes of a picture; whoever clones the project carries them all
WHO: Final = "ana@riverside-courier.example"


@dataclass(frozen=True)
class Picture:
    """One file: `address` is a path, or the subject of the conversation to open."""

    name: str
    address: str
    width: int = DESK
    scheme: Scheme = "light"


PICTURES: Final = (
    Picture("inbox-desk-light", "/inbox/everyone"),
    Picture("inbox-phone-light", "/inbox/everyone", width=PHONE),
    Picture("conversation-desk-light", "No paper again"),
    Picture("conversation-phone-dark", "No paper again", width=PHONE, scheme="dark"),
    Picture("ownership-map-desk-dark", "/ownership-map", scheme="dark"),
)


def main() -> None:
    """Take them all. Raises AssertionError when the browser complains or a picture is too large."""
    everyhand = RunningEveryhand()
    try:
        everyhand.start("--with-demo")
        numbers = conversations(everyhand)
        with open_browser() as browser:
            for picture in PICTURES:
                take(picture, everyhand, browser, numbers)
    finally:
        everyhand.dispose()


def conversations(everyhand: RunningEveryhand) -> dict[str, int]:
    """The number of each conversation, by its subject."""
    lines = [json.loads(line) for line in everyhand.run("list", "--json").splitlines()]
    return {line["subject"]: line["conversation"] for line in lines}


def take(picture: Picture, everyhand: RunningEveryhand, browser: Browser, numbers: dict[str, int]) -> None:
    window = Visit(browser, width=picture.width, scheme=picture.scheme)
    sign_in(everyhand, window.page)
    number = numbers.get(picture.address)
    window.page.goto(everyhand.url + (f"/conversations/{number}" if number else picture.address))
    window.page.evaluate("document.fonts.ready")
    path = FOLDER / f"{picture.name}.png"
    window.page.screenshot(path=path, animations="disabled", caret="hide")
    window.close()
    size = path.stat().st_size
    if size > LARGEST:
        raise AssertionError(f"{path.name} has {size:,} bytes; {LARGEST:,} are the most.")
    sys.stdout.write(f"{path.name}: {size:,} bytes\n")


def sign_in(everyhand: RunningEveryhand, page: Page) -> None:
    page.goto(everyhand.run("signin-link", WHO).strip())
    page.get_by_role("button", name=re.compile("Sign in")).click()
    page.wait_for_url(re.compile("/inbox/"))


if __name__ == "__main__":
    main()
