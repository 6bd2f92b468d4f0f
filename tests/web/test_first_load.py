"""What a browser loads before it shows the first page stays small: 100 kB of script and style, as they travel."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest
from django.test import Client

from tests.counts import Tell
from tests.web.house import House, arrives, browser_of

LARGEST = 100_000  # bytes, gzipped (RFC 1952), as they are sent
_LINKED = re.compile(r'<(?:link rel="stylesheet" href|script [^>]*src)="([^"]+)"')
_IMPORTED = re.compile(r'(?:^|;|\s)import\s*(?:[^"\';]*?\sfrom\s*)?["\'](\.[^"\']+)["\']')


@pytest.mark.parametrize("address", ["/inbox/mine", "/search?q=paper", "/people"])
def test_the_first_page_needs_little_script_and_style(house: House, tell: Tell, address: str) -> None:
    arrives()
    browser = browser_of(house.ana)
    sizes = sizes_of(browser, browser.get(address).content.decode())

    tell(f"{sum(sizes.values()):,} bytes in {len(sizes)} files for {address}")
    assert sum(sizes.values()) < LARGEST, sizes


def test_every_kind_of_file_is_counted(house: House) -> None:
    browser = browser_of(house.ana)
    names = {name.partition("?")[0].rpartition("/")[2] for name in sizes_of(browser, page_of(browser))}

    # A sheet, a library, a module, and what a module imports.
    assert {"layout.css", "htmx.min.js", "everyhand.js", "stimulus.js"} <= names


def page_of(browser: Client) -> str:
    return browser.get("/inbox/mine").content.decode()


def sizes_of(browser: Client, page: str) -> dict[str, int]:
    """The bytes of each file that the page links to, and of each that those import, by address."""
    sizes: dict[str, int] = {}
    wanted = [address.replace("&amp;", "&") for address in _LINKED.findall(page)]
    for address in wanted:
        if address in sizes:
            continue
        packed = browser.get(address, headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip", address
        sizes[address] = len(packed.content)
        if ".js" in address:
            plain = b"".join(browser.get(address)).decode()
            wanted += [urljoin(address, found) for found in _IMPORTED.findall(plain)]
    return sizes
