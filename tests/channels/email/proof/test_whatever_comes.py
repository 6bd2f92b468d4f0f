"""No header, no DNS record and no mail can make the judging fail, or prove what is not proved."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from everyhand.channels.email.authentication import receiver, spf
from everyhand.channels.email.authentication.judge import _Verification
from everyhand.channels.email.authentication.lookup import Questions
from everyhand.channels.email.models import Mail
from everyhand.desk.verdict import Result, Verdict
from tests.channels.email.door import Door, send
from tests.channels.email.proof.senders import EVIL_SERVER, World, brought, world, written

ADA = "ada@example.org"

# Pieces of what such fields are made of, in any order.
PIECES = st.sampled_from(
    [
        *(
            "mx.courier.test",
            ";",
            "=",
            "dmarc",
            "pass",
            "fail",
            "spf",
            "dkim",
            "header.from",
            "example.org",
            " ",
            "\r\n\t",
        ),
        *(
            "(",
            ")",
            '"',
            "\\",
            "v=1",
            "a=rsa-sha256",
            "d=example.org",
            "s=post",
            "h=from",
            "bh=",
            "b=",
            "l=0",
            "i=1",
            "é",
        ),
    ]
)
fields = st.lists(PIECES, max_size=40).map("".join)
TERMS = st.sampled_from(
    [
        *(
            "a",
            "mx",
            "ptr",
            "all",
            "-all",
            "~all",
            "include:example.org",
            "exists:%{i}.example.org",
            "ip4:192.0.2.0/24",
        ),
        *(
            "ip6:2001:db8::/32",
            "a:%{d}//64",
            "redirect=loop.test",
            "include:loop.test",
            "%",
            "=",
            ":",
            "/",
            "exp=%{p}.x.y",
        ),
        *(
            "mx:example.org/0",
            "?exists:%{ir}.%{v}.%{h}.x.org",
            "a:" + "x" * 80 + ".org",
            "exists:%{S}.%{l1r+-}.org",
            "-",
        ),
    ]
)


@given(fields)
@example("mx.courier.test; dmarc=pass header.from=")
def test_no_field_of_a_stranger_proves_anything(field: str) -> None:
    below = f"Received: by mx.courier.test; x\r\nAuthentication-Results: {field}\r\n".encode()
    verdict = receiver.verdict_of(below + written(ADA), receiver="mx.courier.test", claimed="example.org")
    assert verdict is None


@given(fields)
def test_whatever_our_receiver_writes_is_read_without_stumbling(field: str) -> None:
    above = f"Authentication-Results: {field}\r\nReceived: by mx.courier.test; x\r\n".encode()
    verdict = receiver.verdict_of(above + written(ADA), receiver="mx.courier.test", claimed="example.org")
    assert verdict is None or isinstance(verdict, Verdict)


@settings(max_examples=200)
@given(st.lists(fields, max_size=4), st.binary(max_size=200))
def test_no_signature_of_a_stranger_makes_a_forgery_pass(signatures: list[str], body: bytes) -> None:
    names = ("DKIM-Signature", "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results")
    head = "".join(f"{name}: {field}\r\n" for name, field in zip(names, signatures, strict=False)).encode()
    arrival = brought(head + written(ADA) + body, ADA, peer=EVIL_SERVER)
    assert _Verification(arrival, Questions(world(), seconds=6)).verdict().dmarc.result is Result.FAIL


@settings(max_examples=200)
@given(st.lists(TERMS, max_size=12), st.sampled_from(["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"]))
def test_every_spf_record_has_a_result_and_costs_few_questions(terms: list[str], peer: str) -> None:
    dns = World()
    dns.publish("loop.test", "TXT", "v=spf1 include:loop.test include:loop.test a mx ptr -all")
    dns.publish("example.org", "TXT", " ".join(["v=spf1", *terms]))
    dns.publish("example.org", "A", "192.0.2.1")
    dns.publish("example.org", "MX", *(f"mx{number}.example.org" for number in range(10)))
    result, domain = spf.check(Questions(dns, seconds=6), peer=peer, helo="mail.test", mail_from=ADA)
    assert result in {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"}
    assert domain == "example.org"
    assert len(dns.asked) <= 150


@pytest.mark.django_db(transaction=True)
def test_the_door_keeps_who_brought_a_mail_and_what_they_called_themselves(door: Door) -> None:
    send(door)
    mail = Mail.objects.get()
    assert mail.source == "smtp 127.0.0.1"
    assert mail.helo
    assert mail.helo.isprintable()
