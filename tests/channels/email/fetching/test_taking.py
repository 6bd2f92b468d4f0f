"""Mail comes in once, in order and whole, whatever the server does."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from everyhand.channels.email import queries
from everyhand.channels.email.accept import Arriving, accept
from everyhand.channels.email.fetching import server
from everyhand.channels.email.fetching.taking import NoSpace, Withheld
from everyhand.channels.email.models import ConnectedMailbox, Mail, RawMail, Redelivery
from tests.cast import NOON
from tests.channels.email.fetching.conftest import HELP, Fetching, letter, sources, stored
from tests.servers.imap import WHEN, Cut, Folder, Letter

THREE = [letter(1), letter(2), letter(3)]


@pytest.fixture
def three(folder: Folder) -> Folder:
    for raw in THREE:
        folder.add(raw)
    return folder


def cursor() -> tuple[int, int]:
    return ConnectedMailbox.objects.values_list("uidvalidity", "last_uid").get()


def test_new_mail_is_stored_as_it_is_with_where_it_came_from(three: Folder, fetching: Fetching) -> None:
    assert fetching.look() == 3

    assert stored() == THREE
    assert sources() == ["7/1", "7/2", "7/3"]
    mail = Mail.objects.earliest("pk")
    assert mail.source == f"imap {HELP}@127.0.0.1/INBOX 7/1"
    assert (mail.arrived_at, mail.accepted_at, mail.silent) == (WHEN, NOON, False)
    assert (mail.envelope_to, mail.fetched_into) == ([], fetching.box.mailbox)
    assert cursor() == (7, 3)


def test_what_was_seen_to_is_not_asked_for_again(three: Folder, fetching: Fetching) -> None:
    fetching.look()
    three.said.clear()
    three.add(letter(4))

    assert fetching.look() == 1

    assert [said for said in three.said if "BODY" in said] == ["FETCH 4 (BODY.PEEK[])"]


def test_nothing_in_the_folder_is_ever_changed(three: Folder, fetching: Fetching) -> None:
    fetching.look()

    verbs = {said.split()[0] for said in three.said}
    assert verbs == {"CAPABILITY", "LOGIN", "EXAMINE", "SEARCH", "FETCH", "LOGOUT"}
    assert all("PEEK" in said for said in three.said if "BODY" in said)


def test_somebody_reads_and_moves_mail_meanwhile(three: Folder, fetching: Fetching) -> None:
    three.letters[0].flags = ("\\Seen",)
    three.letters[1].flags = ("\\Seen", "\\Answered")
    three.remove(3)

    fetching.look()

    assert stored() == THREE[:2]


def test_new_mail_that_somebody_marked_as_deleted_comes_in_all_the_same(folder: Folder, fetching: Fetching) -> None:
    folder.add(letter(1), flags=("\\Deleted",))

    fetching.look()

    assert stored() == [letter(1)]


@pytest.mark.alone  # some hundred connections
def test_a_connection_that_is_cut_anywhere_loses_and_doubles_nothing(folder: Folder, fetching: Fetching) -> None:
    """Three new mails, and a cut after each byte of what the server says; the next connection is whole."""
    expected: list[bytes] = []
    cut_after = whole_session = 0
    while cut_after <= whole_session:
        first_uid = 2_000 + 3 * cut_after
        new = [b"Subject: %d\r\n\r\nHi" % uid for uid in range(first_uid, first_uid + 3)]
        folder.letters = [Letter(first_uid + number, raw) for number, raw in enumerate(new)]
        folder.sent, folder.cut_after = 0, cut_after
        with suppress(Exception):
            fetching.look()
        already = newest_first(3)
        assert [raw for raw in already if raw in new] == new[: sum(raw in new for raw in already)][::-1], cut_after
        folder.sent, folder.cut_after = 0, None

        fetching.look()

        expected += new
        whole_session = whole_session or folder.sent
        assert newest_first(3) == new[::-1], cut_after
        cut_after += 1
    assert stored() == expected
    assert Redelivery.objects.count() == 0


def newest_first(count: int) -> list[bytes]:
    return [bytes(raw.content) for raw in RawMail.objects.order_by("-pk")[:count]]


def test_a_mail_that_is_deleted_between_listing_and_fetching_is_gone(three: Folder, fetching: Fetching) -> None:
    def delete_the_second(name: str, arguments: str) -> None:
        if name == "FETCH" and "BODY" in arguments:
            three.remove(2)

    three.before = delete_the_second

    fetching.look()

    assert sources() == ["7/1", "7/3"]
    assert cursor() == (7, 3)


def test_a_mail_that_is_deleted_between_searching_and_listing_is_gone(three: Folder, fetching: Fetching) -> None:
    def delete_the_last(name: str, _arguments: str) -> None:
        if name == "FETCH":
            three.remove(3)

    three.before = delete_the_last

    fetching.look()

    assert sources() == ["7/1", "7/2"]
    assert cursor() == (7, 3)


def test_a_mail_the_server_gives_out_the_second_time_is_not_missed(three: Folder, fetching: Fetching) -> None:
    three.letters[1].withheld = True
    with pytest.raises(Withheld):
        fetching.look()
    assert sources() == ["7/1"]
    assert cursor() == (7, 1)

    three.letters[1].withheld = False
    fetching.look()

    assert stored() == THREE


def test_a_mail_the_server_never_gives_out_is_set_aside_and_the_next_ones_come_in(
    three: Folder, fetching: Fetching
) -> None:
    three.letters[1].withheld = True

    failures = fetching.look_until_quiet()

    assert {type(failure) for failure in failures} == {Withheld}
    assert sources() == ["7/1", "7/2", "7/3"]
    aside = Mail.objects.get(source__endswith=" 7/2")
    assert aside.outcome == Mail.Outcome.QUARANTINED
    assert aside.why == (
        f"127.0.0.1 lists this mail but did not give it out. Read it in the mailbox {HELP}@127.0.0.1/INBOX."
    )
    assert queries.ledger().balanced


def test_a_mail_at_which_the_server_always_breaks_off_is_set_aside_and_the_next_ones_come_in(
    three: Folder, fetching: Fetching
) -> None:
    def break_off(name: str, arguments: str) -> None:
        wanted = arguments.partition(" ")[0]
        if name == "FETCH" and "BODY" in arguments and wanted in ("2", "2:3", "1:3", "2,3", "1,2,3"):
            raise Cut

    three.before = break_off

    fetching.look_until_quiet()

    assert sources() == ["7/1", "7/2", "7/3"]
    assert Mail.objects.filter(outcome=Mail.Outcome.QUARANTINED).count() == 1


def test_new_numbers_double_nothing(three: Folder, fetching: Fetching) -> None:
    fetching.look()
    three.uidvalidity = 8
    for one in three.letters:
        one.uid += 100
    three.add(letter(4), arrived_at=NOON + timedelta(hours=1))

    fetching.look()

    assert stored() == [*THREE, letter(4)]
    assert cursor() == (8, 104)
    assert Redelivery.objects.count() == 3  # they came again, and are counted as that
    assert not Mail.objects.get(source__endswith="8/104").silent


def test_after_new_numbers_what_is_from_before_we_came_is_history(three: Folder, fetching: Fetching) -> None:
    fetching.look()
    three.uidvalidity = 8
    three.letters[0].raw = letter(9)  # a mail from before that we never had
    three.add(letter(4), arrived_at=NOON + timedelta(hours=1))

    fetching.look()

    assert Mail.objects.get(raw__content=letter(9)).silent
    assert not Mail.objects.get(raw__content=letter(4)).silent


@hypothesis_settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("arrive"), st.integers(1, 5)),
            st.tuples(st.just("look"), st.just(0)),
            st.tuples(st.just("cut"), st.integers(0, 3_000)),
            st.tuples(st.just("renumber"), st.integers(1, 50)),
        ),
        max_size=8,
    )
)
def test_whatever_happens_each_mail_that_stays_comes_in_exactly_once(
    folder: Folder, box: ConnectedMailbox, steps: list[tuple[str, int]]
) -> None:
    Mail.objects.all().delete()
    RawMail.objects.all().delete()
    ConnectedMailbox.objects.update(last_uid=0, uidvalidity=7, history_until=1, renumbered_at=None)
    box.refresh_from_db()
    folder.letters, folder.uidvalidity, folder.cut_after = [], 7, None
    fetching = Fetching(box)
    arrived: list[bytes] = []
    for verb, number in steps:
        if verb == "arrive":
            for _ in range(number):
                arrived.append(letter(len(arrived)))
                folder.add(arrived[-1], arrived_at=NOON + timedelta(minutes=1))
        elif verb == "renumber":
            folder.uidvalidity += 1
            for one in folder.letters:
                one.uid += number
        else:
            folder.sent, folder.cut_after = 0, number if verb == "cut" else None
            try:
                fetching.look()
            except Exception:  # noqa: BLE001 - only a cut may fail
                assert verb == "cut"
    folder.cut_after = None

    fetching.look()

    assert stored() == arrived
    assert not Mail.objects.filter(silent=True).exists()


def test_a_mail_that_is_too_large_is_set_aside_with_its_beginning(
    three: Folder, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "smtp_max_size", 2_000_000)
    three.letters[1].raw = letter(2) + b"x" * 3_000_000

    fetching.look()

    aside = Mail.objects.get(source__endswith=" 7/2")
    assert (aside.outcome, aside.raw.size) == (Mail.Outcome.QUARANTINED, server.FIRST_BYTES)
    assert aside.why.startswith("The mail is 3 MB long; we take up to 2 MB.")
    assert cursor() == (7, 3)


def test_large_mails_do_not_share_a_batch(folder: Folder, fetching: Fetching) -> None:
    for number in range(4):
        folder.add(letter(number, "y" * 4_000_000))

    fetching.look()

    bodies = {said for said in folder.said if "BODY" in said}
    assert bodies == {"FETCH 1,2 (BODY.PEEK[])", "FETCH 3,4 (BODY.PEEK[])"}


def test_an_empty_mail_is_a_mail(folder: Folder, fetching: Fetching) -> None:
    folder.add(b"")

    fetching.look()

    assert stored() == [b""]


def test_while_the_disk_is_nearly_full_mail_stays_where_it_is(
    three: Folder, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setitem(settings.EVERYHAND.values, "free_space", 10**15)
        with pytest.raises(NoSpace):
            Fetching(fetching.box).look()
    assert stored() == []

    Fetching(fetching.box).look()

    assert stored() == THREE


def test_a_mail_that_came_by_another_door_too_is_one_mail(three: Folder, fetching: Fetching) -> None:
    accept(Arriving(letter(2), "smtp 192.0.2.7"), at=NOON)

    fetching.look()

    assert sorted(stored()) == sorted(THREE)
    assert Redelivery.objects.count() == 1
