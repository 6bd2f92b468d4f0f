"""Where programs disagree about who wrote a mail, we say that nobody can know."""

from __future__ import annotations

import re
from email import message_from_string, policy
from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everyhand.channels.email.parsing.addresses import normal
from everyhand.channels.email.parsing.mail import parse
from everyhand.channels.email.parsing.sender import AMBIGUOUS, names_only
from tests.cast import NOON

ADA, MALLORY = "ada@example.org", "mallory@evil.test"

# What a From field is made of, by people, by faulty programs, and by whoever wants each program to see another sender.
PIECES = st.sampled_from(
    [
        *(ADA, MALLORY, f"<{ADA}>", f"<{MALLORY}>", f'"{ADA}"', f"({ADA})", f"({MALLORY})", '"ada"@example.org'),
        *("ada(@evil.test)@example.org", f"<@evil.test:{ADA}>", "=?utf-8?q?ada=40example.org?="),
        *("=?utf-8?q?=3Cada=40example.org=3E?=", "Ada", "group:", "mailto:", "<", "<", ">", ">", '"', "(", ")", "["),
        *("]", ",", ";", ":", "\\", "@", " ", "\r\n ", "\t", "\x00", "\xa0", "'"),
    ]
)


def legacy(field: str) -> list[str]:
    """Python's first parser, which many programs still use."""
    try:
        return [email for _name, email in getaddresses([re.sub("[\r\n]", "", field)])]
    except RecursionError:
        return []


def modern(field: str) -> list[str]:
    """Python's second parser, after the grammar of RFC 5322. It stumbles over some fields (python/cpython#105802)."""
    try:
        return [
            one.addr_spec
            for one in message_from_string(f"From: {field}\r\n\r\n", policy=policy.default)["from"].addresses
        ]
    except (IndexError, AttributeError, ValueError, TypeError):
        return []


def in_brackets(field: str) -> list[str]:
    """What a single regular expression finds, in a field without quotes and comments that could mislead it."""
    return [] if re.search(r'["()\\]|=\?', field) else re.findall(r"<([^<>]*)>", field)


@settings(max_examples=600)
@given(st.lists(PIECES, min_size=1, max_size=6).map("".join))
def test_a_sender_that_is_not_in_doubt_is_the_one_that_every_reader_sees(field: str) -> None:
    inbound = parse(f"From: {field}\r\nSubject: Paper\r\n\r\n".encode(), source="", at=NOON)
    if inbound.sender_doubtful:
        return
    for read in (legacy, modern, in_brackets):
        seen = {normal(one).lower() for one in read(field)} & {ADA, MALLORY}
        assert seen <= {inbound.sender.email.lower()}, read.__doc__


@pytest.mark.parametrize(
    "field",
    [
        f"{ADA} <{MALLORY}>",
        f"<{MALLORY}> {ADA}",
        f'<{MALLORY}> "{ADA}"',
        f'"{ADA}" {MALLORY}',
        f"Ada <{ADA}>{MALLORY}",
        f"<@evil.test:{ADA}>",
        f"{ADA}\x00 <{ADA}>",
        f"=?utf-8?q?ada=40example.org?= {MALLORY}",
        "=?utf-8?q?Ada_=3Cada=40example.org=3E?=",
        '"' * 200_000 + f"<{ADA}>",
    ],
)
def test_a_field_that_can_be_read_in_two_ways_proves_nothing(field: str) -> None:
    inbound = parse(f"From: {field}\r\nSubject: Paper\r\n\r\n".encode(), source="", at=NOON)
    assert inbound.sender_doubtful
    assert AMBIGUOUS in inbound.remarks


@pytest.mark.parametrize(
    "field",
    [
        ADA,
        f"Ada Brown <{ADA}>",
        f"<{ADA}>",
        f"{ADA} (Ada Brown)",
        f'"Brown, Ada" <{ADA}>',
        f"Brown, Ada <{ADA}>",
        f"{ADA} <{ADA}>",
        f'"{ADA}" <{ADA}>',
        f"'{ADA}' <Ada@Example.org>",
        f'"boss@corp.test" <{ADA}>',
        f"=?utf-8?q?boss=40corp.test?= <{ADA}>",
        f"=?utf-8?q?Ada?=\r\n =?utf-8?q?_Brown?= <{ADA}> (route 4)",
        f"Ada (Sales <{ADA}>",
        "ada(of route 4)@example.org",
        '"ada"@example.org',
    ],
)
def test_the_mistakes_of_honest_programs_leave_no_doubt(field: str) -> None:
    assert names_only(field, ADA)


def test_a_server_without_an_address_is_not_taken_for_two() -> None:
    assert names_only("Mail Delivery Subsystem <MAILER-DAEMON>", "MAILER-DAEMON")
    assert names_only("jörg@bücher.example", "jörg@xn--bcher-kva.example")
    assert names_only("Ada <ada@[IPv6:2001:db8::1]>", "ada@[ipv6:2001:db8::1]")
