"""Asking a real name server over the wire, one that answers, one that refuses, and one that is silent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from everyhand.channels.email.authentication.lookup import LONGEST_TEXT, Dns, NoAnswer, Questions

ZONE = {
    ("example.org.", "TXT"): ['"v=spf1 " "-all"', '"another"'],
    ("example.org.", "MX"): ["20 b.example.org.", "10 a.example.org."],
    ("example.org.", "A"): ["192.0.2.1"],
    ("long.example.org.", "TXT"): [" ".join(['"' + "x" * 250 + '"'] * 20)],
    (".", "NS"): ["a.root-servers.net."],
}


class NameServer:
    """Answers from ZONE. To what is not there it says so, to broken.test that it failed, to slow.test nothing."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.silent = False
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def resolver(self) -> dns.resolver.Resolver:
        made = dns.resolver.Resolver(configure=False)
        made.nameservers, made.port = ["127.0.0.1"], self.socket.getsockname()[1]
        return made

    def stop(self) -> None:
        self.socket.sendto(b"stop", self.socket.getsockname())
        self._thread.join(10)
        self.socket.close()

    def _run(self) -> None:
        while (received := self.socket.recvfrom(4_096))[0] != b"stop":
            question = dns.message.from_wire(received[0])
            asked = question.question[0]
            name, kind = asked.name.to_text().lower(), asked.rdtype.name
            self.asked.append(name)
            if self.silent or name == "slow.test.":
                continue
            answer = dns.message.make_response(question, recursion_available=True)
            if records := ZONE.get((name, kind)):
                answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *records))
            elif name == "broken.test.":
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif not any(known == name for known, _kind in ZONE):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self.socket.sendto(answer.to_wire(), received[1])


@pytest.fixture
def start() -> Iterator[Callable[[], NameServer]]:
    with ExitStack() as servers:

        def one() -> NameServer:
            server = NameServer()
            servers.callback(server.stop)
            return server

        yield one


def test_records_are_read_as_they_are_meant(start: Callable[[], NameServer]) -> None:
    dns_ = Dns(start().resolver)
    assert sorted(dns_.ask("example.org", "TXT", seconds=2)) == ["another", "v=spf1 -all"]
    assert dns_.ask("example.org", "MX", seconds=2) == ["a.example.org.", "b.example.org."]
    assert dns_.ask("example.org", "A", seconds=2) == ["192.0.2.1"]


@pytest.mark.parametrize("name", ["nobody.test", "x" * 64 + ".test", "a..test", "ü" * 300, "a\\300.test"])
def test_what_is_not_there_is_nothing(start: Callable[[], NameServer], name: str) -> None:
    assert Dns(start().resolver).ask(name, "TXT", seconds=2) == []


def test_a_name_without_such_records_has_none(start: Callable[[], NameServer]) -> None:
    assert Dns(start().resolver).ask("example.org", "AAAA", seconds=2) == []


def test_a_failure_is_no_answer(start: Callable[[], NameServer]) -> None:
    with pytest.raises(NoAnswer):
        Dns(start().resolver).ask("broken.test", "TXT", seconds=2)


def test_a_slow_server_of_somebody_else_is_their_trouble_alone(start: Callable[[], NameServer]) -> None:
    dns_ = Dns(start().resolver)
    with pytest.raises(NoAnswer):
        dns_.ask("slow.test", "TXT", seconds=0.2)
    assert dns_.ask("example.org", "A", seconds=2) == ["192.0.2.1"]


def test_a_resolver_that_is_away_is_left_alone_for_a_while(start: Callable[[], NameServer]) -> None:
    server, now = start(), [0.0]
    server.silent = True
    dns_ = Dns(server.resolver, monotonic=lambda: now[0])
    with pytest.raises(NoAnswer):
        dns_.ask("example.org", "A", seconds=0.2)
    server.silent = False
    asked = len(server.asked)
    with pytest.raises(NoAnswer):
        dns_.ask("example.org", "A", seconds=2)
    assert len(server.asked) == asked
    now[0] = 31.0
    assert dns_.ask("example.org", "A", seconds=2) == ["192.0.2.1"]


def test_texts_that_no_honest_domain_publishes_are_not_read(start: Callable[[], NameServer]) -> None:
    questions = Questions(Dns(start().resolver), seconds=5)
    assert len(questions.ask("long.example.org", "TXT")[0]) > LONGEST_TEXT
    assert questions.text("long.example.org") == []
