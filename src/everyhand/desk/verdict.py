"""Whether the sender of a message is who they say: what was found, and what follows from it.

Anybody can write any name under a letter. Domains can publish how to tell theirs from forged ones: SPF (RFC 7208) names
the servers that send for them, DKIM (RFC 6376) signs each mail, DMARC (RFC 7489) says that one of both must speak for
the domain in `From`, and ARC (RFC 8617) keeps what a forwarder had found before it changed the mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

OURSELVES = "everyhand"


class Result(StrEnum):
    """NONE is both "nothing was published" and "it could not be found out just now": neither proves anything."""

    PASS = "pass"  # noqa: S105 (a word of RFC 8601)
    FAIL = "fail"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one method found, and for which domain ("" when it looked at none)."""

    result: Result = Result.NONE
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found about one message. `claimed` is the domain its sender claims; `judged_by` is "" when nobody
    looked, OURSELVES, or the name of the receiving server that did. `vouched_by` is the forwarder on whose word alone a
    mail passed that did not pass any more when it reached us.
    """

    spf: Finding = Finding()
    dkim: Finding = Finding()
    dmarc: Finding = Finding()
    arc: Finding = Finding()
    claimed: str = ""
    judged_by: str = ""
    vouched_by: str = ""

    @property
    def is_proved(self) -> bool:
        """By DMARC; for a domain that publishes no policy, by a signature of that very domain."""
        signed = self.dkim.result is Result.PASS and self.dkim.domain == self.claimed
        return self.dmarc.result is Result.PASS or (self.dmarc.result is Result.NONE and signed)

    @property
    def is_forged(self) -> bool:
        return self.dmarc.result is Result.FAIL

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON column; {} when nobody looked."""
        return asdict(self) if self.judged_by else {}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Verdict:
        """What `as_json` made."""
        if not kept:
            return cls()
        found = {name: Finding(Result(one["result"]), one["domain"]) for name, one in kept.items() if type(one) is dict}
        return cls(**found, claimed=kept["claimed"], judged_by=kept["judged_by"], vouched_by=kept.get("vouched_by", ""))


NOBODY_LOOKED = Verdict()
