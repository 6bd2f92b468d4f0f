"""The verdict on a mail that was brought straight to our door: the DNS says who may speak for a domain."""

from __future__ import annotations

import time

import pytest

from everyhand.channels.email.authentication import Arrival, Judge, forwarders
from everyhand.channels.email.authentication.lookup import NoAnswer, Questions
from everyhand.desk.reasons import in_words
from everyhand.desk.verdict import Finding, Result, Verdict
from tests.channels.email.proof.senders import (
    EVIL_SERVER,
    EXAMPLE_SERVER,
    World,
    brought,
    sealed,
    signed,
    world,
    written,
)

ADA = "ada@example.org"
LETTER = written(f"Ada <{ADA}>")


def judged(arrival: Arrival, dns: World | None = None, **settings: object) -> Verdict:
    return Judge(resolver=dns or world(), **settings).judge(arrival)  # type: ignore[arg-type]


def test_a_mail_of_the_domains_own_server_is_proved() -> None:
    verdict = judged(brought(LETTER, ADA))
    assert (verdict.spf, verdict.dmarc) == (Finding(Result.PASS, "example.org"), Finding(Result.PASS, "example.org"))
    assert in_words(verdict) == "Proved to come from example.org"


def test_a_signed_mail_is_proved_by_whatever_server_it_comes() -> None:
    verdict = judged(brought(signed(LETTER, "example.org"), ADA, peer=EVIL_SERVER))
    assert (verdict.spf.result, verdict.dkim.result, verdict.dmarc.result) == ("fail", "pass", "pass")


def test_a_forged_mail_is_one_that_its_domain_disowns() -> None:
    verdict = judged(brought(LETTER, ADA, peer=EVIL_SERVER))
    assert verdict.is_forged
    assert in_words(verdict) == "Claims to come from example.org, but that domain says it is forged"


def test_proofs_of_another_domain_prove_nothing_about_this_one() -> None:
    verdict = judged(brought(signed(LETTER, "evil.test"), ADA, peer=EVIL_SERVER, envelope_from="me@evil.test"))
    assert verdict.dkim == verdict.spf == Finding(Result.PASS, "evil.test")
    assert verdict.is_forged


def test_a_changed_mail_has_lost_its_signature() -> None:
    changed = signed(LETTER, "example.org").replace(b"No paper", b"Pay me,")
    assert judged(brought(changed, ADA, peer=EVIL_SERVER)).is_forged


@pytest.mark.parametrize("sender", ["ada@quiet.test", "ada@lax.test"])
def test_a_domain_that_asks_for_nothing_leaves_it_open(sender: str) -> None:
    verdict = judged(brought(written(sender), sender, peer=EVIL_SERVER))
    assert (verdict.is_proved, verdict.is_forged) == (False, False)
    assert in_words(verdict) == "Nobody vouches for the sender"


def test_a_signature_of_the_very_domain_proves_it_where_there_is_no_policy() -> None:
    letter = signed(written("ada@quiet.test"), "quiet.test")
    verdict = judged(brought(letter, "ada@quiet.test", peer=EVIL_SERVER))
    assert verdict.dmarc.result == "none"
    assert in_words(verdict) == "Proved to come from quiet.test"


def test_a_mailing_service_is_named_when_it_alone_vouches() -> None:
    letter = signed(written("ada@lax.test"), "evil.test")
    assert "Sent through evil.test" in in_words(judged(brought(letter, "ada@lax.test", peer=EVIL_SERVER)))


def test_subdomains_of_one_owner_speak_for_each_other_unless_it_is_strict() -> None:
    letter = signed(LETTER, "mail.example.org")
    assert judged(brought(letter, ADA, peer=EVIL_SERVER)).is_proved
    dns = world()
    dns.records["_dmarc.example.org", "TXT"] = ["v=DMARC1; p=reject; adkim=s; aspf=s"]
    assert judged(brought(letter, ADA, peer=EVIL_SERVER), dns).is_forged
    assert judged(brought(LETTER, ADA), dns).is_proved


def test_two_customers_of_one_registry_are_not_one_owner() -> None:
    dns = world()
    dns.publish("_dmarc.gov.test", "TXT", "v=DMARC1; p=reject; psd=y")
    dns.publish("tax.gov.test", "TXT", f"v=spf1 ip4:{EVIL_SERVER} -all")
    sender = "king@palace.gov.test"
    verdict = judged(brought(written(sender), sender, peer=EVIL_SERVER, envelope_from="x@tax.gov.test"), dns)
    assert verdict.spf.result == "pass"
    assert not verdict.is_proved


@pytest.mark.parametrize(
    "weak",
    [
        signed(LETTER, "example.org", length=True) + b"and something below",
        signed(LETTER, "example.org", signature_algorithm=b"rsa-sha1"),
    ],
)
def test_a_signature_that_does_not_cover_what_is_read_proves_nothing(weak: bytes) -> None:
    assert judged(brought(weak, ADA, peer=EVIL_SERVER)).is_forged


@pytest.mark.parametrize("away", ["_dmarc.example.org", "example.org", "post._domainkey.example.org"])
def test_trouble_with_the_dns_proves_nothing_and_blames_nobody(away: str) -> None:
    dns = world()
    dns.down.add(away)
    verdict = judged(brought(signed(LETTER, "example.org"), ADA, peer=EVIL_SERVER), dns)
    assert not verdict.is_forged
    dns.records.clear()
    assert not judged(brought(LETTER, ADA, peer=EVIL_SERVER), dns).is_forged


def test_a_forger_gains_nothing_by_servers_of_their_own_that_never_answer() -> None:
    class Slow(World):
        now = 0.0

        def ask(self, name: str, kind: str, *, seconds: float) -> list[str]:
            if name.endswith("evil.test"):
                self.now += seconds
                raise NoAnswer(name)
            return super().ask(name, kind, seconds=seconds)

    dns = Slow()
    dns.records = world().records
    letter = LETTER
    for _ in range(4):
        letter = signed(letter, "evil.test")
    forged = brought(letter, ADA, peer=EVIL_SERVER, envelope_from=ADA)
    assert judged(forged, dns, monotonic=lambda: dns.now).is_forged
    assert dns.now == 6  # they did use up the time


def test_the_waiting_for_all_questions_about_one_mail_has_a_limit() -> None:
    now = iter([0.0, 3.0, 100.0, 103.1])
    questions = Questions(world(), seconds=6, monotonic=lambda: next(now))
    assert questions.ask("example.org", "TXT")
    assert questions.ask("example.org", "TXT")
    with pytest.raises(NoAnswer):
        questions.ask("example.org", "TXT")


def test_a_mail_from_a_server_of_our_own_is_judged_by_its_signature_alone() -> None:
    assert judged(brought(LETTER, ADA, peer="10.0.0.5")).dmarc.result == "none"
    assert judged(brought(signed(LETTER, "example.org"), ADA, peer="127.0.0.1")).is_proved


@pytest.mark.parametrize("source", ["inbox/17.eml", "-", "imap help@courier.test", "smtp unknown", "smtp", ""])
def test_what_came_another_way_is_not_looked_up(source: str) -> None:
    dns = world()
    assert judged(Arrival(LETTER, source, ADA), dns) == Verdict()
    assert not dns.asked


def test_it_can_be_switched_off() -> None:
    assert judged(brought(LETTER, ADA, peer=EVIL_SERVER), verify=False) == Verdict()


@pytest.mark.parametrize("sender", ["", "nobody", "a@", "a@b@", "a@" + "x" * 400, "a@ex ample.org", "a@..", "a@é.org"])
def test_strange_senders_do_no_harm(sender: str) -> None:
    assert not judged(brought(LETTER, sender, envelope_from=sender)).is_proved


@pytest.mark.parametrize(
    "field",
    [
        b"",
        b" v=1; d=example.org",
        b" v=1; a=rsa-sha256; d=example.org; s=post; h=from; bh=AAAA; b=AAAA",
        b" v=1; a=rsa-sha256; c=x/y; d=example.org; s=post; h=from; bh=AAAA; b=AAAA",
        b" v=1; a=ed25519-sha256; d=example.org; s=post; h=from; bh=AAAA; b=AAAA",
        b" v=1; a=rsa-sha256; d=\xff\xfe; s=\xff; h=from; bh=A; b=A",
        b" " + b"v=1;" * 2_000,
        b" =;=;=",
    ],
)
def test_broken_signatures_do_no_harm_and_excuse_no_forgery(field: bytes) -> None:
    letter = b"DKIM-Signature:" + field + b"\r\n" + b"ARC-Seal:" + field + b"\r\n" + LETTER
    assert judged(brought(letter, ADA, peer=EVIL_SERVER)).is_forged
    assert judged(brought(letter, ADA)).is_proved


def test_a_forwarders_seal_is_told_and_changes_nothing_else() -> None:
    forwarded = judged(brought(sealed(LETTER, "evil.test"), ADA, peer=EVIL_SERVER))
    assert forwarded.arc == Finding(Result.PASS, "evil.test")
    assert forwarded.is_forged
    changed = sealed(LETTER, "evil.test").replace(b"No paper", b"Pay me,")
    assert judged(brought(changed, ADA, peer=EVIL_SERVER)).arc == Finding(Result.FAIL, "evil.test")


PASSED_THERE = "dmarc=pass header.from=example.org"


def test_a_trusted_forwarders_seal_says_what_the_mail_proved_before_it_was_changed() -> None:
    listed = brought(sealed(LETTER, "evil.test", PASSED_THERE), ADA, peer=EVIL_SERVER)
    verdict = judged(listed, forwarders=["evil.test"])
    assert verdict.is_proved
    assert verdict.vouched_by == "evil.test"
    assert in_words(verdict) == "Came from example.org when it reached evil.test, which passed it on, says evil.test"
    assert Verdict.from_json(verdict.as_json()) == verdict
    assert judged(listed, forwarders=["other.test"]).is_forged
    assert judged(listed).is_forged


@pytest.mark.parametrize(
    "found",
    [
        "dmarc=fail header.from=example.org",
        "dmarc=pass header.from=evil.test",
        "dmarc=pass",
        "spf=pass smtp.mailfrom=example.org",
        "(dmarc=pass header.from=example.org) arc=none",
    ],
)
def test_a_trusted_forwarder_that_says_anything_else_vouches_for_nobody(found: str) -> None:
    forwarded = brought(sealed(LETTER, "evil.test", found), ADA, peer=EVIL_SERVER)
    assert judged(forwarded, forwarders=["evil.test"]).is_forged


def test_what_was_changed_after_it_was_sealed_is_vouched_for_by_nobody() -> None:
    letter = sealed(LETTER, "evil.test", PASSED_THERE)
    assert judged(
        brought(letter.replace(b"No paper", b"Pay me,"), ADA, peer=EVIL_SERVER), forwarders=["evil.test"]
    ).is_forged
    lied = sealed(LETTER, "evil.test", "dmarc=fail header.from=example.org").replace(b"dmarc=fail", b"dmarc=pass")
    assert judged(brought(lied, ADA, peer=EVIL_SERVER), forwarders=["evil.test"]).is_forged


def chain(*links: tuple[str, str], signs: str = "from:subject") -> bytes:
    """The fields of a chain in the order of its links, (who sealed, what they found); no signature in it is real."""
    fields = ""
    for number, (sealer, found) in enumerate(links, start=1):
        fields = (
            f"ARC-Seal: i={number}; a=rsa-sha256; cv=pass; d={sealer}; s=post; b=x\r\n"
            f"ARC-Message-Signature: i={number}; a=rsa-sha256; d={sealer}; s=post; h={signs}; bh=x; b=x\r\n"
            f"ARC-Authentication-Results: i={number}; mx.{sealer}; {found}\r\n{fields}"
        )
    return fields.encode() + LETTER


BEFORE = ("lists.test", PASSED_THERE)
AFTER = ("last.test", "arc=pass; dmarc=fail header.from=example.org")


@pytest.mark.parametrize(
    ("letter", "trusted", "vouching"),
    [
        (chain(BEFORE, AFTER), ["lists.test", "last.test"], "lists.test"),
        (chain(BEFORE, AFTER), ["lists.test"], ""),  # the last could have invented the first
        (chain(BEFORE, AFTER), ["last.test"], ""),
        (chain(("unknown.test", PASSED_THERE), AFTER), ["last.test"], ""),
        (chain(BEFORE, signs="subject:to"), ["lists.test"], ""),  # anybody's From
        (chain(BEFORE, signs="from:subject; l=0"), ["lists.test"], ""),  # anybody's words below
        (chain(BEFORE, BEFORE).replace(b"i=2", b"i=1"), ["lists.test"], ""),
        (LETTER, ["lists.test"], ""),
        (b"ARC-Seal: nonsense\r\n" + LETTER, ["lists.test"], ""),
    ],
)
def test_a_chain_is_believed_from_its_end_as_far_as_it_is_trusted(
    letter: bytes, trusted: list[str], vouching: str
) -> None:
    assert forwarders.vouching(letter, "example.org", trusted=trusted) == vouching


def test_a_mail_made_to_be_slow_is_judged_as_fast_as_others() -> None:
    blanks = (b" " * 190_000 + b"x\r\n") * 5
    letter = signed(LETTER, "example.org", canonicalize=(b"relaxed", b"relaxed")) + blanks
    began = time.perf_counter()
    assert judged(brought(letter, ADA, peer=EXAMPLE_SERVER)).is_proved
    assert time.perf_counter() - began < 2


def test_a_mail_of_nothing_but_blanks_is_not_worth_the_trouble() -> None:
    letter = signed(LETTER + b"x " * 1_100_000, "example.org")
    began = time.perf_counter()
    assert judged(brought(letter, ADA, peer=EVIL_SERVER)).is_forged
    assert time.perf_counter() - began < 2


def test_a_verdict_is_kept_and_read_again() -> None:
    verdict = judged(brought(signed(LETTER, "example.org"), ADA))
    assert Verdict.from_json(verdict.as_json()) == verdict
    assert Verdict.from_json({}) == Verdict()
    assert Verdict().as_json() == {}
    assert in_words(Verdict()) == ""


def test_what_a_provider_brings_by_http_is_proved_by_its_signature_and_disowned_by_nothing() -> None:
    def by_webhook(raw: bytes, source: str = "webhook mailgun") -> Verdict:
        return judged(Arrival(raw, source, ADA, ADA))

    verdict = by_webhook(signed(LETTER, "example.org"))
    assert (verdict.spf.result, verdict.dkim.result, verdict.dmarc.result) == ("none", "pass", "pass")
    # Whose server it came from is not known, and that server might have spoken for it.
    assert by_webhook(LETTER).dmarc.result == by_webhook(signed(LETTER, "evil.test")).dmarc.result == "none"
    # A provider that took it apart broke its signature.
    assert by_webhook(signed(LETTER, "example.org"), "webhook mailgun, rebuilt") == Verdict()


def test_a_trusted_receiver_is_not_believed_in_what_came_through_somebody_else() -> None:
    said = b"Authentication-Results: mx.courier.test; dmarc=pass header.from=example.org\r\n"
    forged = said + b"Received: from evil.test by mx.courier.test; Mon, 2 Mar 2026 12:00:00 +0000\r\n" + LETTER
    assert judged(Arrival(forged, "lmtp", ADA), trusted_receiver="mx.courier.test").is_proved
    for source in ("webhook mailgun", "webhook mailgun, rebuilt", "imap help@imap.elsewhere.test/INBOX 7/1"):
        assert not judged(Arrival(forged, source, ADA), trusted_receiver="mx.courier.test").is_proved
