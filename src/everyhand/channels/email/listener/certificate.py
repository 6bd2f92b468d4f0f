"""The certificate with which the door offers STARTTLS."""

from __future__ import annotations

import ssl
from pathlib import Path

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)


class CertificateUnusable(Exception):
    """The certificate that is set can't be used. The message names the setting, its value and the fix, on one line."""


class Certificate:
    """A certificate chain and its key in PEM files. They are read again when they change, since both are renewed."""

    def __init__(self, chain: Path, key: Path | None) -> None:
        self._chain, self._key = chain, key
        self._changed_at: list[int] = []
        self._context: ssl.SSLContext | None = None

    @classmethod
    def from_settings(cls) -> Certificate | None:
        chain = settings.EVERYHAND.smtp_certificate
        return cls(chain, settings.EVERYHAND.smtp_key) if chain else None

    def context(self) -> ssl.SSLContext:
        """The context with the present certificate, or with the last good one while a new one can't be used.

        Raises `CertificateUnusable` when there never was a good one.
        """
        try:
            changed_at = [path.stat().st_mtime_ns for path in (self._chain, self._key) if path]
            if self._context is None or changed_at != self._changed_at:
                self._changed_at = changed_at
                context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                context.load_cert_chain(self._chain, self._key)
                self._context = context
        except OSError as error:  # which ssl.SSLError is, too
            if self._context is None:
                raise CertificateUnusable(
                    f"EVERYHAND_SMTP_CERTIFICATE is “{self._chain}”: {error}. Give a PEM file with the certificate "
                    "chain, and its private key in the same file or in EVERYHAND_SMTP_KEY."
                ) from None
            log.warning("the new certificate can't be used, the old one stays", error=str(error))
        return self._context
