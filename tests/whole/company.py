"""A running Everyhand as its people see it: its ledger, its conversations, its pages, and its clock."""

from __future__ import annotations

import json
import re
import sqlite3
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http.cookiejar import CookieJar
from typing import Any

import psycopg

from tests.servers.everyhand import RunningEveryhand

KINDS_OF_WORK = ("conversations_delivery", "email_mail", "email_systemmail")
NOTICES = "notices_mailtelling"


def ledger(everyhand: RunningEveryhand) -> dict[str, int]:
    """What became of all mail, whether it balances or not."""
    counted: dict[str, int] = json.loads(everyhand.attempt("ledger", "--json").stdout)
    return counted


def conversations(everyhand: RunningEveryhand) -> list[dict[str, Any]]:
    return [json.loads(line) for line in everyhand.run("list", "--json", "--limit", "100000").splitlines()]


def subjects(everyhand: RunningEveryhand) -> Counter[str]:
    """How many conversations there are of each subject."""
    return Counter(line["subject"] for line in conversations(everyhand))


def deliveries(everyhand: RunningEveryhand, number: int) -> dict[str, dict[str, Any]]:
    """The deliveries of everything we said in conversation `number`, by recipient."""
    messages = json.loads(everyhand.run("show", str(number), "--json"))["messages"]
    return {one["address"]: one for message in messages for one in message["deliveries"]}


def wait_until_there_are(everyhand: RunningEveryhand, number: int, *, seconds: float = 30) -> None:
    """Return once there are so many conversations."""
    counting = "SELECT count(*) FROM conversations_conversation"
    everyhand.wait_until(lambda: ask(everyhand, counting) == [(number,)], seconds=seconds, what=f"{number} opened")


def wait_until_filed(everyhand: RunningEveryhand, *, seconds: float = 120) -> None:
    """Return once no accepted mail waits any more."""
    waiting = "SELECT count(*) FROM email_mail WHERE outcome = 'pending'"
    everyhand.wait_until(lambda: ask(everyhand, waiting) == [(0,)], seconds=seconds, what="everything is filed")


def ask(everyhand: RunningEveryhand, query: str) -> list[tuple[Any, ...]]:
    """Look into its database, whatever its state."""
    if everyhand.database_url:
        with psycopg.connect(everyhand.database_url) as postgresql:
            return postgresql.execute(query.encode()).fetchall()
    sqlite = sqlite3.connect(everyhand.data / "everyhand.sqlite3", timeout=30)
    try:
        return sqlite.execute(query).fetchall()
    finally:
        sqlite.close()


def time_passes(everyhand: RunningEveryhand, time: timedelta, *, of: Sequence[str] = KINDS_OF_WORK) -> None:
    """Let all that waits wait no longer: what was due later than now, or claimed by somebody, was so `time` ago.

    Notices are not `of` it unless asked for: a test that counts letters to customers wants none to members.
    """
    seconds = time.total_seconds()
    for table in of:
        for column in ("due_at", "claimed_until"):
            earlier = (
                f"{column} - interval '{seconds} seconds'"
                if everyhand.database_url
                else f"strftime('%Y-%m-%d %H:%M:%f', {column}, '-{seconds} seconds')"
            )
            _change(
                everyhand,
                f"UPDATE {table} SET {column} = {earlier} WHERE done_at IS NULL AND quarantined_at IS NULL",  # noqa: S608
            )


def _change(everyhand: RunningEveryhand, statement: str) -> None:
    if everyhand.database_url:
        with psycopg.connect(everyhand.database_url) as postgresql:
            postgresql.execute(statement.encode())
        return
    sqlite = sqlite3.connect(everyhand.data / "everyhand.sqlite3", timeout=30)
    try:
        with sqlite:
            sqlite.execute(statement)
    finally:
        sqlite.close()


@dataclass(frozen=True)
class Page:
    """What the web server answered in the end, after any redirects."""

    status: int
    text: str


class Member:
    """Somebody signed in, by the link that `everyhand signin-link` prints, with nothing but HTTP."""

    def __init__(self, everyhand: RunningEveryhand) -> None:
        self._everyhand = everyhand
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        link = everyhand.run("signin-link").strip().removeprefix(everyhand.url)
        assert self.send(link, page=link).status == 200

    def open(self, path: str, *, seconds: float = 60) -> Page:
        return self._fetch(path, None, seconds)

    def send(self, path: str, *, page: str, **fields: str) -> Page:
        """Fill in the form on `page` that goes to `path`, and send it."""
        shown = self.open(page).text
        hidden = {name: _hidden(shown, name) for name in ("csrfmiddlewaretoken", "seen")}
        return self._fetch(path, urllib.parse.urlencode({**hidden, **fields}).encode(), 60)

    def answer(self, number: int, text: str) -> None:
        page = f"/conversations/{number}"
        assert self.send(f"{page}/replies", page=page, text=text).status == 200

    def _fetch(self, path: str, form: bytes | None, seconds: float) -> Page:
        try:
            with self._browser.open(self._everyhand.url + path, form, timeout=seconds) as response:
                return Page(response.status, response.read().decode())
        except urllib.error.HTTPError as refused:
            with refused:
                return Page(refused.code, refused.read().decode())


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return found[1] if found else ""
