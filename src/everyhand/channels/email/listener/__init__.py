"""The SMTP door: mail comes in, is stored durably, and only then is it said to be taken (RFC 5321 section 6.1)."""

from everyhand.channels.email.listener.certificate import CertificateUnusable
from everyhand.channels.email.listener.listen import Listener, run_forever

__all__ = ["CertificateUnusable", "Listener", "run_forever"]
