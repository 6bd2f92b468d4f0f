"""Who a mail names, however it is written."""

from __future__ import annotations

import pytest

from everyhand.channels.email.parsing import addresses
from everyhand.desk.inbound import Address
from tests.channels.email.parsing.mails import mail, read

ANN = Address("Ann Meyer", "ann@example.com")
BEN = Address("Ben", "ben@example.org")


@pytest.mark.parametrize(
    "sent",
    [
        "Ann Meyer <ann@example.com>",
        '"Ann Meyer" <ann@example.com>',
        "'Ann Meyer' <ann@example.com>",
        "\"'Ann Meyer'\" <ann@example.com>",
        "ann@example.com (Ann Meyer)",
        "Ann Meyer ann@example.com",
        "Ann(works here) Meyer <ann(at home)@example.com(our host)>",
        "Ann Meyer <<ann@example.com>>",
        "Ann Meyer <ann@example.com",
        "Ann Meyer <@relay.example,@other.example:ann@example.com>",
        "Ann Meyer <mailto:ann@example.com>",
        "=?utf-8?q?Ann_Meyer?= <ann@example.com>",
        '"=?utf-8?q?Ann_Meyer?=" <ann@example.com>',
        "=?utf-8?q?Ann_Meyer_<ann@example.com>?=",
        '"Ann\r\n Meyer" <ann@EXAMPLE.com>',
    ],
)
def test_ann_is_recognised_however_her_program_writes_her(sent: str) -> None:
    assert addresses.parse(sent) == [ANN]


@pytest.mark.parametrize(
    "sent",
    [
        "Ann Meyer <ann@example.com>, Ben <ben@example.org>",
        "Ann Meyer <ann@example.com>; Ben <ben@example.org>;",
        "Ann Meyer <ann@example.com> Ben <ben@example.org>",
        "Friends: Ann Meyer <ann@example.com>, Ben <ben@example.org>;",
        "Ann Meyer <ann@example.com>,, ,Ben <ben@example.org>,",
    ],
)
def test_lists_and_groups_name_everybody_in_them(sent: str) -> None:
    assert addresses.parse(sent) == [ANN, BEN]


@pytest.mark.parametrize("sent", ["undisclosed-recipients:;", "Undisclosed recipients: ;", "", " , ;", "<>"])
def test_an_empty_group_names_nobody(sent: str) -> None:
    assert addresses.parse(sent) == []


@pytest.mark.parametrize(
    ("sent", "name", "email"),
    [
        ('"Meyer, Ann" <ann@example.com>', "Meyer, Ann", "ann@example.com"),
        ("=?utf-8?Q?Meyer,_Ann?= <ann@example.com>", "Meyer, Ann", "ann@example.com"),
        ('"Ann \\"A\\" Meyer" <ann@example.com>', 'Ann "A" Meyer', "ann@example.com"),
        ('"Ann Meyer <ann@example.com>', "Ann Meyer", "ann@example.com"),
        ("Ann (Sales <ann@example.com>", "Ann (Sales", "ann@example.com"),
        ('"ann meyer"@example.com', "", '"ann meyer"@example.com'),
        ("ann@[IPv6:2001:db8::1]", "", "ann@[ipv6:2001:db8::1]"),
        ("Ann <Ann.Meyer@Example.COM>", "Ann", "Ann.Meyer@example.com"),
        ("Jörg <jörg@bücher.example>", "Jörg", "jörg@xn--bcher-kva.example"),
        ("Ann\u202e <ann@\u200bexample.com>", "Ann", "ann@example.com"),
        ("MAILER-DAEMON", "MAILER-DAEMON", ""),
    ],
)
def test_odd_names_and_addresses_come_out_whole(sent: str, name: str, email: str) -> None:
    assert addresses.parse(sent) == [Address(name, email)]


def test_raw_bytes_in_an_address_are_read_too() -> None:
    assert read("From: Jörg <jörg@bücher.example>\n\n".encode()).sender == Address("Jörg", "jörg@xn--bcher-kva.example")
    assert read(b"From: \xff@example.com\n\n").sender.email == "ÿ@example.com"


def test_an_address_hidden_in_a_name_or_a_comment_is_never_the_senders() -> None:
    assert addresses.parse('"boss@corp.example" <evil@evil.example>')[0].email == "evil@evil.example"
    assert addresses.parse("evil(@corp.example)@evil.example")[0].email == "evil@evil.example"
    assert addresses.parse("=?utf-8?q?boss=40corp.example?= <evil@evil.example>")[0].email == "evil@evil.example"
    inbound = read(b'From: "boss@corp.example" <evil@evil.example>\n\n')
    assert any("looks like another address" in remark for remark in inbound.remarks)


@pytest.mark.parametrize(
    "raw",
    [
        b"From: ann@example.com\nFrom: evil@evil.example\n\n",
        b"From: ann@example.com, evil@evil.example\n\n",
        b"From: Ann <ann@example.com> Evil <evil@evil.example>\n\n",
    ],
)
def test_a_mail_that_names_two_senders_is_shown_as_unproven(raw: bytes) -> None:
    inbound = read(raw)
    assert inbound.sender.email == "ann@example.com"
    assert any("more than one sender" in remark for remark in inbound.remarks)


def test_a_mail_without_a_sender_takes_the_next_best_field_and_says_so() -> None:
    inbound = read(b"Return-Path: <ann@example.com>\n\nHello")
    assert inbound.sender.email == "ann@example.com"
    assert any("Return-Path" in remark for remark in inbound.remarks)


def test_the_envelope_says_where_a_mail_went_and_the_header_only_where_it_does_not() -> None:
    raw = mail(to="list@example.com", cc="help@example.com", delivered_to="Help@Example.com")
    assert read(raw).recipients == ("Help@example.com", "list@example.com", "help@example.com")
