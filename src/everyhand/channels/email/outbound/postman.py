"""One connection to the mail server that takes our mail, used for as many letters as it lasts."""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote

from django.conf import settings

from everyhand.channels.email.outbound.letter import one_line

TIMEOUT_SECONDS: Final = 60.0


class NoMailServer(Exception):
    """EVERYHAND_MAIL_URL is not set."""


class Refused(Exception):
    """The server does not take this letter for this recipient.

    `permanent` tells a refusal for good (5xx) from one for now (4xx, no answer); `str()` is a sentence for people.
    """

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Unreachable(Refused):
    """There is no server to ask. It says nothing about the letter, nor about those behind it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, permanent=False)


def connect() -> smtplib.SMTP:
    """A connection to the mail server of EVERYHAND_MAIL_URL, encrypted and signed in as it says.

    Certificates are verified. Raises `NoMailServer`, OSError or smtplib.SMTPException.
    """
    url = settings.EVERYHAND.mail_url
    if not url:
        raise NoMailServer
    # What we call ourselves; smtplib would ask the name server for this machine's name, and wait for its answer.
    ourselves = settings.EVERYHAND.url.hostname if settings.EVERYHAND.url else socket.gethostname()
    if url.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            url.hostname, url.port or 465, ourselves, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    else:
        port = url.port or (587 if url.scheme == "smtp+starttls" else 25)
        connection = smtplib.SMTP(url.hostname, port, ourselves, timeout=TIMEOUT_SECONDS)
    try:
        connection.ehlo_or_helo_if_needed()
        if url.scheme == "smtp+starttls":
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        if url.username:
            connection.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        connection.close()
        raise
    return connection


@dataclass(frozen=True)
class Letter:
    """A mail and its envelope. `sender` "" is the null sender: nobody wants to hear of a failure by mail."""

    raw: bytes
    sender: str
    recipient: str

    @property
    def is_ascii(self) -> bool:
        """Whether every address can be said without SMTPUTF8 (RFC 6531)."""
        return (self.sender + self.recipient).isascii() and self.raw.partition(b"\r\n\r\n")[0].isascii()


class Postman:
    """Carries letters over one connection, opened with the first and opened again when it breaks."""

    def __init__(self) -> None:
        self._connection: smtplib.SMTP | None = None
        self._unreachable = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._connection is not None:
            try:
                self._connection.quit()
            except (OSError, smtplib.SMTPException):
                self._connection.close()

    def carry(self, letter: Letter) -> str:
        """Hand the letter over; what the server said when it took it. Raises `Refused` and `Unreachable`."""
        connection = self._ready()
        try:
            return _hand_over(connection, letter)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise Refused(f"The mail server broke off: {_sentence(error)}", permanent=False) from None
        except Refused as refusal:
            self._start_afresh(refusal)
            raise

    def _ready(self) -> smtplib.SMTP:
        if self._unreachable:
            # It was asked a moment ago, for another letter of this batch.
            raise Unreachable(self._unreachable)
        if self._connection is None:
            try:
                self._connection = connect()
            except smtplib.SMTPResponseException as error:
                # It is there and wants nothing of us (a password, too many connections): better not to insist.
                raise Refused(f"The mail server can't be reached: {_sentence(error)}", permanent=False) from None
            except (OSError, smtplib.SMTPException) as error:
                self._unreachable = f"The mail server can't be reached: {_sentence(error)}"
                raise Unreachable(self._unreachable) from None
        return self._connection

    def _start_afresh(self, refusal: Refused) -> None:
        try:
            if str(refusal).startswith("421") or self._connection is None or self._connection.rset()[0] != 250:
                self._drop()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _hand_over(connection: smtplib.SMTP, letter: Letter) -> str:
    options = [f"SIZE={len(letter.raw)}"] if connection.has_extn("size") else []
    if not letter.is_ascii:
        if not connection.has_extn("smtputf8"):
            raise Refused("The mail server can't take addresses with letters outside ASCII.", permanent=True)
        options.append("SMTPUTF8")
    code, answer = connection.mail(letter.sender, options)
    if code != 250:
        # The server's quarrel is with us (an account, a quota), which somebody can mend; only a size stays a size.
        raise Refused(_said(code, answer), permanent=code == 552 or b"5.3.4" in answer)
    code, answer = connection.rcpt(letter.recipient)
    if code not in (250, 251):
        # 530 and 503 speak of the connection (sign in first), not of the recipient.
        raise Refused(_said(code, answer), permanent=code >= 500 and code not in (503, 530))
    try:
        code, answer = connection.data(letter.raw)
    except smtplib.SMTPDataError as error:
        code, answer = error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b""
    if code != 250:
        raise Refused(_said(code, answer), permanent=code >= 500)
    return _said(code, answer)


def _said(code: int, answer: bytes) -> str:
    """What a server said, on one line."""
    return one_line(f"{code} {answer.decode('utf-8', 'replace')}")


def _sentence(error: OSError | smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return _said(error.smtp_code, said if isinstance(said, bytes) else str(said).encode())
    return one_line(error.strerror or str(error)) or type(error).__name__
