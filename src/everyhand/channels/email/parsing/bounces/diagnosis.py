"""Why a mail failed, and whether its address is dead: from codes and from what the server said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from everyhand.channels.email.parsing.bounces import conditions
from everyhand.channels.email.parsing.bounces.conditions import Condition
from everyhand.channels.email.parsing.bounces.sayings import HINTS, SAYINGS, Table

MAX_WORDS = 4_000
MAX_REASON = 180

_ENHANCED = re.compile(r"(?:^|[\s(#:;<\[=-])([245])\.(\d{1,3})\.(\d{1,3})(?![\d]|\.\d)")
# The second digit says what it is about (RFC 5321, 4.2.1; some servers made up a 7): telephone numbers begin otherwise.
_REPLY = re.compile(r"(?:^|[\s:\"'>#(<=,])([45][0-57]\d)(?=[\s:#,;-]|$)")
_REPLY_LINE = re.compile(
    r"^.{0,300}?(?:^|said: ?|[\s:\"'>#(<=,])[45]\d\d(?:[ -]|: )|\(#[45]\.\d\.\d{1,3}\)|^\s*[<>]{3} ", re.MULTILINE
)
_AFTER_CONTENT = re.compile(
    r"\b(?:end of data|final data|smtp command\s+data|in reply to (?:end of )?data|text command|"
    r"after data)|>>> (?:data|\.)\s",
    re.IGNORECASE,
)
_AFTER_RECIPIENT = re.compile(r"in reply to rcpt|after rcpt to|\[rcpt_to\]|>>> rcpt|bad-mailbox", re.IGNORECASE)
_USER_UNKNOWN = re.compile(r"user unknown|unknown user|no such user", re.IGNORECASE)
# How servers say "user unknown" when they have seen the letter and refuse it for the recipient, who blocks its sender:
# with an empty name where the address would stand (au and others in Japan), or always in these words (NTT Docomo).
_BLOCKED_BY_THE_RECIPIENT = re.compile(
    r"\b550(?:\s+|:\s*):\s*user unknown|unknown user \S{1,80}@(?:[\w-]{1,63}\.){0,4}docomo\.(?:[\w-]{1,63}\.){0,4}jp\b",
    re.IGNORECASE,
)
_HARD = re.compile(r"\bchild status 100\b", re.IGNORECASE)  # qmail-command(8): 100 is a failure for good, 111 may pass
_AFTER_SENDER = re.compile(r"(?:error|response|in reply to|after) .{0,60}mail from\b|>>> mail from", re.IGNORECASE)
_NOT_WORDS = re.compile(r"<[^<>\s]{0,300}>|(?<=\w)/\S+|\[[^\[\]\s]{0,80}\]")
_LEADING_ADDRESS = re.compile(r"^[\s*<\[]{0,20}[^\s@<>]{1,80}@[^\s<>]{1,200}>?[\s:,.\]]{0,10}")
_LEADING_CODES = re.compile(r"^(?:[\s:;,.()#<>-]|[245]\d\d\b|[245]\.\d{1,3}\.\d{1,3}\b|smtp;)+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`condition`, the enhanced status ("5.1.1") and one sentence for people."""

    condition: Condition
    status: str
    permanent: bool
    reason: str


def judge(said: Sequence[str], *, notice: str = "", status: str = "", delayed: bool = False) -> Verdict:
    """What went wrong with one address.

    `said` holds what the server said about it, the most telling first; `notice` is everything the report says to
    people, politeness and advertisement included, and asked last. `status` is the report's own enhanced code,
    `delayed` whether the server still tries.
    """
    texts = [_on_one_line(words) for words in said if words.strip()]
    given = _enhanced(status)
    heard = next((code for words in texts[:2] if (code := _enhanced(words))), "")
    # "5.0.0" says nothing; the server's own reply often holds the code that does.
    code = heard if heard and (not given or given.endswith(".0.0")) else given or heard
    reply = next((found.group(1) for words in texts[:2] if (found := _REPLY.search(words))), "")
    condition = _condition(texts, code, reply, _on_one_line(notice))
    if condition is conditions.MAILBOX_FULL and not code and (reply == "550" or _HARD.search(" ".join(texts[:2]))):
        condition = conditions.MAILBOX_GIVEN_UP
    passing = delayed or (code[:1] or reply[:1]) == "4"
    return Verdict(
        condition=condition,
        status=code or condition.status,
        permanent=condition.permanent and not passing,
        reason=_sentence(condition, texts[0] if texts else ""),
    )


def first_reply(beside: str) -> str:
    """The first line in `beside`, the lines about one address, where it holds the server's reply as well."""
    line = beside.partition("\n")[0][:600]
    return line if _REPLY.search(line) and len(_NOT_WORDS.sub(" ", line).split()) > 3 else ""


def reply_lines(notice: str) -> str:
    """The lines of `notice` in which a server speaks, each with the line that continues it."""
    lines = notice[: MAX_WORDS * 4].splitlines()
    chosen = []
    for number, line in enumerate(lines):
        if _REPLY_LINE.search(line[:600]):
            chosen.extend(lines[number : number + 2])
    return "\n".join(chosen[:40])


def _condition(texts: Sequence[str], code: str, reply: str, notice: str) -> Condition:
    """The condition that the words name, else the code, else what words and code hint at."""
    detail = code.partition(".")[2]
    for number, words in enumerate(texts or [""]):
        if heard := said_in(words, SAYINGS):
            return _of_the_address(heard, words, (*texts, notice), detail)
        if number == 0 and detail in conditions.BY_STATUS:
            return conditions.BY_STATUS[detail]
    hints = (
        conditions.BY_STATUS_SUBJECT.get(detail[:1]) if detail[:1] in ("3", "6", "7") else None,
        *(said_in(words, HINTS) for words in texts),
        said_in(notice, SAYINGS, phrases_only=True),
        conditions.BY_STATUS_SUBJECT.get(detail[:1]),
        conditions.TRY_LATER if (code or reply).startswith("4") else None,
        # A server gave a reason and it says nothing about the address.
        conditions.REFUSED if reply else None,
    )
    return next((hint for hint in hints if hint), conditions.NOT_SAID)


def said_in(words: str, table: Table, *, phrases_only: bool = False) -> Condition | None:
    """The first condition of `table` with a saying in `words`; with `phrases_only` single words do not count."""
    plain = " ".join(word for word in _NOT_WORDS.sub(" ", words.lower()).split() if "@" not in word)
    for condition, sayings in table:
        for saying in sayings:
            if saying.is_in(plain) and not (phrases_only and saying.is_one_word):
                return condition
    return None


def _of_the_address(heard: Condition, words: str, texts: Sequence[str], detail: str) -> Condition:
    """`heard`, unless it was said about the sender or the content, which only sounds alike."""
    if heard is conditions.UNKNOWN_HOST and "try again" in words.lower():
        return conditions.UNREACHABLE
    if heard not in (conditions.UNKNOWN_USER, conditions.UNKNOWN_HOST):
        return heard
    if detail in ("1.7", "1.8", "1.9") or any(_AFTER_SENDER.search(text) for text in texts):
        return conditions.SENDER_REFUSED
    blocked = _BLOCKED_BY_THE_RECIPIENT.search(words)
    if not blocked and (detail.startswith("1.") or any(_AFTER_RECIPIENT.search(text) for text in texts)):
        return heard
    # Filters and switched-off mailboxes like to pretend that nobody is there. What they say is "user unknown"; the
    # code, or that they say it only when they have seen the mail, gives them away.
    pretended = detail.startswith(("2.", "7.")) or any(_AFTER_CONTENT.search(text) for text in texts)
    return conditions.REFUSED if blocked or (pretended and _USER_UNKNOWN.search(words)) else heard


def _on_one_line(words: str) -> str:
    return " ".join(words[:MAX_WORDS].split())


def _enhanced(words: str) -> str:
    found = _ENHANCED.search(words)
    return ".".join(found.groups()) if found else ""


def _sentence(condition: Condition, words: str) -> str:
    said = words
    for _ in range(3):
        said = _LEADING_ADDRESS.sub("", _LEADING_CODES.sub("", said))
    said = said.strip(" .;:-*=")
    if len(said) > MAX_REASON:
        said = f"{said[:MAX_REASON].rpartition(' ')[0] or said[:MAX_REASON]} …"
    return f"{condition.sentence}: {said}" if said else f"{condition.sentence}."
