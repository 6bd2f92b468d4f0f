"""Forms that reach the web process at one moment: each has been looked at before any of them may write."""

from __future__ import annotations

import http.client
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import psycopg
from django.conf import settings
from django.utils.crypto import get_random_string

from everyhand.people.models import Member
from tests.web.live.company import Company

SECONDS: Final = 30.0  # for an answer
TOKEN: Final = get_random_string(32)  # of each form, and in each cookie, as Django compares them
_WAIT_FOR_A_LOCK: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@dataclass(frozen=True)
class Answer:
    status: int
    leads_to: str
    text: str


@dataclass(frozen=True)
class Form:
    """What somebody sends; whoever is None is not signed in."""

    who: Member | None
    path: str
    fields: Mapping[str, object]


def form(who: Member | None, path: str, **fields: object | Sequence[object]) -> Form:
    return Form(who, path, fields)


def at_once(company: Company, *forms: Form, table: str = "conversations_conversation") -> list[Answer]:
    """The answers to these forms. While they arrive nobody can write to `table` (on SQLite: to anything), though
    everybody can read it; when all of them wait for that, they go on together.
    """
    cookies = [company.sign_in(one.who) if one.who else "" for one in forms]
    with ThreadPoolExecutor(len(forms)) as people:
        with _nobody_writes(company, table, until_waiting=len(forms)):
            sent = [people.submit(_send, company.port, one, cookie) for one, cookie in zip(forms, cookies, strict=True)]
        answers = [one.result(SECONDS) for one in sent]
    assert 500 not in {one.status for one in answers}, (company.data / "web.log").read_text()[-6000:]
    return answers


@contextmanager
def _nobody_writes(company: Company, table: str, *, until_waiting: int) -> Iterator[None]:
    if company.database_url:
        with psycopg.connect(company.database_url) as other, psycopg.connect(company.database_url) as watch:
            other.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE".encode())
            yield
            until = time.monotonic() + 5
            while watch.execute(_WAIT_FOR_A_LOCK).fetchall()[0][0] < until_waiting and time.monotonic() < until:
                watch.rollback()
                time.sleep(0.02)
    else:
        database = sqlite3.connect(company.data / "everyhand.sqlite3", isolation_level=None)
        try:
            database.execute("BEGIN IMMEDIATE")
            yield
            time.sleep(0.4)  # it does not tell who waits; a slow machine only makes it an easier test
        finally:
            database.execute("ROLLBACK")
            database.close()


def _send(port: int, sent: Form, session: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        cookies = {settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: TOKEN}
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items() if value),
        }
        connection.request(
            "POST", sent.path, urlencode({"csrfmiddlewaretoken": TOKEN, **sent.fields}, doseq=True), headers
        )
        response = connection.getresponse()
        return Answer(response.status, response.headers.get("location", ""), response.read().decode())
    finally:
        connection.close()
