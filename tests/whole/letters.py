"""Letters a customer's mail server would hand over, and a server that hands them over as real ones do."""

from __future__ import annotations

import smtplib
import threading
import time
from collections import Counter
from email.message import EmailMessage

from tests.servers.everyhand import RunningEveryhand

HELP = "help@localhost"


def letter(
    subject: str,
    text: str = "No paper today.",
    *,
    sender: str = "Ada Brown <ada@customers.test>",
    to: str = HELP,
    **headers: str,
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = f"<{abs(hash((subject, text, sender)))}-{time.monotonic_ns()}@customers.test>"
    mail["Date"] = "Mon, 02 Mar 2026 12:00:00 +0000"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


class InsistentServer:
    """Hands over letter after letter, and the same one again until it hears 250, as RFC 5321 section 4.5.4 demands.

    `taken` are the subjects that were answered with 250; `tries` counts every attempt, and `refused` those that were
    refused, by the code of the answer (0: the line broke, or nobody was there). Each letter has `size` letters of text;
    it waits `patience` seconds for an answer, and `pause` seconds after a letter that was taken.
    """

    def __init__(
        self, everyhand: RunningEveryhand, name: str, *, size: int = 20, patience: float = 30, pause: float = 0
    ) -> None:
        self.taken: list[str] = []
        self.tries = 0
        self.refused: Counter[int] = Counter()
        self._text = "No paper today.\n" * max(size // 16, 1)
        self._everyhand, self._name, self._patience, self._pause = everyhand, name, patience, pause
        self._enough = threading.Event()
        # A daemon: when a test fails it may never be stopped, and would insist for ever.
        self._thread = threading.Thread(target=self._hand_over, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the letter in hand: it is insisted on until it is taken."""
        self._enough.set()
        self._thread.join(120 + self._patience)
        if self._thread.is_alive():
            raise AssertionError(f"{self._name} could not hand its last letter over")

    def _hand_over(self) -> None:
        number = 0
        while not self._enough.is_set():
            number += 1
            subject = f"{self._name} letter {number}"
            sender = f"Reader <{self._name}{number}@customers.test>"
            content = letter(subject, self._text, sender=sender).as_bytes()
            while True:
                self.tries += 1
                try:
                    self._everyhand.send(content, to=HELP, seconds=self._patience)
                except (OSError, smtplib.SMTPException) as refusal:
                    self.refused[_code(refusal)] += 1
                    time.sleep(0.05)
                else:
                    self.taken.append(subject)
                    break
            self._enough.wait(self._pause)


def _code(refusal: Exception) -> int:
    if isinstance(refusal, smtplib.SMTPRecipientsRefused):
        return next(code for code, _said in refusal.recipients.values())
    return refusal.smtp_code if isinstance(refusal, smtplib.SMTPResponseException) else 0
