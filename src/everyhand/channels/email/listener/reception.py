"""What is said to whoever brings mail: whom we take mail for, whether there is room, and 250 once it is stored."""

from __future__ import annotations

import re
from typing import Final

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session, TLSSetupException
from django.conf import settings
from django.db import Error as DatabaseError

from everyhand.channels.email.accept import Arriving
from everyhand.channels.email.listener.addressees import Addressees, Verdict
from everyhand.channels.email.listener.commit import NO_DATABASE, NO_SPACE, Committer, NotTaken
from everyhand.channels.email.listener.space import FreeSpace

log = structlog.get_logger(__name__)

# What aiosmtpd calls the sender of bounces, so that "no sender yet" and "nobody" stay two things.
NULL_SENDER: Final = "<>"
LONGEST_ADDRESS: Final = 320


class Reception:
    """The answers to SMTP commands, shared by all connections. aiosmtpd calls its `handle_` methods."""

    def __init__(self, *, committer: Committer, addressees: Addressees, recipients: int, scheme: str) -> None:
        self._committer = committer
        self._scheme = scheme
        self._addressees = addressees
        self._recipients = recipients
        self._space = FreeSpace(settings.EVERYHAND.data, reserve=settings.EVERYHAND.free_space)

    async def handle_EHLO(  # noqa: N802 (aiosmtpd names it)
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, offers: list[str]
    ) -> list[str]:
        """There is nothing to sign in to; commands may come in one go (RFC 2920). LMTP's LHLO asks here, too."""
        session.host_name = hostname
        return [one for one in offers if not one.startswith(("250-AUTH", "250 HELP"))] + ["250 PIPELINING"]

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(address) > LONGEST_ADDRESS:
            return "501 5.1.7 The sender's address is too long"
        if not self._space.holds(_announced_size(options)):
            return NO_SPACE
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == NULL_SENDER or len(address) > LONGEST_ADDRESS:
            return "501 5.1.3 This is no address"
        if len(envelope.rcpt_tos) >= self._recipients:
            return "452 4.5.3 Too many recipients, please send the rest separately"
        try:
            verdict = await self._addressees.judge(address)
        except DatabaseError as error:
            log.error("nobody could say whether an address is ours", error=str(error))  # noqa: TRY400 (no news in it)
            return NO_DATABASE
        if verdict is Verdict.OURS:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
            return "250 2.1.5 OK"
        if verdict is Verdict.NOBODY:
            return "550 5.1.1 There is no such mailbox here"
        return "550 5.7.1 Relaying denied"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The answer to a complete mail: 250 only when it is committed and synced."""
        raw = envelope.original_content or b""
        if not self._space.holds(len(raw)):
            return NO_SPACE
        sender = "" if envelope.mail_from == NULL_SENDER else envelope.mail_from or ""
        arriving = Arriving(
            raw=raw,
            source=f"{self._scheme} {_host(session)}",
            envelope_from=sender,
            envelope_to=tuple(envelope.rcpt_tos),
            helo="".join(letter for letter in session.host_name or "" if letter.isprintable()),
        )
        try:
            accepted = await self._committer.commit(arriving)
        except NotTaken as refusal:
            return refusal.reply
        log.info(
            "mail accepted",
            mail=accepted.mail.pk,
            peer=_host(session),
            sender=without_tag(sender),
            recipients=",".join(without_tag(address) for address in envelope.rcpt_tos),
            size=len(raw),
            again=accepted.again,
        )
        return f"250 2.0.0 Stored as {accepted.mail.pk}"

    async def handle_exception(self, error: Exception) -> str:
        if isinstance(error, TLSSetupException):
            log.info("a client gave up in the TLS handshake", error=str(error.__cause__ or "it hung up"))
        else:
            log.error("an SMTP session failed", exc_info=error)
        return "451 4.3.0 Something went wrong here, please try again later"


def without_tag(address: str) -> str:
    """The address as logs may show it: what follows a + may be a signature that opens a conversation."""
    return re.sub(r"\+[^@]*", "+…", address)


def _announced_size(options: list[str]) -> int:
    return next((int(option[5:]) for option in options if re.fullmatch(r"SIZE=\d{1,15}", option)), 0)


def _host(session: Session) -> str:
    return str(session.peer[0]) if session.peer else "unknown"
