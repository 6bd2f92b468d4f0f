"""Somebody who works here, with a browser: one connection that stays open, a real session, and its cookies."""

from __future__ import annotations

import gzip
import http.client
import re
from datetime import timedelta
from time import perf_counter
from typing import Final
from urllib.parse import urlencode

from django.utils import timezone

from bench.server import HOST
from everyhand.people import actions as people
from everyhand.people.models import Member

FORM: Final = "application/x-www-form-urlencoded"
AFTER_A_PAUSE: Final = 15.0  # seconds


class Reader:
    """Signed in at the server on `port` by a link, as `everyhand signin-link` makes them."""

    def __init__(self, member: Member, port: int) -> None:
        self.member = member
        self._connection = http.client.HTTPConnection(HOST, port, timeout=60)
        self._cookies: dict[str, str] = {}
        self._asked_at = perf_counter()
        token = people.make_sign_in_link(member, at=timezone.now(), valid_for=timedelta(minutes=10))
        self._token = ""
        self.read(f"/sign-in/{token}")
        self.send(f"/sign-in/{token}")

    @property
    def cookies(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def read(self, address: str) -> str:
        """The page there."""
        page = self._ask("GET", address, None).decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        self._token = found[1] if found else self._token
        return page

    def send(self, address: str, **typed: str) -> None:
        """A form of the page that was read last."""
        self._ask("POST", address, urlencode({"csrfmiddlewaretoken": self._token, **typed}))

    def time_of_reading(self, address: str) -> float:
        """Seconds until all of the page is here."""
        began = perf_counter()
        self._ask("GET", address, None)
        return perf_counter() - began

    def time_of_sending(self, address: str, **typed: str) -> float:
        began = perf_counter()
        self.send(address, **typed)
        return perf_counter() - began

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, address: str, body: str | None) -> bytes:
        if perf_counter() - self._asked_at > AFTER_A_PAUSE:
            self._connection.close()  # the server has, or is about to; asking opens another
        self._asked_at = perf_counter()
        headers = {"Cookie": self.cookies, "Accept-Encoding": "gzip"}
        if body is not None:
            headers["Content-Type"] = FORM
        self._connection.request(method, address, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        if answer.status not in (200, 302, 303):
            raise RuntimeError(f"{answer.status} instead of {method} {address}")
        return gzip.decompress(content) if answer.headers.get("Content-Encoding") == "gzip" else content
