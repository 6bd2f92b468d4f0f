"""One SMTP connection: aiosmtpd's protocol, made strict about where a mail ends and generous about its lines.

What differs from aiosmtpd's own class, and why:

- Real mail has lines of up to megabytes (RFC 5321 section 4.5.3.1.6 says 1000 octets), so the limit is `Limits.line`.
- The idle timeout starts again with whatever arrives of a mail, not only with commands, so that a slow link may send a
  big one.
- Addresses are read by one linear expression instead of the parser of message headers, which hostile input can make
  recurse; what no database holds (NUL, lone surrogates) is refused at the door.
- AUTH, VRFY, EXPN and HELP are off: there is nobody to sign in as, and who has a mailbox is not told in bulk.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from aiosmtpd.smtp import SMTP, TLSSetupException

from everyhand.channels.email.listener.reception import NULL_SENDER, Reception

# The only end of a mail (RFC 5321 section 4.1.1.4). A bare LF or CR before or after the dot is part of the text:
# that ambiguity is how mails are smuggled past other servers.
END: Final = b"\r\n.\r\n"
READ_BUFFER: Final = 64 * 1024
LONGEST_COMMAND: Final = 2_048

_PATH = re.compile(
    r"""
    (?P<angle><)?
    (?:@[^:<>\s]*:)?                                              # a source route, which everybody ignores
    (?P<address>
        (?: "(?:[^"\\\x00-\x1f\x7f\ud800-\udfff]|\\[\x20-\x7e])*" | [^\s<>"@\x00-\x1f\x7f\ud800-\udfff]+ )
        (?: @[^\s<>"@\x00-\x1f\x7f\ud800-\udfff]+ )?
      |                                                           # or nothing: the sender of bounces
    )
    (?(angle)>)
    (?P<parameters>(?:\s.*)?)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Limits:
    """What one connection, and all of them together, may take. Sizes in bytes, times in seconds."""

    size: int  # of one mail
    line: int = 1_000_000
    recipients: int = 100
    connections: int = 200
    connections_a_host: int = 100
    mails_a_connection: int = 1_000
    refused_recipients: int = 30
    in_flight: int = 256_000_000  # of all mails that are held in memory; a single one may have `size` at any rate
    idle_seconds: float = 300.0  # RFC 5321 section 4.5.3.2.7

    def commands(self) -> dict[str, int]:
        """How often each command may come on one connection."""
        often = dict.fromkeys(("MAIL", "DATA", "RSET", "NOOP"), self.mails_a_connection)
        return {**often, "RCPT": self.mails_a_connection * self.recipients, "*": 50}


class Visitors:
    """All connections of a listener, and the bytes of mail they hold in memory."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.present: set[Dialogue] = set()
        self.in_flight = 0

    def has_room_for(self, newcomer: Dialogue) -> bool:
        same_host = sum(one.host == newcomer.host for one in self.present)
        return len(self.present) < self.limits.connections and same_host < self.limits.connections_a_host


class NotRead(Exception):
    """A mail came to its end but is not taken; the message is the reply."""


class Dialogue(SMTP):
    """The protocol of one connection. `hostname` is what we call ourselves."""

    scheme = "smtp"  # how the sources of its mail begin
    line_length_limit = READ_BUFFER  # of the reader; a mail's lines may be longer, see `_read_mail`

    def __init__(
        self, reception: Reception, *, visitors: Visitors, hostname: str, tls_context: ssl.SSLContext | None
    ) -> None:
        self._visitors = visitors
        self._limits = visitors.limits
        self._refused = 0
        self._reading = False  # a mail, not commands
        self._committing = False
        self._held = 0  # bytes of mail in memory
        self.host = ""
        super().__init__(
            reception,
            data_size_limit=self._limits.size,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="ESMTP Everyhand",
            timeout=self._limits.idle_seconds,
            tls_context=tls_context,
            command_call_limit=self._limits.commands(),
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )
        self.command_size_limits = defaultdict(lambda: LONGEST_COMMAND)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self.host = str(peer[0]) if peer else "unknown"
        if self not in self._visitors.present and not self._visitors.has_room_for(self):
            _farewell(transport, b"421 4.7.0 Too many connections, please try again later\r\n")
            return
        self._visitors.present.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._visitors.present:
            self._visitors.present.remove(self)
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self._reading:
            self._reset_timeout()
        super().data_received(data)

    def eof_received(self) -> bool | None:
        return super().eof_received() if self in self._visitors.present else None

    def end_politely(self) -> None:
        """Ask this client to come again, unless the answer to a mail it has sent is still under way."""
        if not self._committing:
            _farewell(self.transport, b"421 4.3.2 Closing down, please try again later\r\n")

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd names it)
        """Somebody who only tries out addresses is sent away after some."""
        before = len(self._recipients)
        await super().smtp_RCPT(arg)
        self._refused += len(self._recipients) == before
        if self._refused >= self._limits.refused_recipients:
            _farewell(self.transport, b"421 4.7.0 Too many refused recipients\r\n")

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        if await self.check_helo_needed():
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        if not self.envelope or not self._recipients:
            await self.push("503 5.5.1 Say who it is for first (RCPT)")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            self._reading = True
            self.envelope.original_content = await self._read_mail()
            self._reading, self._committing = False, True
            await self._answer(await self._call_handler_hook("DATA"))
        except NotRead as refusal:
            await self._answer(str(refusal))
        finally:
            self._reading = self._committing = False
            self._hold(-self._held)
        self.envelope = self._create_envelope()

    async def _answer(self, reply: str) -> None:
        """Say what became of a mail that was sent to its end."""
        await self.push(reply)

    async def _read_mail(self) -> bytes:
        """Everything up to the end of data, as it was before dots were doubled for the journey.

        Raises `NotRead` for what is not taken, after reading all of it: a client listens only then.
        """
        raw = bytearray()
        refusal = ""
        while not (raw.endswith(END) or raw == END[2:]):
            # Up to something that may be the end, or a buffer full.
            try:
                piece = await self._reader.readuntil(END[2:])
            except asyncio.LimitOverrunError as full:
                piece = await self._reader.read(full.consumed)
            raw += piece
            if not refusal:
                self._hold(len(piece))
                refusal = self._refusal(len(raw))
            if refusal:
                self._hold(-self._held)
                del raw[: -len(END)]
        del raw[-3:]
        mail = bytes(raw[1:] if raw.startswith(b".") else raw).replace(b"\r\n.", b"\r\n")
        longest = self._limits.line
        if not refusal and len(mail) > longest and any(len(line) > longest for line in mail.split(b"\r\n")):
            refusal = f"500 5.6.0 A line is longer than {longest} bytes"
        if refusal:
            raise NotRead(refusal)
        return mail

    def _refusal(self, size: int) -> str:
        if size > self._limits.size + len(END):
            return f"552 5.3.4 We take up to {self._limits.size // 1_000_000} MB; please send a link to large files"
        if self._held < self._visitors.in_flight > self._limits.in_flight:
            return "452 4.3.1 Too much mail at once, please try again later"
        return ""

    def _hold(self, size: int) -> None:
        self._held += size
        self._visitors.in_flight += size

    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802
        await super().smtp_STARTTLS(arg)
        if arg is None and self.tls_context and self.session is not None and self.session.ssl is None:
            # The client hung up in the middle of the handshake, which aiosmtpd takes for its success.
            raise TLSSetupException

    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: N802, ARG002
        await self.push("502 5.5.1 There is nothing to sign in to")

    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: N802, ARG002
        await self.push("252 2.1.5 Send some mail, and you will see")

    async def smtp_EXPN(self, arg: str | None) -> None:  # noqa: N802, ARG002
        await self.push("502 5.5.1 There are no lists here")

    async def smtp_HELP(self, arg: str | None) -> None:  # noqa: N802, ARG002
        await self.push("214 2.0.0 This server takes mail for the mailboxes of one company")

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        found = _PATH.fullmatch(arg.strip())
        if not found or (not found["address"] and not found["angle"]):
            return None, None
        return found["address"] or NULL_SENDER, found["parameters"]

    def _timeout_cb(self) -> None:
        if self._committing:
            self._reset_timeout()
        else:
            _farewell(self.transport, b"421 4.4.2 Nothing came for too long\r\n")

    @property
    def _recipients(self) -> list[str]:
        return self.envelope.rcpt_tos if self.envelope else []


def _farewell(transport: asyncio.BaseTransport | None, words: bytes) -> None:
    if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
        transport.write(words)
        transport.close()
