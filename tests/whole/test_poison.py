"""Twelve mails made to break a parser come among a hundred good ones, through the running program."""

from __future__ import annotations

from tests.counts import Tell
from tests.servers.everyhand import RunningEveryhand
from tests.whole.company import Member, ask, ledger, subjects, wait_until_filed
from tests.whole.letters import HELP, letter

GOOD = 100


def bomb(name: str, *fields: bytes, body: bytes = b"Hello.\r\n") -> bytes:
    head = [b"From: Mallory <mallory@evil.test>", b"Subject: bomb: %s" % name.encode(), *fields]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def nested(depth: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))


BOMBS = {
    "a message id in brackets": bomb("brackets", b"Message-ID: <[abc]@x>"),
    "500 open parentheses": bomb("parentheses", b"To: " + b"(" * 500),
    "3,000 multiparts inside each other": bomb("multiparts", nested(3_000)),
    "3,000 messages inside each other": bomb("messages", b"Content-Type: message/rfc822\r\n\r\n" * 3_000),
    "100,000 To fields": bomb("to fields", b"\r\n".join([b"To: a@b.test"] * 100_000)),
    "20,000 addresses in one field": bomb(
        "addresses", b"To: " + b",\r\n ".join(b"u%d@b.test" % n for n in range(20_000))
    ),
    "20,000 encoded words": bomb("words", b"X-Words: " + b"\r\n ".join([b"=?utf-8?q?x=C3=A4?="] * 20_000)),
    "a charset nobody knows": bomb(
        "charset", b"Content-Type: text/plain; charset=unknown-8bit-zz", body=b"\xff\xfe\r\n"
    ),
    "a date at the end of time": bomb("date", b"Date: 31 Dec 9999 23:59:59 -2359"),
    "two senders": bomb("senders", b"From: Victim <victim@corp.test>"),
    "a lone surrogate and a NUL": bomb("surrogate", b"Content-Type: text/html", body=b"&#xD800; \x00 &#0;\r\n"),
    "10,000 parts": bomb("parts", b"Content-Type: multipart/mixed; boundary=x", body=b"--x\r\n\r\nHello\r\n" * 10_000),
}


def test_a_hundred_good_mails_are_filed_and_no_bomb_is_lost(everyhand: RunningEveryhand, tell: Tell) -> None:
    bombs = list(BOMBS.values())
    for number in range(GOOD):
        everyhand.send(letter(f"good {number}", sender=f"Reader <r{number}@customers.test>").as_bytes(), to=HELP)
        if number % 8 == 4 and bombs:
            everyhand.send(bombs.pop(0), to=HELP, sender="mallory@evil.test")
    assert not bombs
    wait_until_filed(everyhand, seconds=180)
    filed, counted = subjects(everyhand), ledger(everyhand)
    quarantined = ask(everyhand, "SELECT id, why FROM email_mail WHERE outcome = 'quarantined' ORDER BY id")
    tell(f"{GOOD} good mails and {len(BOMBS)} bombs: {counted}; quarantined because: {[why for _, why in quarantined]}")
    assert [filed[f"good {number}"] for number in range(GOOD)] == [1] * GOOD
    assert counted["accepted"] == GOOD + len(BOMBS)
    assert counted["balanced"]
    assert counted["pending"] == counted["suppressed"] == 0
    assert counted["filed"] + counted["quarantined"] == GOOD + len(BOMBS)
    assert all(why.endswith(".") for _, why in quarantined)

    ana = Member(everyhand)
    mail, why = quarantined[0]
    assert why in ana.open(f"/quarantine/{mail}").text.replace("&#39;", "'")
    assert ana.send(f"/quarantine/{mail}/retry", page=f"/quarantine/{mail}").status == 200
    tried_again = f"SELECT outcome, attempts FROM email_mail WHERE id = {mail}"  # noqa: S608 (a number of ours)
    everyhand.wait_until(
        lambda: ask(everyhand, tried_again) == [("quarantined", 1)], seconds=60, what="it was tried again and came back"
    )
    assert ledger(everyhand)["balanced"]
