"""The verdict of a server of ours that took the mail in before us, and all the ways to pretend that there was one."""

from __future__ import annotations

import pytest

from everyhand.channels.email.authentication import Arrival, Judge
from everyhand.desk.verdict import Finding, Result, Verdict
from tests.channels.email.proof.senders import EVIL_SERVER, brought, world, written

ADA = "ada@example.org"
LETTER = written(f"Ada <{ADA}>")
RECEIVED = "Received: from out.example.org ([192.0.2.25])\r\n\tby mx.courier.test (Postfix) with ESMTPS; Mon\r\n"
PASSED = (
    "Authentication-Results: mx.courier.test; dkim=pass (2048-bit key) header.d=example.org header.i=@example.org;\r\n"
    "\tspf=pass smtp.mailfrom=ada@example.org; dmarc=pass (p=REJECT dis=NONE) header.from=example.org; arc=none\r\n"
)
FAILED = "Authentication-Results: mx.courier.test; dmarc=fail (p=reject; dis=none) header.from=example.org\r\n"


def judged(top: str, *, source: str = "imap help@courier.test", claims: str = ADA) -> Verdict:
    return Judge(resolver=world()).judge(Arrival(top.encode() + LETTER, source, claims, receiver="mx.courier.test"))


def test_what_our_receiver_found_is_taken_over() -> None:
    verdict = judged(PASSED + RECEIVED)
    assert verdict.spf == verdict.dkim == verdict.dmarc == Finding(Result.PASS, "example.org")
    assert verdict.judged_by == "mx.courier.test"
    assert judged(FAILED + RECEIVED).is_forged


def test_two_fields_of_it_are_read_together() -> None:
    signed = "Authentication-Results: mx.courier.test; dkim=pass header.d=example.org\r\n"
    verdict = judged(FAILED + signed + RECEIVED)
    assert (verdict.dkim.result, verdict.dmarc.result) == ("pass", "fail")


@pytest.mark.parametrize(
    "top",
    [
        RECEIVED + PASSED,  # below: it came with the mail
        PASSED,  # without any sign that our receiver took it in
        PASSED.replace("mx.courier.test", "mx.evil.test") + RECEIVED,
        PASSED.replace("mx.courier.test", "mx.courier.test.evil.test") + RECEIVED,
        PASSED.replace("mx.courier.test", "(mx.courier.test) mx.evil.test") + RECEIVED,
        PASSED.replace("Authentication-Results", "X-Authentication-Results") + RECEIVED,
        PASSED.replace("Authentication-Results", "ARC-Authentication-Results") + RECEIVED,
        PASSED + RECEIVED.replace("by mx.courier.test", "by mx.evil.test (not by mx.evil.test)"),
        "Authentication-Results: mx.courier.test; none\r\n" + RECEIVED,
        "Authentication-Results:\r\n" + RECEIVED,
        "Authentication-Results: mx.courier.test; (dmarc=pass) dkim=fail (dmarc=pass header.from=example.org)\r\n"
        + RECEIVED,
    ],
)
def test_nothing_else_is_believed(top: str) -> None:
    verdict = judged(top)
    assert not verdict.is_proved


def test_a_forged_pass_below_does_not_soften_the_fail_above() -> None:
    assert judged(FAILED + RECEIVED + PASSED).is_forged
    assert judged(FAILED + RECEIVED + PASSED + RECEIVED).is_forged


def test_who_comes_straight_to_our_door_can_not_bring_a_verdict() -> None:
    judge = Judge(trusted_receiver="mx.courier.test", resolver=world())
    forged = brought(PASSED.encode() + RECEIVED.encode() + LETTER, ADA, peer=EVIL_SERVER)
    assert judge.judge(forged).is_forged
    relayed = brought(PASSED.encode() + RECEIVED.encode() + LETTER, ADA, peer="127.0.0.1")
    assert judge.judge(relayed).is_proved


def test_a_receiver_that_took_somebody_else_for_the_sender_proves_nothing() -> None:
    assert not judged(PASSED + RECEIVED, claims="chair@courier.test").is_proved


@pytest.mark.parametrize(
    ("result", "forged"),
    [
        ("dmarc=fail (p=reject) header.from=example.org", True),
        ("dmarc = fail header.from=example.org", True),
        ("dmarc/1=fail header.from=example.org", True),
        ("dmarc=fail (p=NONE sp=NONE dis=NONE) header.from=example.org", False),
        ("dmarc=temperror header.from=example.org", False),
        ("dmarc=bestguesspass header.from=example.org", False),
        ("spf=fail smtp.mailfrom=example.org", False),
    ],
)
def test_only_a_failure_that_counts_is_a_forgery(result: str, *, forged: bool) -> None:
    assert judged(f"Authentication-Results: mx.courier.test 1; {result}\r\n" + RECEIVED).is_forged is forged


GMAIL = (
    "Delivered-To: help@courier.test\r\nReceived: by 2002:a05:7022:6b9f with SMTP id x; Mon\r\n"
    "ARC-Authentication-Results: i=1; mx.google.com; dmarc=pass header.from=example.org\r\n"
    "Received: from out.example.org by mx.google.com with ESMTPS id y; Mon\r\nReceived-SPF: pass\r\n"
)
BY_GMAIL = "Authentication-Results: mx.google.com; dmarc=%s header.from=example.org\r\n"


@pytest.mark.parametrize(
    ("top", "proved", "forged"),
    [
        (GMAIL + BY_GMAIL % "pass", True, False),
        (GMAIL + BY_GMAIL % "fail", False, True),
        (GMAIL + BY_GMAIL % "fail" + BY_GMAIL % "pass", False, True),
        (GMAIL + RECEIVED + BY_GMAIL % "pass", False, False),
        (GMAIL, False, False),
        (f"X-Gmail-Fetch-Info: help@elsewhere.test 1 pop.elsewhere.test\r\n{GMAIL}{BY_GMAIL % 'pass'}", False, False),
    ],
)
def test_the_one_that_writes_below_its_own_field_is_believed_once(top: str, *, proved: bool, forged: bool) -> None:
    arrival = Arrival(top.encode() + LETTER, "imap help@courier.test", ADA, receiver="mx.google.com")
    verdict = Judge(resolver=world()).judge(arrival)
    assert (verdict.is_proved, verdict.is_forged) == (proved, forged)


def test_without_the_setting_no_field_is_read() -> None:
    letter = (PASSED + RECEIVED).encode() + LETTER
    assert Judge(resolver=world()).judge(Arrival(letter, "imap", ADA)) == Verdict()


INSIDE = (
    "Received: from DB8PR01.eurprd01.prod.outlook.com (2603::1) by AM9PR01.eurprd01.prod.outlook.com with HTTPS; Mon\r\n"
    "Received: from DB5FT042.eop-EUR03.prod.protection.outlook.com (2603::2)\r\n"
    "\tby DB8PR01.outlook.office365.com (2603::3) with Microsoft SMTP Server (TLS); Mon\r\n"
)
BY_MICROSOFT = (
    "Authentication-Results: spf=pass (sender IP is 192.0.2.25) smtp.mailfrom=example.org;\r\n"
    " dkim=pass (signature was verified) header.d=example.org;dmarc=%s header.from=example.org;compauth=pass reason=100\r\n"
)
DOOR = (
    "Received: from out.example.org (192.0.2.25)\r\n"
    "\tby DB5FT042.mail.protection.outlook.com (10.152.20.24) with Microsoft SMTP Server; Mon\r\n"
)
FETCHED_THERE = "imap help@courier.test@outlook.office365.com/INBOX 7/5"
UNSIGNED = BY_MICROSOFT.replace("dkim=pass", "dkim=none")
PASS, FAIL = BY_MICROSOFT % "pass action=none", BY_MICROSOFT % "fail action=oreject"


@pytest.mark.parametrize(
    ("top", "source", "proved", "forged"),
    [
        (INSIDE + PASS + DOOR, FETCHED_THERE, True, False),
        (INSIDE + FAIL + DOOR, FETCHED_THERE, False, True),
        (INSIDE + FAIL + DOOR + PASS + DOOR, FETCHED_THERE, False, True),
        (INSIDE + UNSIGNED % "fail action=none" + DOOR, FETCHED_THERE, False, False),  # p=none
        (INSIDE + UNSIGNED % "bestguesspass action=none" + DOOR, FETCHED_THERE, False, False),
        (INSIDE + DOOR + PASS, FETCHED_THERE, False, False),  # below its door: it came with the mail
        (INSIDE + DOOR + PASS + DOOR, FETCHED_THERE, False, False),  # and so did this door
        (f"Received: from pc.courier.test by AM9.prod.outlook.com; Mon\r\n{PASS}{DOOR}", FETCHED_THERE, False, False),
        (INSIDE + PASS, FETCHED_THERE, False, False),  # nobody took it in
        (PASS + RECEIVED + INSIDE + DOOR, FETCHED_THERE, False, False),  # by somebody else in between
        (
            INSIDE + PASS + DOOR.replace("protection.outlook.com", "protection.outlook.com.evil.test"),
            FETCHED_THERE,
            False,
            False,
        ),
        (INSIDE + PASS.replace("spf=", "mx.evil.test; spf=") + DOOR, FETCHED_THERE, False, False),
        (INSIDE + PASS + DOOR, "imap help@courier.test@imap.evil.test/INBOX 7/5", False, False),
        (INSIDE + PASS + DOOR, "lmtp", False, False),
        (INSIDE + PASS + DOOR, "outlook.office365.com/1.eml", False, False),
    ],
)
def test_microsoft_is_believed_about_what_we_fetched_there(
    top: str, source: str, *, proved: bool, forged: bool
) -> None:
    judge = Judge(trusted_receiver="protection.outlook.com", resolver=world())
    verdict = judge.judge(Arrival(top.encode() + LETTER, source, ADA, receiver="protection.outlook.com"))
    assert (verdict.is_proved, verdict.is_forged) == (proved, forged)
    assert not (proved and verdict.judged_by != "protection.outlook.com")


def test_what_somebody_brings_to_our_door_can_not_pretend_to_come_from_microsoft() -> None:
    judge = Judge(trusted_receiver="protection.outlook.com", resolver=world())
    for peer in (EVIL_SERVER, "127.0.0.1"):
        verdict = judge.judge(brought((INSIDE + PASS + DOOR).encode() + LETTER, ADA, peer=peer))
        assert not verdict.is_proved
