"""A picture that a customer attached is seen in their message, and opens in the browser."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from struct import pack
from zlib import compress, crc32

from playwright.sync_api import Page, expect

from tests.browser.courier import HELP, Courier
from tests.whole.company import wait_until_filed

WIDTH, HEIGHT = 1200, 800


def png() -> bytes:
    """A grey picture, larger than the place it is seen in."""
    rows = (b"\0" + b"\xa0" * WIDTH) * HEIGHT
    parts = ((b"IHDR", pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)), (b"IDAT", compress(rows)), (b"IEND", b""))
    chunks = (pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data)) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_picture_is_seen_small_and_opens_whole(courier: Courier, visit: Callable[..., Page]) -> None:
    # The browser would style the page it makes of a picture, and may not: nothing is allowed there.
    ana = visit(expecting=r"default-src 'none''.*\?shown=1")
    courier.sign_in(ana)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ada Brown <ada.brown@readers.example>", HELP, "The wet paper"
    mail.set_content("See for yourself.")
    mail.add_attachment(png(), maintype="image", subtype="png", filename="wet.png")
    mail.add_attachment(b"no picture", maintype="image", subtype="png", filename="false.png")
    courier.send(mail.as_bytes(), to=HELP)
    wait_until_filed(courier)
    courier.open(ana, "The wet paper")

    seen = ana.locator(".picture img").first
    expect(seen).to_have_js_property("naturalWidth", WIDTH)
    box = seen.bounding_box()
    assert box
    assert box["width"] <= 300
    assert box["height"] <= 150
    expect(ana.locator(".picture")).to_have_count(1)
    with ana.expect_popup() as opened:
        ana.get_by_role("link", name="Look at wet.png").click()
    expect(opened.value.locator("img")).to_have_js_property("naturalWidth", WIDTH)
    expect(ana.get_by_role("link", name="false.png").last).to_have_attribute("download", "false.png")
