"""The parser in a process of its own: a bomb costs that process, and the next mail is read as if nothing had been."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from everyhand.channels.email.parsing import isolated
from everyhand.channels.email.parsing.isolated import IsolatedParser, ParseFailed
from everyhand.channels.email.parsing.limits import TooHostile
from everyhand.channels.email.parsing.mail import parse
from everyhand.desk.inbound import Inbound
from tests.channels.email.parsing.mails import ANN, NOON, mail, multipart

# Ten million lines that look like boundaries: linear, but too many.
SLOW = mail("", content_type="multipart/mixed; boundary=b") + b"--\n" * 10_000_000


@pytest.fixture
def parser() -> Iterator[IsolatedParser]:
    parser = IsolatedParser(seconds=1.5)
    yield parser
    parser.close()


def read(parser: IsolatedParser, raw: bytes) -> Inbound:
    return parser.parse(raw, source="test", recipients=("help@example.com",), at=NOON)


def test_it_understands_what_the_parser_understands(parser: IsolatedParser) -> None:
    image = "Content-Type: image/png; name=l.png\nContent-ID: <l@x>\n\n\x89PNG"
    forwarded = "Content-Type: message/rfc822\n\nFrom: ben@example.org\nDate: 2 Mar 2026 12:00:00 +0000\n\nold words"
    raw = multipart("mixed", "Content-Type: text/html\n\n<p>Grüße", image.encode("latin-1"), forwarded)
    expected = parse(raw, source="test", recipients=("help@example.com",), at=NOON)
    assert read(parser, raw) == expected
    assert len(expected.files) == 2


def test_bounces_cross_over_whole(parser: IsolatedParser) -> None:
    report = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x.example\n\n" + (
        "Final-Recipient: rfc822; ben@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no"
    )
    raw = multipart("report; report-type=delivery-status", "\nSorry", report)
    bounce = read(parser, raw).bounce
    assert bounce == parse(raw, source="test", at=NOON).bounce
    assert bounce is not None
    assert bounce.addresses == ("ben@example.org",)


def test_a_refusal_keeps_its_sentence(parser: IsolatedParser) -> None:
    with pytest.raises(TooHostile, match="header fields"):
        read(parser, b"To: a@b.example\n" * 5_000)


def test_a_mail_that_takes_too_long_is_stopped_and_the_next_one_is_read(parser: IsolatedParser) -> None:
    read(parser, mail("warm"))
    started = time.monotonic()
    with pytest.raises(ParseFailed, match="longer than"):
        read(parser, SLOW)
    assert time.monotonic() - started < 12
    assert read(parser, mail("next")).text == "next"


def test_a_mail_that_needs_too_much_memory_is_stopped_and_the_next_one_is_read() -> None:
    parser = IsolatedParser(memory=16 * 1024 * 1024)
    try:
        with pytest.raises(ParseFailed, match="memory"):
            read(parser, mail("x" * 20_000_000, content_type="application/pdf"))
        assert read(parser, mail("next")).text == "next"
    finally:
        parser.close()


def test_a_file_of_26_megabytes_fits_into_the_limits() -> None:
    parser = IsolatedParser()
    content = os.urandom(1024) * 26 * 1024
    part = b"Content-Type: application/pdf; name=x.pdf\nContent-Transfer-Encoding: base64\n\n"
    body = b"--b\n\nHello\n--b\n" + part + base64.encodebytes(content) + b"--b--\n"
    try:
        inbound = read(parser, ANN + b"Content-Type: multipart/mixed; boundary=b\n\n" + body)
    finally:
        parser.close()
    assert (inbound.text, inbound.files[0].content) == ("Hello", content)


def test_a_process_that_dies_between_two_mails_is_replaced(parser: IsolatedParser) -> None:
    read(parser, mail("one"))
    os.kill(parser._idle[0].pid, signal.SIGKILL)
    assert read(parser, mail("two")).text == "two"


def test_without_the_program_that_forks_them_parsers_read_on_and_are_replaced(
    parser: IsolatedParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(parser, mail("one"))
    first, loaded = parser._idle[0].pid, program_of(parser)
    os.kill(loaded, signal.SIGKILL)
    assert read(parser, mail("two")).text == "two"
    assert processes_of(parser) == [first]

    monkeypatch.setattr(isolated, "MAILS_A_PROCESS", 1)
    read(parser, mail("three"))
    assert read(parser, mail("four")).text == "four"
    ended(first)
    monkeypatch.setattr(isolated, "MAILS_A_PROCESS", 9)
    read(parser, mail("five"))
    assert program_of(parser) not in (loaded, processes_of(parser)[0])


def test_many_threads_may_ask_at_once(parser: IsolatedParser) -> None:
    with ThreadPoolExecutor(8) as threads:
        texts = list(threads.map(lambda number: read(parser, mail(f"number {number}")).text, range(200)))
    assert texts == [f"number {number}" for number in range(200)]
    assert len(parser._idle) <= 2


def test_no_process_is_left_behind(parser: IsolatedParser) -> None:
    read(parser, mail("one"))
    processes = [program_of(parser), *processes_of(parser)]
    with pytest.raises(ParseFailed):
        read(parser, SLOW)
    parser.close()
    assert not [one for one in processes if Path(f"/proc/{one}").exists()]


def test_another_process_is_there_for_the_others_while_a_mail_keeps_one_busy(parser: IsolatedParser) -> None:
    read(parser, mail("Hello"))
    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(read, parser, SLOW)
        while parser._idle:
            time.sleep(0.001)
        texts = [read(parser, mail(f"number {number}")).text for number in range(20)]
        assert not slow.done()
        with pytest.raises(ParseFailed):
            slow.result()
    assert texts == [f"number {number}" for number in range(20)]


def test_those_that_nobody_needs_end(parser: IsolatedParser, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: read(parser, mail("Hello")), range(50)))
    together = processes_of(parser)

    parser.rest()  # they were needed just now
    assert processes_of(parser) == together

    monkeypatch.setattr(isolated, "NEEDED_WITHIN", -1.0)
    parser.rest()
    assert not processes_of(parser)
    for one in together:
        ended(one)
    assert read(parser, mail("Hello")).text == "Hello"


def processes_of(parser: IsolatedParser) -> list[int]:
    return [one.pid for one in parser._idle]


def program_of(parser: IsolatedParser) -> int:
    """Which forks them."""
    assert parser._loaded._program
    return parser._loaded._program[0].pid


def test_a_process_is_replaced_after_its_share_of_mails(
    parser: IsolatedParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolated, "MAILS_A_PROCESS", 1)
    read(parser, mail("one"))
    assert parser._idle == []
    assert read(parser, mail("two")).text == "two"


def test_it_ends_when_the_program_that_started_it_is_killed() -> None:
    program = (
        "from datetime import UTC, datetime; import os, signal\n"
        "from everyhand.channels.email.parsing.isolated import IsolatedParser\n"
        "parser = IsolatedParser(); parser.parse(b'', source='', at=datetime.now(UTC))\n"
        "print(parser._idle[0].pid, parser._loaded._program[0].pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    for orphan in map(int, done.stdout.split()):
        ended(orphan)


def ended(pid: int) -> None:
    """Within 5 seconds; at most waiting for its parent to notice."""
    process = Path(f"/proc/{pid}/stat")
    deadline = time.monotonic() + 5
    while (lives := process.exists() and process.read_text().split(") ")[1][0] != "Z") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not lives


def test_the_parser_process_knows_nothing_of_our_environment(
    parser: IsolatedParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERYHAND_SECRET", "do not tell")
    read(parser, mail("one"))
    environment = Path(f"/proc/{parser._idle[0].pid}/environ").read_bytes()
    assert b"do not tell" not in environment
