"""What goes out by HTTP never reaches our own network, whatever the address looks like."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest

from everyhand.core import safe_http
from everyhand.core.safe_http import AnswerTooLarge, IPAddress, NotAllowed, SafeTransport
from tests.channels.email.door import make_certificate

Resolve = Callable[[str, int], Sequence[IPAddress]]


def names(**addresses: str) -> Resolve:
    """A DNS with these names only; several addresses are divided by blanks."""

    def resolve(host: str, port: int) -> list[IPAddress]:
        if host.replace(".", "_") in addresses:
            return [ip_address(one) for one in addresses[host.replace(".", "_")].split()]
        return safe_http.resolve(host, port)  # numbers

    return resolve


class Provider(BaseHTTPRequestHandler):
    asked: list[str]
    timeout = 10  # for one who connects and says nothing

    def do_GET(self) -> None:
        type(self).asked.append(f"{self.headers['Host']} {self.path}")
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "https://169.254.169.254/latest/meta-data")
            self.end_headers()
            return
        body = b"x" * (2_000_000 if self.path == "/huge" else 5)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/packed":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            return  # who asked has heard enough

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"), "login.provider.test")


@pytest.fixture
def provider(certificate: Path) -> Iterator[HTTPServer]:
    Provider.asked = []
    server = HTTPServer(("127.0.0.1", 0), Provider)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(certificate: Path) -> Iterator[httpx.Client]:
    """Trusts the provider, who for once is on this machine."""
    transport = SafeTransport(
        resolve=names(login_provider_test="127.0.0.1", other_test="127.0.0.1"),
        allowed=lambda address: address == ip_address("127.0.0.1"),
        verify=ssl.create_default_context(cafile=str(certificate)),
    )
    with safe_http.client(transport) as client:
        yield client


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0",
        "localhost",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[::127.0.0.1]",
        "inside.test",
        "both.test",
    ],
)
def test_an_address_of_our_own_network_is_never_connected_to(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_arguments: object, **_more: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket, "create_connection", connect)
    transport = SafeTransport(resolve=names(inside_test="10.1.2.3", both_test="93.184.216.34 127.0.0.1"))
    with safe_http.client(transport) as client, pytest.raises(NotAllowed):
        client.get(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://login.provider.test/",
        "ftp://login.provider.test/",
        "https://login.provider.test:25/",
        "https://login.provider.test:22/",
        "https://somebody:secret@login.provider.test/",
    ],
)
def test_only_plain_https_is_asked(client: httpx.Client, url: str) -> None:
    with pytest.raises((NotAllowed, httpx.UnsupportedProtocol)):
        client.get(url)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_the_internet_is_allowed(address: str) -> None:
    assert safe_http.is_public(ip_address(address))


def test_the_connection_goes_to_the_address_that_was_checked(client: httpx.Client, provider: HTTPServer) -> None:
    """The name is resolved once: what it means a moment later does not count (DNS rebinding)."""
    answer = client.get(f"https://login.provider.test:{provider.server_port}/token")

    assert (answer.status_code, answer.text) == (200, "xxxxx")
    assert Provider.asked == [f"login.provider.test:{provider.server_port} /token"]


def test_a_redirect_is_not_followed(client: httpx.Client, provider: HTTPServer) -> None:
    assert client.get(f"https://login.provider.test:{provider.server_port}/away").status_code == 302


def test_a_certificate_for_another_name_is_not_accepted(client: httpx.Client, provider: HTTPServer) -> None:
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        client.get(f"https://other.test:{provider.server_port}/")


@pytest.mark.parametrize("path", ["/huge", "/packed"])
def test_an_answer_that_grows_too_long_is_cut_off(client: httpx.Client, provider: HTTPServer, path: str) -> None:
    with pytest.raises(AnswerTooLarge):
        client.get(f"https://login.provider.test:{provider.server_port}{path}")


def test_a_name_nobody_has_is_a_failure_to_connect() -> None:
    def nobody(host: str, port: int) -> Sequence[IPAddress]:
        raise socket.gaierror(host, port)

    with safe_http.client(SafeTransport(resolve=nobody)) as client, pytest.raises(httpx.ConnectError):
        client.get("https://nowhere.test/")
