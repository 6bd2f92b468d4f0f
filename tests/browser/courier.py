"""The Riverside Courier in the running program: its pages, and colleagues who are signed in."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.servers.everyhand import RunningEveryhand
from tests.whole.company import ask

DOMAIN = "riverside-courier.example"
HELP = f"help@{DOMAIN}"
ROW = ".conversation-row"


class Courier(RunningEveryhand):
    """An Everyhand with the demo company in it."""

    def __init__(self, *, cluster_url: str | None) -> None:
        super().__init__(cluster_url=cluster_url)
        self._cookies: dict[str, Any] = {}
        self.start("--with-demo")

    def sign_in(self, page: Page, who: str = "ana") -> None:
        """Put somebody at this window: the first time with a link from the shell, then with the cookies it gave."""
        if who not in self._cookies:
            page.goto(self.run("signin-link", f"{who}@{DOMAIN}").strip())
            page.get_by_role("button", name=re.compile("^Sign in")).click()
            page.wait_for_url(re.compile("/inbox/"))
            self._cookies[who] = page.context.cookies()
        page.context.add_cookies(self._cookies[who])

    def conversation(self, subject: str) -> str:
        """The path of the newest conversation with this subject."""
        quoted = subject.replace("'", "''")
        ((number,),) = ask(self, f"SELECT max(id) FROM conversations_conversation WHERE subject = '{quoted}'")  # noqa: S608
        assert number, subject
        return f"/conversations/{number}"

    def open(self, page: Page, subject: str) -> None:
        """Show a conversation of the demo, as a link from a colleague would."""
        page.goto(self.url + self.conversation(subject))


def overflow(page: Page) -> int:
    """How many pixels of the page stand out at its side."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def expect_listening(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("data-live-state", "listening", timeout=15_000)
