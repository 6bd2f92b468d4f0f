"""Mail of 50 MB, of ten thousand files, of nothing at all, or that takes for ever to arrive: each is taken, refused in
words that its sender understands, or set aside where somebody is told; and the next letter is filed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Final

import pytest
from django.utils import timezone

from everyhand.channels.email import file, queries
from everyhand.channels.email.fetching import reaching
from everyhand.channels.email.models import Mail
from everyhand.cli.reactions import react
from everyhand.conversations.models import Message
from tests.cast import NOON, Cast
from tests.channels.email.door import LETTER, Door, Line, Open, send, stored
from tests.channels.email.fetching.conftest import Fetching, connected
from tests.notices.office import told
from tests.servers.imap import Folder, ImapServer
from tests.web.house import browser_of

pytestmark = pytest.mark.django_db(transaction=True)

MB: Final = 1_000_000
NEXT: Final = LETTER.replace(b"Where is it?", b"The next one")
A_FILE: Final = b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nHello\r\n"


def with_files(count: int) -> bytes:
    head = b"From: Ada <ada@customers.test>\r\nSubject: Files\r\nMIME-Version: 1.0\r\n"
    return head + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + A_FILE * count + b"--b--\r\n"


@pytest.fixture
def work_off(cast_committed: Cast) -> Iterator[Callable[[], None]]:
    """Let the worker file what is there, and tell people about it."""
    filer = file.Filer()

    def work_off() -> None:
        now = timezone.now()
        while mails := file.claim(at=now, limit=10):
            filer.file(mails, at=now)
        react(now)

    yield work_off
    filer.close()


@pytest.fixture
def cast_committed(transactional_db: None) -> Cast:
    return Cast()


@pytest.fixture
def folder() -> Folder:
    return Folder()


@pytest.fixture
def fetching(transactional_db: None, folder: Folder) -> Iterator[Fetching]:
    with closing(ImapServer(folder)) as provider:
        yield Fetching(connected("127.0.0.1", provider.port))


def quarantined() -> Mail:
    return Mail.objects.get(outcome=Mail.Outcome.QUARANTINED)


def subjects() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("conversation__subject", flat=True))


def test_50_mb_by_smtp_are_refused_in_clear_words_and_the_next_letter_is_filed(
    open_door: Open, work_off: Callable[[], None]
) -> None:
    door = open_door(size=50 * MB)
    with closing(Line(door)) as line:
        assert b"250-SIZE 50000000" in ehlo(line)
        assert line.say(b"MAIL FROM:<ada@customers.test> SIZE=50000001").startswith(b"552 ")
        line.begin()
        for _ in range(50):
            line.send((b"x" * 998 + b"\r\n") * 1_000)
        line.send(b"and one line more\r\n")
        refusal = line.say(b".")
        assert refusal.startswith(b"552 5.3.4 ")
        assert b"50 MB" in refusal
        line.begin()
        line.send(NEXT)
        assert line.say(b".").startswith(b"250 ")
    work_off()

    assert subjects() == ["The next one"]
    assert stored() == [NEXT]


def ehlo(line: Line) -> bytes:
    line.send(b"EHLO mail.customers.test\r\n")
    said = []
    while (heard := line._file.readline())[3:4] == b"-":
        said.append(heard)
    return b"".join([*said, heard])


def test_50_mb_in_a_mailbox_are_set_aside_where_somebody_is_told_and_the_next_letter_is_filed(
    folder: Folder, fetching: Fetching, work_off: Callable[[], None], cast_committed: Cast
) -> None:
    folder.add(LETTER + (b"x" * 998 + b"\r\n") * 51_000, arrived_at=NOON)
    folder.add(NEXT, arrived_at=NOON)

    fetching.look()
    work_off()

    assert subjects() == ["The next one"]
    reason = (
        "The mail is 51 MB long; we take up to 50 MB. Its first megabyte is here, all of it is still in the mailbox"
    )
    assert quarantined().why.startswith(reason)
    assert told(cast_committed.ines) == ["A mail can't be read", "A new conversation is yours"]
    assert reason in browser_of(cast_committed.ines).get("/quarantine").content.decode()
    assert queries.ledger().balanced


def test_a_slow_mailbox_may_take_longer_for_a_mail_than_it_may_be_silent(
    folder: Folder, fetching: Fetching, work_off: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute and a half of silence ends a connection; a mail may take many of them. Here the second stands for it."""
    monkeypatch.setattr(reaching, "SILENT_SECONDS", 1.0)
    folder.add(LETTER + b"x" * 3_000, arrived_at=NOON)
    folder.add(NEXT, arrived_at=NOON)
    folder.pause_every_kilobyte = 0.4

    fetching.look_until_quiet()
    work_off()

    assert subjects() == ["Where is it?", "The next one"]
    assert not Mail.objects.filter(outcome=Mail.Outcome.QUARANTINED).exists()


def test_a_slow_line_may_take_longer_for_a_mail_than_it_may_be_silent(
    open_door: Open, work_off: Callable[[], None]
) -> None:
    door = open_door(idle_seconds=1.0)
    for _try in range(4):  # as any mail server does that was sent away
        if crawl(door, LETTER + b"x" * 3_000, pause=0.4).startswith(b"250 "):
            break
    send(door, NEXT)
    work_off()

    assert subjects() == ["Where is it?", "The next one"]


def crawl(door: Door, raw: bytes, *, pause: float) -> bytes:
    """Send a mail by pieces of a kilobyte; what the door says in the end."""
    with closing(Line(door)) as line:
        line.begin()
        for begin in range(0, len(raw), 1_000):
            time.sleep(pause)
            line.send(raw[begin : begin + 1_000])
        line.send(b"\r\n")
        return line.say(b".")


@pytest.mark.parametrize("count", [1_500, 10_000])
def test_a_mail_of_very_many_files_is_filed_whole_or_set_aside_where_somebody_is_told(
    count: int, door: Door, work_off: Callable[[], None], cast_committed: Cast
) -> None:
    send(door, with_files(count))
    send(door, NEXT)
    work_off()

    if count == 10_000:
        assert quarantined().why == "The mail has more than 2000 parts."
        assert "A mail can't be read" in told(cast_committed.ines)
        assert subjects() == ["The next one"]
    else:
        assert Message.objects.get(conversation__subject="Files").attachments.count() == count
        assert subjects() == ["Files", "The next one"]
    assert queries.ledger().balanced


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"", "(no subject)"),
        (b"\r\n", "(no subject)"),
        (b"From: Ada <ada@customers.test>\r\nSubject: Only a header\r\n", "Only a header"),
        (b"From: Ada <ada@customers.test>\r\nSubject: Only headers\r\n\r\n", "Only headers"),
    ],
    ids=["no byte", "an empty line", "a header without its end", "headers only"],
)
def test_a_mail_without_words_is_a_conversation_that_somebody_sees(
    raw: bytes, shown: str, call: Line, work_off: Callable[[], None], cast_committed: Cast
) -> None:
    call.begin()
    call.send(raw)
    assert call.say(b".").startswith(b"250 ")
    call.begin()
    call.send(NEXT)
    assert call.say(b".").startswith(b"250 ")
    work_off()

    first, second = Message.objects.order_by("pk")
    assert second.conversation.subject == "The next one"
    page = browser_of(cast_committed.ines).get(f"/conversations/{first.conversation_id}")
    assert page.status_code == 200
    assert shown in page.content.decode()
