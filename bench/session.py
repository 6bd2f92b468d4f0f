"""A browser without a window: one connection that stays open, its cookies, and the forms of the pages it reads."""

from __future__ import annotations

import gzip
import http.client
import re
from collections.abc import Mapping
from time import perf_counter
from typing import Final
from urllib.parse import urlencode

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bench.server import HOST

FORM: Final = "application/x-www-form-urlencoded"
AFTER_A_PAUSE: Final = 15  # seconds
PATIENCE: Final = 120.0  # seconds for one answer
# All but the first of a choice, which is sent when none is chosen, and those that are. Some desks offer every customer
# there is in each form, and reading so many takes longer than what is timed.
NOT_CHOSEN: Final = re.compile(r"(?<=</option>)(?:\s*<option(?![^>]*\bselected)[^>]*>[^<]*</option>)+", re.IGNORECASE)


class Session:
    """With the server on `port`. Any answer but a page or a redirection raises RuntimeError."""

    def __init__(self, port: int) -> None:
        self._site = f"http://{HOST}:{port}"
        self._connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
        self._cookies: dict[str, str] = {}
        self._read_last = "/"
        self._asked_at = perf_counter()

    @property
    def cookies(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def read(self, address: str) -> str:
        """The page there."""
        page = self.ask("GET", address).decode(errors="replace")
        self._read_last = address
        return page

    def send(self, address: str, typed: Mapping[str, str]) -> str:
        """A form, and what is answered at once; where that sends us is not looked at."""
        return self.ask("POST", address, urlencode(typed).encode(), {"Content-Type": FORM}).decode(errors="replace")

    def ask(self, method: str, address: str, body: bytes | None = None, more: Mapping[str, str] | None = None) -> bytes:
        """The content of the answer."""
        if perf_counter() - self._asked_at > AFTER_A_PAUSE:
            self._connection.close()  # the server has, or is about to; asking opens another
        self._asked_at = perf_counter()
        headers = {"Accept-Encoding": "gzip", "Referer": self._site + self._read_last, **(more or {})}
        if self._cookies:
            headers["Cookie"] = self.cookies
        self._connection.request(method, address, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        if answer.status not in (200, 302, 303):
            raise RuntimeError(f"{answer.status} instead of {method} {address}")
        return gzip.decompress(content) if answer.headers.get("Content-Encoding") == "gzip" else content

    def close(self) -> None:
        self._connection.close()


def form_with(field: str, page: str) -> dict[str, str]:
    """What a browser would send of the first form that has this field, as long as nobody has typed anything. Raises
    LookupError when no form has it.
    """
    for form in LexborHTMLParser(NOT_CHOSEN.sub("", page)).css("form"):
        fields = form.css("input[name], select[name], textarea[name]")
        if any(one.attributes["name"] == field for one in fields):
            filled = ((one.attributes["name"] or "", _value(one)) for one in fields)
            return {name: value for name, value in filled if value is not None}
    raise LookupError(f"no form of the page has a field {field}")


def _value(field: LexborNode) -> str | None:
    """None: it would not be sent."""
    if field.tag == "textarea":
        return field.text()
    if field.tag == "select":
        options = field.css("option")
        chosen = [one for one in options if "selected" in one.attributes] or options[:1]
        return (chosen[0].attributes.get("value") or "") if chosen else None
    kind = field.attributes.get("type")
    if kind in ("submit", "button", "image", "file") or (
        kind in ("checkbox", "radio") and "checked" not in field.attributes
    ):
        return None
    return field.attributes.get("value") or ""
