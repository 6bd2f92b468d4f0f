"""What our own receiving server found (RFC 8601), where one stands before us.

An `Authentication-Results` field is believed only if it names the server that is believed about this mail (each mailbox
that is fetched has its own, see `fetching.receivers`; for the rest it is the setting `trusted_receiver`), and stands
above the `Received` field by which that server took the mail in: whatever stands below came with the mail and may be
anybody's. Some servers are known to write one for every mail, but below that field; of those the first one is believed,
since what the sender wrote stands below it. Every other one is as if it were not there. (Microsoft 365 signs none with
its name: see `microsoft`.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message

from everyhand.channels.email.authentication import microsoft
from everyhand.channels.email.parsing import headers, structure
from everyhand.desk.verdict import Finding, Result, Verdict

_RESULT = re.compile(r"\s*(?P<method>[a-z0-9-]+)\s*(?:/\s*\d+\s*)?=\s*(?P<result>[a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"([a-z]+\.[a-z0-9-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s;]+))", re.IGNORECASE)
_BY = re.compile(r"\bby\s+([^\s;()]+)", re.IGNORECASE)
_ASKS_FOR_NOTHING = re.compile(r"\bp=none\b", re.IGNORECASE)
_RESULTS = {"pass": Result.PASS, "fail": Result.FAIL, "hardfail": Result.FAIL}
# As much of a header as is looked at for them: they stand at its top.
_TOP = 64_000
# Servers that write their findings for every mail from outside directly below their own `Received` field.
_WRITE_BELOW = frozenset(("mx.google.com",))


def verdict_of(raw: bytes, *, receiver: str, claimed: str, source: str = "") -> Verdict | None:
    """What `receiver` found about a mail that claims to come from the domain `claimed`; None if it said nothing.

    `source` is where the mail came from (`Mail.source`): Microsoft is believed only about what was fetched there.
    """
    head = structure.read(re.split(rb"\r?\n\r?\n", raw[:_TOP], maxsplit=1)[0] + b"\r\n\r\n")
    if receiver.lower() == microsoft.NAME:
        fields = microsoft.findings(head) if microsoft.is_fetched_there(source) else iter(())
    else:
        fields = _trusted(head, receiver)
    stated = [results for field in fields for results in statements(field)]
    if not stated:
        return None
    dmarc = _best(stated, "dmarc", ("header.from",), claimed)
    if dmarc.domain not in ("", claimed):
        return Verdict(claimed=claimed, judged_by=receiver)  # it took somebody else for the sender than we do
    return Verdict(
        spf=_best(stated, "spf", ("smtp.mailfrom", "smtp.helo"), claimed),
        dkim=_best(stated, "dkim", ("header.d", "header.i"), claimed),
        dmarc=dmarc,
        arc=_best(stated, "arc", ("header.d",), claimed),
        claimed=claimed,
        judged_by=receiver,
    )


def _trusted(mail: Message, receiver: str) -> Iterator[str]:
    above, taken_in = [], False
    for name, value in mail.raw_items():
        text = headers.unfold(str(value))
        if name.lower() == "x-gmail-fetch-info":
            return  # collected from another provider by POP: it never passed the door
        if name.lower() == "authentication-results" and _author(text) == receiver.lower():
            above.append(text)
            if taken_in:
                break
        if name.lower() == "received":
            if taken_in:
                break
            taken_in = (by := _BY.search(text)) is not None and by[1].lower().rstrip(".") == receiver.lower()
            if taken_in and (above or receiver.lower() not in _WRITE_BELOW):
                break
    yield from above if taken_in else ()


def _author(field: str) -> str:
    return _without_comments(field).partition(";")[0].strip().partition(" ")[0].lower()


def statements(field: str) -> Iterator[tuple[str, Result, dict[str, str]]]:
    """(method, result, properties) of each statement. A failure that the domain itself asks to overlook is none."""
    for comments, statement in _statements(field):
        if found := _RESULT.match(statement):
            method = found["method"].lower()
            result = _RESULTS.get(found["result"].lower(), Result.NONE)
            overlooked = _ASKS_FOR_NOTHING.search(comments) or microsoft.asks_for_nothing(statement)
            if method == "dmarc" and result is Result.FAIL and overlooked:
                result = Result.NONE
            stated = _PROPERTY.findall(statement)
            yield method, result, {name.lower(): (quoted or plain).lower() for name, quoted, plain in stated}


def _statements(field: str) -> Iterator[tuple[str, str]]:
    for statement in field.split(";")[1:]:
        yield statement, _without_comments(statement)


def _without_comments(text: str) -> str:
    kept, depth = [], 0
    for letter in text:
        depth = max(0, depth + (letter == "(") - (letter == ")"))
        if not depth and letter != ")":
            kept.append(letter)
    return "".join(kept)


def _best(
    stated: list[tuple[str, Result, dict[str, str]]], method: str, properties: tuple[str, ...], claimed: str
) -> Finding:
    """Of several results (a mail may be signed twice) the one that says most: a pass for the claimed domain first."""
    found = [
        Finding(result, next((_domain(named[one]) for one in properties if one in named), ""))
        for said, result, named in stated
        if said == method
    ]
    order = {Result.PASS: 0, Result.FAIL: 1, Result.NONE: 2}
    return min(found, key=lambda one: (order[one.result], one.domain != claimed), default=Finding())


def _domain(value: str) -> str:
    return value.rpartition("@")[2].strip().rstrip(".")
