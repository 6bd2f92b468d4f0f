"""Told on devices: over real TLS to a push service of our own, which reads what was sent as a browser would."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import http_ece  # type: ignore[import-untyped]
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID

from everyhand.channels.email.models import Mailbox
from everyhand.core import safe_http
from everyhand.desk.receive import receive
from everyhand.notices import actions as notices
from everyhand.notices import encryption, push
from everyhand.notices.models import Device, Notice, PushKey, PushTelling
from everyhand.notices.push_keys import base64url
from tests.cast import HELP, NOON, Cast, letter, minutes
from tests.notices.office import Office
from tests.web.house import browser_of


class PushService:
    """A push service on this machine, and the browser that asked it for an address."""

    def __init__(self, folder: Path) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers = 201
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = b"sixteen bytes..."
        self._server = HTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._certificate = certificate(folder)
        context.load_cert_chain(self._certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"https://push.test:{self._server.server_port}"

    def subscription(self) -> dict[str, str]:
        """What a browser's PushSubscription says, as our script sends it."""
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {"endpoint": f"{self.origin}/to/ana", "p256dh": base64url(point), "auth": base64url(self._secret)}

    def client(self) -> httpx.Client:
        """Our own safe client, told where this service is and that it may go there."""
        transport = safe_http.SafeTransport(
            resolve=lambda _host, _port: [ip_address("127.0.0.1")],
            allowed=lambda _address: True,
            verify=ssl.create_default_context(cafile=str(self._certificate)),
        )
        return safe_http.client(transport)

    def read(self, body: bytes) -> dict[str, Any]:
        """As the browser decrypts it, by somebody else's code."""
        plain = http_ece.decrypt(body, private_key=self._key, auth_secret=self._secret, version="aes128gcm")
        found = json.loads(plain)
        assert isinstance(found, dict)
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(service.answers)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        return Handler


def certificate(folder: Path) -> Path:
    """A certificate for push.test with its key, in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "push.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("push.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "push.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def service(tmp_path: Path) -> Iterator[PushService]:
    made = PushService(tmp_path)
    yield made
    made.close()


@pytest.fixture
def told_ines(cast: Cast, office: Office, service: PushService) -> Notice:
    """Ines added a browser, and a conversation became hers."""
    Mailbox.objects.create(address=HELP)
    browser_of(cast.ines).post("/devices", service.subscription(), headers={"user-agent": "Firefox/130 (Android 15)"})
    receive(letter(), channel="email", at=NOON, answered_from=HELP)
    office.reacts(NOON)
    return Notice.objects.get(member=cast.ines)


def test_a_device_shows_what_happened_and_only_it_can_read_that(told_ines: Notice, service: PushService) -> None:
    push.push_due(NOON + minutes(1), client=service.client())

    ((headers, body),) = service.received
    assert service.read(body) == {
        "title": "A new conversation is yours",
        "body": "Ada Brown · Paper",
        "page": f"/conversations/{told_ines.conversation_id}",
        "tag": f"notice-{told_ines.pk}",
    }
    assert b"Ada" not in body
    assert (headers["content-encoding"], headers["ttl"]) == ("aes128gcm", "86400")
    assert PushTelling.objects.get().done_at is not None
    assert Device.objects.get().name == "Firefox, Android"


def test_the_push_service_can_prove_who_sends(told_ines: Notice, service: PushService) -> None:
    push.push_due(NOON + minutes(1), client=service.client())

    authorization = service.received[0][0]["authorization"]
    token, key = (part.partition("=")[2] for part in authorization.removeprefix("vapid ").split(", "))
    head, claims, signature = token.split(".")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpacked(key))
    numbers = [int.from_bytes(part, "big") for part in (unpacked(signature)[:32], unpacked(signature)[32:])]
    # Raises when it is not signed with the key it names.
    public.verify(utils.encode_dss_signature(*numbers), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    said = json.loads(unpacked(claims))
    assert said["aud"] == service.origin
    assert NOON.timestamp() < said["exp"] <= (NOON + timedelta(days=1)).timestamp()
    assert said["sub"].startswith(("mailto:", "https://"))
    assert key == browser_of(told_ines.member).post("/devices/key").json()["key"]


def test_the_key_is_made_once_and_lies_sealed(cast: Cast) -> None:
    keys = {browser_of(one).post("/devices/key").json()["key"] for one in (cast.ana, cast.ben)}

    assert len(keys) == 1
    assert "PRIVATE KEY" not in PushKey.objects.get().private


def test_what_was_seen_in_the_app_is_not_pushed(told_ines: Notice, service: PushService) -> None:
    notices.read(Notice.objects.all(), by=told_ines.member, at=NOON)

    push.push_due(NOON + minutes(1), client=service.client())

    assert service.received == []


def test_a_device_that_is_gone_is_forgotten(told_ines: Notice, service: PushService) -> None:
    service.answers = 410

    push.push_due(NOON + minutes(1), client=service.client())

    assert not Device.objects.exists()


def test_a_service_that_is_busy_is_asked_again_later(told_ines: Notice, service: PushService) -> None:
    service.answers = 503
    push.push_due(NOON + minutes(1), client=service.client())
    service.answers = 201
    push.push_due(NOON + minutes(1), client=service.client())
    assert len(service.received) == 1

    push.push_due(NOON + minutes(5), client=service.client())

    topics = {headers["topic"] for headers, _body in service.received}
    assert (len(service.received), len(topics)) == (2, 1)


def test_no_device_can_send_us_into_our_own_network(told_ines: Notice, service: PushService) -> None:
    Device.objects.update(endpoint=service.subscription()["endpoint"].replace("push.test", "127.0.0.1"))

    push.push_due(NOON + minutes(1))

    assert service.received == []
    assert PushTelling.objects.get().last_error == "127.0.0.1 is not a server on the internet."


@pytest.mark.parametrize(
    "wrong",
    [{"endpoint": "http://push.test/1"}, {"endpoint": ""}, {"p256dh": "AAAA"}, {"auth": "short"}, {"auth": "!"}],
)
def test_what_is_no_address_of_a_browser_is_refused_kindly(
    cast: Cast, service: PushService, wrong: dict[str, str]
) -> None:
    answer = browser_of(cast.ana).post("/devices", {**service.subscription(), **wrong}, follow=True)

    assert "This browser gave no address where it can be told." in answer.content.decode()
    assert not Device.objects.exists()


def test_a_browser_that_changes_hands_tells_only_whoever_sits_there_now(
    told_ines: Notice, cast: Cast, service: PushService
) -> None:
    browser_of(cast.ana).post("/devices", service.subscription())

    push.push_due(NOON + minutes(1), client=service.client())

    assert Device.objects.get().member == cast.ana
    assert service.received == []


def test_the_example_of_the_standard_comes_out_as_printed() -> None:
    """RFC 8291, section 5 and appendix A."""
    ours = ec.derive_private_key(
        int.from_bytes(unpacked("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    body = encryption._encrypted(
        b"When I grow up, I want to be a watermelon",
        unpacked("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        unpacked("BTBZMqHH6r4Tts7J_aSIgg"),
        ours,
        unpacked("DGv6ra1nlYgDCS1FRnbzlw"),
    )

    assert base64url(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
