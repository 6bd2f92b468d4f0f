"""Subjects of mails: what they are about, and whether they say that they answer something."""

from __future__ import annotations

import re

# How the mail programs of many countries say "Re:", with the counters some add: "AW: Re[2]: SV: ".
_ANSWER_MARKS = re.compile(
    r"(?:(?:re|aw|antw|antwort|sv|vs|odp|rif|ris|rép|res|bls|ynt|atb|回复|回覆|答复|答覆)"
    r"\s?(?:\[\d+\]|\(\d+\)|\^\d+)?\s?[:\uff1a]\s?)+",
    re.IGNORECASE,
)


def is_answer(subject: str) -> bool:
    """Whether it begins as answers do."""
    return _ANSWER_MARKS.match(subject) is not None


def bare(subject: str) -> str:
    """What it is about, without the marks of answers in front."""
    return _ANSWER_MARKS.sub("", subject, count=1) if is_answer(subject) else subject
