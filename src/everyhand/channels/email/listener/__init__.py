"""The doors of SMTP and LMTP: mail is stored durably, and only then said to be taken (RFC 5321 section 6.1)."""

from everyhand.channels.email.listener.certificate import CertificateUnusable
from everyhand.channels.email.listener.listen import Listener, run_forever
from everyhand.channels.email.listener.local import LocalDialogue

__all__ = ["CertificateUnusable", "Listener", "LocalDialogue", "run_forever"]
