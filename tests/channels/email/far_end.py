"""A real mail server on the other side, with the moods of real ones."""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from django.conf import settings


@dataclass
class Received:
    """A letter that arrived."""

    sender: str
    recipients: list[str]
    raw: bytes
    encrypted: bool
    signed_in_as: str


@dataclass
class Moods:
    """How the server behaves: replies by recipient, to the data, or breaking off."""

    recipients: dict[str, str] = field(default_factory=dict)
    mail: str = ""
    data: str = ""
    hang_up_in_data: bool = False
    hang: bool = False


class FarEnd:
    """A server on 127.0.0.1. `received` is what it took; change `moods` at any time."""

    def __init__(
        self,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        password: str = "",
        smtputf8: bool = True,
    ) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.moods = Moods()
        self.port = port
        self._tls = tls
        self._options: dict[str, Any] = {"enable_SMTPUTF8": smtputf8, "hostname": "far.test"}
        if password:
            self._options |= {"authenticator": _checker(password), "auth_required": True, "auth_require_tls": False}
        if starttls:
            self._options |= {"tls_context": starttls, "require_starttls": True}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> FarEnd:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        def make() -> SMTP:
            with warnings.catch_warnings():
                # It warns about passwords that are asked for without encryption; some servers do that.
                warnings.simplefilter("ignore", UserWarning)
                return SMTP(self, loop=self._loop, **self._options)

        return await self._loop.create_server(make, "127.0.0.1", self.port, ssl=self._tls)

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def handle_EHLO(  # noqa: N802 (aiosmtpd names it)
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, offers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return offers

    async def handle_MAIL(  # noqa: N802 (aiosmtpd names it)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.moods.mail:
            return self.moods.mail
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 ok"

    async def handle_RCPT(  # noqa: N802 (aiosmtpd names it)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if mood := self.moods.recipients.get(address):
            return mood
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.moods.hang:
            await asyncio.sleep(3600)
        if self.moods.hang_up_in_data:
            assert server.transport is not None
            server.transport.close()
            return "421 never heard"
        if self.moods.data:
            return self.moods.data
        assert isinstance(envelope.original_content, bytes)
        self.received.append(
            Received(
                envelope.mail_from or "",
                envelope.rcpt_tos,
                envelope.original_content,
                encrypted=session.ssl is not None,
                signed_in_as=getattr(session.auth_data, "login", b"").decode(),
            )
        )
        return "250 2.0.0 queued as 4711"


Start = Callable[..., FarEnd]


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a server and set it as ours; `at` is the start of its address, "smtp://" unless said otherwise."""
    with ExitStack() as running:

        def start(at: str = "smtp://", **options: object) -> FarEnd:
            far_end = FarEnd(**options).start()  # type: ignore[arg-type]
            running.callback(far_end.stop)
            use(monkeypatch, f"{at}127.0.0.1:{far_end.port}")
            return far_end

        yield start


def use(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "mail_url", urlsplit(url) if url else None)


def _checker(password: str) -> Any:
    def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, claim: Any) -> AuthResult:
        assert isinstance(claim, LoginPassword)
        return AuthResult(success=claim.password.decode() == password, handled=False, auth_data=claim)

    return check
