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
    judge = Judge(trusted_receiver="mx.courier.test", resolver=world())
    return judge.judge(Arrival(top.encode() + LETTER, source, claims))


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


def test_without_the_setting_no_field_is_read() -> None:
    letter = (PASSED + RECEIVED).encode() + LETTER
    assert Judge(resolver=world()).judge(Arrival(letter, "imap", ADA)) == Verdict()
