"""DKIM (RFC 6376) and ARC (RFC 8617): which domains signed a mail, and whether it is still as they signed it."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any, Final

import dkim
from dkim.util import parse_tag_value

from everyhand.channels.email.authentication.lookup import NoAnswer, Questions
from everyhand.desk.verdict import Finding, Result

# More signatures than this have no honest use, and each costs a question and a hash of the whole mail.
SIGNATURES_AT_MOST: Final = 5
# A key of 8,192 bits; a longer one would keep us computing.
LONGEST_KEY: Final = 1_600

_SIGNATURE = b"dkim-signature"
_SEAL = b"arc-seal"
_SEALED_MESSAGE = b"arc-message-signature"
_ARC = (_SEAL, _SEALED_MESSAGE, b"arc-authentication-results")

# dkimpy tells its reasons to a logger; they may quote the mail, so nobody hears them.
_SILENT = logging.getLogger(f"{__name__}.dkimpy")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


@dataclass(frozen=True, slots=True)
class Signature:
    """What a DKIM-Signature field claims. `number` counts those fields from the top."""

    number: int
    domain: str
    tags: dict[bytes, bytes]

    @property
    def covers_the_mail(self) -> bool:
        """Whether what it signs is the whole mail as it is read. With `l=` others may write below the signed part, an
        unsigned `From` is anybody's, and SHA-1 (RFC 8301) can be made to fit.
        """
        fields = self.tags.get(b"h", b"").lower().replace(b" ", b"").split(b":")
        return b"from" in fields and b"l" not in self.tags and self.tags.get(b"a", b"").lower() != b"rsa-sha1"

    @property
    def body_is_relaxed(self) -> bool:
        return self.tags.get(b"c", b"").strip().lower().endswith(b"/relaxed")


class SignedMail:
    """A mail and its signatures. Reading it never raises; what is no signature is left out."""

    def __init__(self, raw: bytes) -> None:
        self._lines = re.sub(rb"\r?\n", b"\r\n", raw)
        self.signatures = [
            Signature(number, tags[b"d"].decode("ascii", "replace").strip().lower().rstrip("."), tags)
            for number, tags in enumerate(_tags(value) for value in self._fields(_SIGNATURE))
            if tags.get(b"d")
        ]

    def verify(self, signature: Signature, questions: Questions) -> Result:
        """PASS for a signature that holds, FAIL for one that doesn't, NONE when its key could not be looked up or
        what it signs is not the mail.
        """
        if not signature.covers_the_mail:
            return Result.NONE
        keys = _Keys(questions)
        mail = dkim.DKIM(self._as_signed(relaxed=signature.body_is_relaxed), logger=_SILENT)
        try:
            holds = mail.verify(idx=signature.number, dnsfunc=keys)
        except NoAnswer:
            return Result.NONE
        except (dkim.DKIMException, ValueError, IndexError, KeyError, TypeError, AssertionError):
            return Result.FAIL  # it is not written as it must be
        return Result.PASS if holds else Result.FAIL

    def verify_chain(self, questions: Questions) -> Finding:
        """What became of the seals of those who passed the mail on, and the domain of the last of them."""
        seals = [_tags(value) for value in self._fields(_SEAL)]
        messages = [_tags(value) for value in self._fields(_SEALED_MESSAGE)]
        if not seals or len(seals) > SIGNATURES_AT_MOST:
            return Finding()
        last = max(seals, key=lambda tags: tags.get(b"i", b"").rjust(4, b"0"))
        domain = last.get(b"d", b"").decode("ascii", "replace").lower()
        if not all(tags.get(b"c", b"relaxed/relaxed").lower().endswith(b"/relaxed") for tags in messages):
            return Finding(domain=domain)
        try:
            outcome = dkim.ARC(self._as_signed(relaxed=True), logger=_SILENT).verify(dnsfunc=_Keys(questions))[0]
        except NoAnswer:
            return Finding(domain=domain)
        except (dkim.DKIMException, ValueError, IndexError, KeyError, TypeError, AssertionError):
            return Finding(Result.FAIL, domain)
        return Finding({dkim.CV_Pass: Result.PASS, dkim.CV_Fail: Result.FAIL}.get(outcome, Result.NONE), domain)

    def _as_signed(self, *, relaxed: bool) -> bytes:
        """The mail, its body already relaxed where that is asked for (RFC 6376 section 3.4.4; doing so twice changes
        nothing): dkimpy needs quadratic time for long runs of blanks.
        """
        head, end, body = self._lines.partition(b"\r\n\r\n")
        if not relaxed:
            return self._lines
        lines = re.sub(rb"[ \t]+", b" ", body).split(b"\r\n")
        return head + end + b"\r\n".join(line.rstrip(b" ") for line in lines)

    def _fields(self, name: bytes) -> list[bytes]:
        head = b"\r\n" + self._lines.partition(b"\r\n\r\n")[0]
        return re.findall(rb"\r\n" + re.escape(name) + rb":((?:[^\r\n]|\r(?!\n)|\r\n[ \t])*)", head, re.IGNORECASE)


def _tags(field: bytes) -> dict[bytes, bytes]:
    try:
        tags: dict[bytes, bytes] = parse_tag_value(field)
    except (dkim.util.InvalidTagValueList, ValueError):
        return {}
    return tags


class _Keys:
    """Where dkimpy finds keys."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions

    def __call__(self, name: bytes, timeout: Any = None) -> bytes | None:  # noqa: ARG002 (dkimpy's name for it)
        records = self._questions.text(name.decode("ascii", "replace"))
        keys = [one.encode("ascii", "replace") for one in records if len(one) <= LONGEST_KEY and "p=" in one]
        return keys[0] if keys else None
