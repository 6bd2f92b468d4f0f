"""Why a mail failed, and whether its address is dead: from codes and from what the server said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from everyhand.channels.email.parsing.bounces import conditions
from everyhand.channels.email.parsing.bounces.conditions import Condition
from everyhand.channels.email.parsing.bounces.sayings import SAYINGS

MAX_WORDS = 4_000
MAX_REASON = 240

_ENHANCED = re.compile(r"(?:^|[\s(#:;<\[=-])([245])\.(\d{1,3})\.(\d{1,3})(?![\d]|\.\d)")
_REPLY = re.compile(r"(?:^|[\s:\"'>#(<=,])([45]\d\d)(?=[\s:#,;-]|$)")
_REPLY_LINE = re.compile(
    r"^.{0,300}?(?:^|said: ?|[\s:\"'>#(<=,])[45]\d\d(?:[ -]|: )|\(#[45]\.\d\.\d{1,3}\)|^\s*[<>]{3} ", re.MULTILINE
)
_AFTER_CONTENT = re.compile(
    r"\b(?:end of data|final data|smtp command\s+data|in reply to (?:end of )?data|text command|"
    r"after data)|>>> (?:data|\.)\s",
    re.IGNORECASE,
)
_AFTER_SENDER = re.compile(r"(?:error|response|in reply to|after) .{0,60}mail from\b|>>> mail from", re.IGNORECASE)
_NOT_WORDS = re.compile(r"<[^<>\s]{0,300}>|\S{1,300}@\S{1,300}|(?<=\w)/\S+|\[[^\]\s]{0,80}\]")
_LEADING_CODES = re.compile(r"^(?:[\s:;,.()#-]|[245]\d\d\b|[245]\.\d{1,3}\.\d{1,3}\b|smtp;)+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`condition`, the enhanced status ("5.1.1") and one sentence for people."""

    condition: Condition
    status: str
    permanent: bool
    reason: str


def judge(said: Sequence[str], *, status: str = "", delayed: bool = False) -> Verdict:
    """What went wrong with one address.

    `said` holds what is known about it, the most telling first: the server's own reply, then the paragraph of the
    notice, then the whole notice. `status` is the report's own enhanced code, `delayed` whether the server still
    tries.
    """
    texts = [" ".join(words[:MAX_WORDS].split()) for words in said if words.strip()]
    given = _enhanced(status)
    heard = next((code for words in texts[:2] if (code := _enhanced(words))), "")
    # "5.0.0" says nothing; the server's own reply often holds the code that does.
    code = heard if heard and (not given or given.endswith(".0.0")) else given or heard
    reply = next((found.group(1) for words in texts[:2] if (found := _REPLY.search(words))), "")
    condition = _condition(texts, code, reply)
    if condition in (conditions.UNKNOWN_USER, conditions.UNKNOWN_HOST):
        condition = _of_the_address(condition, texts, code)
    passing = delayed or (code[:1] or reply[:1]) == "4"
    return Verdict(
        condition=condition,
        status=code or condition.status,
        permanent=condition.permanent and not passing,
        reason=_sentence(condition, texts),
    )


def reply_lines(notice: str) -> str:
    """The lines of `notice` in which a server speaks, each with the line that continues it."""
    lines = notice[: MAX_WORDS * 4].splitlines()
    chosen = []
    for number, line in enumerate(lines):
        if _REPLY_LINE.search(line[:600]):
            chosen.extend(lines[number : number + 2])
    return "\n".join(chosen[:40])


def _condition(texts: Sequence[str], code: str, reply: str) -> Condition:
    subject = code.partition(".")[2]
    for words in texts:
        plain = _NOT_WORDS.sub(" ", words.lower())
        plain = " ".join(plain.split())
        for condition, sayings in SAYINGS:
            if any(saying in plain for saying in sayings):
                return condition
        if condition_of_code := conditions.BY_STATUS.get(subject) or conditions.BY_STATUS_SUBJECT.get(subject[:1]):
            return condition_of_code
    if subject and (
        condition_of_code := conditions.BY_STATUS.get(subject) or conditions.BY_STATUS_SUBJECT.get(subject[:1])
    ):
        return condition_of_code
    if reply.startswith("4") or code.startswith("4"):
        return conditions.TRY_LATER
    return conditions.NOT_SAID


def _of_the_address(condition: Condition, texts: Sequence[str], code: str) -> Condition:
    """`condition`, unless the server said it about the sender or about the content, which only sounds alike."""
    if code[2:] in ("1.7", "1.8", "1.9") or any(_AFTER_SENDER.search(words) for words in texts):
        return conditions.SENDER_REFUSED
    # Filters like to pretend that nobody is there; they do so once they have seen the mail.
    if not code[2:].startswith("1.") and any(_AFTER_CONTENT.search(words) for words in texts):
        return conditions.REFUSED
    return condition


def _enhanced(words: str) -> str:
    found = _ENHANCED.search(words)
    return ".".join(found.groups()) if found else ""


def _sentence(condition: Condition, texts: Sequence[str]) -> str:
    words = _LEADING_CODES.sub("", texts[0]) if texts else ""
    words = words[:MAX_REASON].strip(" .;:-")
    return f"{condition.sentence}: {words}" if words else f"{condition.sentence}."
