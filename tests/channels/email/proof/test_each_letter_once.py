"""The same letter counts once however it comes, and two letters are two whatever they share."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection

from everyhand.channels.email import accept, file, queries
from everyhand.channels.email.file import Filer
from everyhand.channels.email.fingerprint import alone
from everyhand.channels.email.models import Mail, Mailbox, RawMail, Redelivery
from everyhand.conversations.models import Conversation, Message
from tests.cast import HELP, NOON, Cast, minutes
from tests.channels.email.proof.post import ADA, BEA, Post, said
from tests.channels.email.proof.senders import written

AT_ONCE = 8
LETTER = written(ADA, Message_ID="<letter@example.org>", Date="Mon, 2 Mar 2026 12:00:00 +0000")


def by_route(number: int, raw: bytes = LETTER) -> bytes:
    """The letter as it arrives by another route, which adds lines of its own."""
    trace = f"Received: from relay{number}.test by mx.courier.test; Mon, 2 Mar 2026 12:00:0{number} +0000\r\n"
    return trace.encode() + raw


def outcomes() -> Counter[str]:
    return Counter(Mail.objects.values_list("outcome", flat=True))


def test_the_same_letter_by_other_routes_is_one_message(post: Post) -> None:
    first = post.comes(LETTER)
    for raw in (by_route(1), by_route(2), by_route(3, LETTER.replace(b"\r\n", b"\n"))):
        again = post.comes(raw, at=NOON + minutes(5))
        assert (again.outcome, again.duplicate_of, again.conversation) == ("duplicate", first, None)
    assert Message.objects.count() == 1
    ledger = queries.ledger()
    assert ledger.balanced
    assert (ledger.filed, ledger.duplicates) == (1, 3)


def test_the_same_letter_by_other_routes_at_once_is_one_message(post: Post) -> None:
    """All of them are filed together, with another letter."""
    accept.accept_many([accept.Arriving(by_route(number), "test", ADA, (HELP,)) for number in range(4)], at=NOON)
    assert post.writes(text="No milk either.").outcome == "filed"
    assert outcomes() == {"filed": 2, "duplicate": 3}
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    "changed",
    [
        LETTER.replace(b"No paper today.", b"No paper today either."),
        LETTER.replace(b"Subject: Paper", b"Subject: Milk"),
        LETTER.replace(b"12:00:00", b"13:00:00"),
        LETTER.replace(ADA.encode(), BEA.encode()),
        LETTER + b"-- \r\nCourier readers' list\r\n",
    ],
    ids=["other words", "another subject", "another date", "another sender", "a list's footer"],
)
def test_a_message_id_used_twice_makes_no_duplicate(post: Post, changed: bytes) -> None:
    """Some programs number from one again, Exchange rewrites what it carries, lists add a footer."""
    post.comes(LETTER)
    other = post.comes(changed, envelope_from=BEA if BEA.encode() in changed else ADA)
    assert other.outcome == "filed"
    assert Message.objects.count() == 2


def test_the_first_to_use_a_message_id_does_not_speak_for_others(post: Post) -> None:
    """Whoever learns an id in advance must not be able to make the genuine mail look like a copy of theirs."""
    forged = post.forges("mallory@evil.test", "First!", **{"Message-ID": "<letter@example.org>"})
    genuine = post.comes(LETTER)
    assert genuine.outcome == "filed"
    assert genuine.conversation not in (None, forged.conversation)


@pytest.mark.parametrize(
    "message_id",
    ["", "<[a]@b>", "<a b@c>", "<one@example.org> <two@example.org>", f"<{'x' * 3_000}@example.org>", "<>", "none"],
)
def test_a_letter_with_an_odd_message_id_or_none_comes_in_once(post: Post, message_id: str) -> None:
    raw = written(ADA, Date="Mon, 2 Mar 2026 12:00:00 +0000", **({"Message-ID": message_id} if message_id else {}))
    mail = post.comes(raw)
    assert mail.outcome == "filed"
    assert post.comes(by_route(1, raw)).duplicate_of == mail
    assert accept.accept(accept.Arriving(raw, "smtp 192.0.2.25", ADA, (HELP,)), at=NOON).again
    assert Message.objects.count() == 1


def test_letters_that_nothing_tells_apart_but_their_time_are_all_kept(post: Post) -> None:
    """A form that sends neither Message-ID nor Date may say the same on two days, and both times mean it."""
    raw = written(ADA)
    post.comes(by_route(1, raw))
    assert post.comes(by_route(2, raw)).outcome == "filed"
    assert Message.objects.count() == 2


def test_what_was_stored_when_digests_had_no_second_yet_is_known_again(post: Post) -> None:
    first = post.comes(LETTER)
    RawMail.objects.update(digest=alone(first.raw.digest))
    Mail.objects.update(fingerprint=alone(str(first.fingerprint)))
    assert accept.accept(accept.Arriving(LETTER, "smtp 192.0.2.25", ADA, (HELP,)), at=NOON).again
    assert post.comes(by_route(1)).duplicate_of == first
    assert Message.objects.count() == 1


def test_one_letter_to_two_of_our_mailboxes_is_one_conversation(post: Post) -> None:
    """A customer sees one company: whichever mailbox they wrote to, one person answers."""
    Mailbox.objects.create(address="sales@courier.test")
    raw = LETTER.replace(b"To: help@courier.test", b"To: help@courier.test, sales@courier.test")
    together = post.comes(raw, to=[HELP, "sales@courier.test"])
    post.comes(raw, to="sales@courier.test")
    by_list = post.comes(by_route(1, raw), to="sales@courier.test")
    assert (by_list.outcome, by_list.duplicate_of) == ("duplicate", together)
    assert Redelivery.objects.get().envelope_to == ["sales@courier.test"]
    assert said(together.conversation) == ["No paper today."]
    assert Conversation.objects.count() == 1


def together(do: Callable[[int], None]) -> None:
    """Eight do it at the same moment."""
    start, failures = threading.Barrier(AT_ONCE), list[Exception]()

    def run(number: int) -> None:
        try:
            start.wait(30)
            do(number)
        except Exception as error:  # noqa: BLE001 - told by the test
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


@pytest.mark.usefixtures("two_connections")
def test_eight_who_bring_the_same_bytes_at_once_bring_one_mail() -> None:
    again: list[bool] = []

    def bring(number: int) -> None:
        arriving = accept.Arriving(LETTER, f"smtp 192.0.2.{number}", ADA, (HELP,))
        again.append(accept.accept(arriving, at=NOON).again)

    together(bring)
    assert Counter(again) == {False: 1, True: AT_ONCE - 1}
    assert (Mail.objects.count(), Redelivery.objects.count()) == (1, AT_ONCE - 1)


@pytest.mark.usefixtures("two_connections")
def test_eight_who_file_the_same_letter_at_once_file_one_message(filer: Filer) -> None:
    Cast()
    Mailbox.objects.create(address=HELP)
    arriving = [accept.Arriving(by_route(number), "smtp 192.0.2.25", ADA, (HELP,)) for number in range(AT_ONCE)]
    mails = [one.mail.pk for one in accept.accept_many(arriving, at=NOON)]

    def file_one(number: int) -> None:
        filer.file(file.claim(at=NOON, limit=1, only=[mails[number]]), at=NOON)

    together(file_one)
    assert outcomes() == {"filed": 1, "duplicate": AT_ONCE - 1}
    assert (Conversation.objects.count(), Message.objects.count()) == (1, 1)
    assert queries.ledger().balanced
