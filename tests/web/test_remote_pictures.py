"""Pictures from outside: fetched by us when a reader asks, never by the reader's browser, and only real ones."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from everyhand.conversations import remote_pictures
from everyhand.conversations.models import Message, RemotePicture
from everyhand.core import safe_http
from tests.web.house import House, arrives, browser_of

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
SHOP = "https://shop.example"

Answer = Callable[[httpx.Request], httpx.Response]


def letter(*paths: str) -> Message:
    return arrives(html="".join(f'<img src="{SHOP}{path}">' for path in paths)).message


def fetch(message: Message, answer: Answer) -> dict[str, tuple[str, bytes]]:
    mocked = httpx.MockTransport(answer)
    assert remote_pictures.fetch(message, at=timezone.now(), client=lambda: safe_http.client(mocked))
    return remote_pictures.known(message)


def test_a_picture_is_fetched_once_and_tells_nothing_about_the_reader(house: House) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert not connection.in_atomic_block or threading.current_thread().name.startswith("pictures")
        asked.append(request)
        return httpx.Response(200, content=PNG, headers={"Set-Cookie": "who=ana", "Content-Type": "text/html"})

    message = letter("/logo.png", "/logo.png", "/other.png")
    assert set(fetch(message, answer).values()) == {("image/png", PNG)}
    fetch(message, answer)
    assert sorted(str(one.url) for one in asked) == [f"{SHOP}/logo.png", f"{SHOP}/other.png"]
    assert not any(name in one.headers for one in asked for name in ("Cookie", "Referer", "Origin", "Authorization"))


def test_what_is_no_picture_is_none_whatever_it_says(house: House) -> None:
    bodies = {
        "/a.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "/b.png": b"<!doctype html><script>alert(1)</script>",
        "/c.png": b"",
        "/d.png": PNG,
    }

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=bodies[request.url.path], headers={"Content-Type": "image/png"})

    assert list(fetch(letter(*bodies), answer)) == [f"{SHOP}/d.png"]


def test_one_that_fails_costs_the_others_nothing_and_is_asked_for_again(house: House) -> None:
    broken = {"/lost.png"}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path in broken:
            raise httpx.ConnectError("no such server")
        return httpx.Response(200, content=PNG) if request.url.path != "/gone.png" else httpx.Response(404)

    message = letter("/lost.png", "/gone.png", "/there.png")
    assert list(fetch(message, answer)) == [f"{SHOP}/there.png"]
    broken.clear()
    assert list(fetch(message, answer)) == [f"{SHOP}/lost.png", f"{SHOP}/there.png"]


def test_a_redirect_is_followed_a_few_times_and_an_open_address_is_asked_encrypted(house: House) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.scheme == "https"
        hops = int(request.url.path.strip("/"))
        return httpx.Response(302, headers={"Location": f"/{hops - 1}"}) if hops else httpx.Response(200, content=PNG)

    message = arrives(html=f'<img src="http://shop.example/3"><img src="{SHOP}/9">').message
    assert list(fetch(message, answer)) == ["http://shop.example/3"]


@pytest.mark.parametrize(
    "address",
    ["https://127.0.0.1/x.png", "https://[::1]/x.png", "https://169.254.169.254/x.png", "http://10.0.0.1/x.png"],
)
def test_nothing_is_fetched_from_our_own_network(house: House, address: str) -> None:
    message = arrives(html=f'<img src="{address}">').message
    assert remote_pictures.fetch(message, at=timezone.now())
    assert not RemotePicture.objects.exists()


def test_only_so_much_is_fetched_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_pictures, "BYTES_AT_MOST", len(PNG) * 2)
    monkeypatch.setattr(remote_pictures, "PICTURES_AT_MOST", 3)
    message = letter(*(f"/{number}.png" for number in range(9)))
    assert len(fetch(message, lambda _request: httpx.Response(200, content=PNG))) == 2


def test_too_many_at_once_are_asked_to_come_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_pictures, "_turns", threading.BoundedSemaphore(1))
    remote_pictures._turns.acquire()
    try:
        assert not remote_pictures.fetch(letter("/a.png"), at=timezone.now())
    finally:
        remote_pictures._turns.release()


def test_the_reader_asks_and_sees_them_inside_the_frame(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    mocked = httpx.MockTransport(lambda _request: httpx.Response(200, content=PNG))
    fetch_here = remote_pictures.fetch
    monkeypatch.setattr(
        remote_pictures,
        "fetch",
        lambda message, *, at: fetch_here(message, at=at, client=lambda: safe_http.client(mocked)),
    )
    message = letter("/logo.png")
    browser = browser_of(house.ana)
    assert "data:image/png" not in browser.get(f"/messages/{message.pk}/html").content.decode()

    shown = browser.post(f"/messages/{message.pk}/pictures", follow=True)

    assert "data:image/png;base64," in shown.content.decode()
    assert "shop.example" not in shown.content.decode()
    assert "img-src data:;" in shown.headers["Content-Security-Policy"]
