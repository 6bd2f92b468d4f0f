"""The process around it: many pages, slow pages, broken uploads, and the end."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from datetime import UTC, datetime

from everyhand.core import journal
from everyhand.core.journal import Entry
from tests.web.live.company import Company


def test_streams_end_at_once_when_the_process_is_asked_to(company: Company) -> None:
    pages = [company.listen(company.ana) for _ in range(5)]
    took = company.ends_at_sigterm(seconds=10)
    assert all(page.ends_within(1) for page in pages)
    assert took < 3
    company.serve()
    assert company.listen(company.ana).status == 200


def test_half_a_form_is_not_taken_for_a_whole_one(company: Company) -> None:
    conversation = company.hear()
    cursor = journal.newest()
    with socket.create_connection(("127.0.0.1", company.port)) as browser:
        head = f"POST /touch/{conversation.pk} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
        browser.sendall(head.encode() + b"Dear Ines, your refund of 1")
        time.sleep(0.3)
    time.sleep(0.5)
    assert journal.since(cursor)[0] == []
    assert company.post(f"/touch/{conversation.pk}") == 200


def test_a_form_that_tells_no_length_arrives_whole(company: Company) -> None:
    conversation = company.hear()
    cursor = journal.newest()
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", company.port, timeout=6)) as browser:
        browser.request("POST", f"/touch/{conversation.pk}", body=iter([b"Dear Ines, ", b"good day"]))
        assert browser.getresponse().status == 200
    assert [entry.particulars["size"] for entry in journal.since(cursor)[0]] == [19]


def test_slow_uploads_hold_up_nobody(company: Company) -> None:
    with contextlib.ExitStack() as slow:
        for _ in range(12):
            browser = slow.enter_context(socket.create_connection(("127.0.0.1", company.port)))
            browser.sendall(b"POST /hello HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nand")
        assert company.post("/hello") == 200


def test_a_page_that_cannot_keep_up_is_told_to_fetch_everything(company: Company) -> None:
    conversation = company.hear()
    page = company.listen(company.ana)
    Entry.objects.bulk_create(
        Entry(action="conversation.touched", subject=f"conversation:{conversation.pk}", at=datetime.now(UTC))
        for _ in range(1200)
    )
    while page.event().name != "resync":
        pass
    later = company.hear("and goes on")
    while page.event().data != {"conversation": later.pk, "action": "conversation.opened"}:
        pass
