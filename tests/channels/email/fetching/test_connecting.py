"""Connecting a mailbox: what is understood, what is promised before, and what is said when it does not work."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.db import OperationalError
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from everyhand.channels.email.fetching import connecting, diagnosis, oauth, server
from everyhand.channels.email.fetching.connecting import AddressWrong
from everyhand.channels.email.fetching.reaching import NotEncrypted
from everyhand.channels.email.fetching.taking import NoSpace, Withheld
from everyhand.channels.email.models import ConnectedMailbox
from everyhand.core import secrets
from tests.cast import NOON
from tests.channels.email.fetching.conftest import HELP, Fetching, connected, letter, sources
from tests.servers.imap import Folder, ImapServer
from tests.servers.processes import free_port


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("imaps://ada@mail.test", ("mail.test", 993, "tls", "ada", "INBOX")),
        ("imaps://help@paper.test@mail.test", ("mail.test", 993, "tls", "help@paper.test", "INBOX")),
        ("imaps://help%40paper.test@mail.test:9993/", ("mail.test", 9993, "tls", "help@paper.test", "INBOX")),
        ("imap+starttls://ada@mail.test/Help%20desk", ("mail.test", 143, "starttls", "ada", "Help desk")),
        ("imaps://ada@mail.test/Work/Help", ("mail.test", 993, "tls", "ada", "Work/Help")),
        ("imap://ada@127.0.0.1:1143", ("127.0.0.1", 1143, "plain", "ada", "INBOX")),
    ],
)
def test_the_address_of_a_mailbox_is_understood(text: str, expected: tuple[object, ...]) -> None:
    box = connecting.read_address(text)

    assert (box.host, box.port, box.security, box.user, box.folder) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mail.test", "give imaps://USER@HOST"),
        ("imaps://mail.test", "give imaps://USER@HOST"),
        ("https://ada@mail.test", "give imaps://USER@HOST"),
        ("imaps://ada@mail.test:99999", "give imaps://USER@HOST"),
        ("imaps://ada:riverside@mail.test", "leave the password out"),
        ("imap://ada@mail.test", "give imaps:// or"),
    ],
)
def test_an_address_that_can_t_be_right_is_answered_with_what_to_write(text: str, why: str) -> None:
    with pytest.raises(AddressWrong, match=why) as refused:
        connecting.read_address(text)
    assert "riverside" not in str(refused.value)


@pytest.fixture
def stranger(transactional_db: None, provider: ImapServer) -> ConnectedMailbox:
    return connecting.read_address(f"imap://{HELP}@127.0.0.1:{provider.port}")


def filled(folder: Folder) -> None:
    folder.add(letter(1), arrived_at=datetime(2025, 1, 1, tzinfo=UTC))
    folder.add(letter(2), arrived_at=NOON - timedelta(days=5))
    folder.add(letter(3), arrived_at=NOON - timedelta(days=5), flags=("\\Deleted",))
    folder.add(letter(4), arrived_at=NOON - timedelta(days=1))


def test_looking_counts_and_stores_nothing(stranger: ConnectedMailbox, folder: Folder) -> None:
    filled(folder)

    found = connecting.look(stranger, secret="riverside", days=30, at=NOON)

    assert (found.mails, found.history, found.uidvalidity, found.next_uid) == (4, 2, 7, 5)
    assert not ConnectedMailbox.objects.exists()
    assert not [said for said in folder.said if said.startswith("FETCH")]


def test_what_comes_in_is_what_was_told_before(stranger: ConnectedMailbox, folder: Folder) -> None:
    filled(folder)
    found = connecting.look(stranger, secret="riverside", days=30, at=NOON)
    folder.add(letter(5), arrived_at=NOON)  # while somebody made up their mind

    box = connecting.connect(stranger, found, address=HELP, days=30, at=NOON)
    Fetching(box).look()

    assert sources() == ["7/2", "7/4", "7/5"]
    assert "riverside" not in box.secret


def test_without_history_only_what_arrives_from_now_on_comes_in(stranger: ConnectedMailbox, folder: Folder) -> None:
    filled(folder)
    found = connecting.look(stranger, secret="riverside", days=0, at=NOON)
    box = connecting.connect(stranger, found, address=HELP, days=0, at=NOON)
    folder.add(letter(5), arrived_at=NOON)

    Fetching(box).look()

    assert found.history == 0
    assert sources() == ["7/5"]


def test_connecting_again_changes_the_password_and_keeps_the_place(stranger: ConnectedMailbox, folder: Folder) -> None:
    filled(folder)
    found = connecting.look(stranger, secret="riverside", days=30, at=NOON)
    box = connecting.connect(stranger, found, address=HELP, days=30, at=NOON)
    Fetching(box).look()
    again = connecting.read_address(f"imap://{HELP}@127.0.0.1:{box.port}")
    folder.password = "lakeside"
    found = connecting.look(again, secret="lakeside", days=30, at=NOON)

    again = connecting.connect(again, found, address=HELP, days=30, at=NOON + timedelta(hours=1))

    assert (again.pk, again.last_uid, again.connected_at) == (box.pk, 4, NOON)
    assert secrets.unseal(again.secret) == "lakeside"


def test_a_new_key_seals_every_password_anew_and_fetching_goes_on(folder: Folder, fetching: Fetching) -> None:
    before = fetching.box.secret

    assert connecting.new_key() == 1

    folder.add(letter(1))
    fetching.look()
    assert sources() == ["7/1"]
    assert ConnectedMailbox.objects.get().secret != before


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LoginError("b'[AUTHENTICATIONFAILED] Invalid credentials (Failure)'"), "password"),
        (LoginError("b'[ALERT] Too many simultaneous connections. (Failure)'"), "throttled"),
        (LoginError("b'[UNAVAILABLE] Temporary authentication failure.'"), "server"),
        (IMAPClientError("FETCH command error: BAD [b'Request is throttled. Suggested Backoff Time: 9']"), "throttled"),
        (IMAPClientAbortError("socket error: EOF"), "connection"),
        (IMAPClientAbortError("[OVERQUOTA] Account exceeded command or bandwidth limits."), "throttled"),
        (IMAPClientError("SEARCH command error: NO [b'whatever']"), "server"),
        (NotEncrypted("STARTTLS is not supported"), "encryption"),
        (ssl.SSLError(1, "wrong version number"), "encryption"),
        (ssl.SSLEOFError(8, "EOF occurred"), "connection"),
        (socket.gaierror(-2, "Name or service not known"), "name"),
        (TimeoutError("timed out"), "timeout"),
        (ConnectionResetError(104, "Connection reset by peer"), "connection"),
        (oauth.PermissionEnded("invalid_grant"), "permission"),
        (httpx.ConnectError("no route"), "token"),
        (secrets.CannotOpen(), "secret"),
        (NoSpace(), "space"),
        (Withheld("UID 3"), "withheld"),
        (OperationalError("database is locked"), "database"),
        (ZeroDivisionError("division by zero"), "program"),
    ],
)
def test_each_trouble_has_a_name_and_a_sentence(error: Exception, code: str) -> None:
    box = connecting.read_address("imaps://ada@mail.test")

    trouble = diagnosis.diagnose(error)

    assert trouble.code == code
    assert trouble.said
    sentence = diagnosis.in_words(trouble.code, box)
    assert "%(" not in sentence
    assert sentence.endswith(".")


def test_a_port_nobody_listens_at_is_told(transactional_db: None) -> None:
    box = connected("127.0.0.1", free_port())

    with pytest.raises(OSError, match="refused") as refused:
        server.open_folder(box, lambda _client: None)

    assert diagnosis.diagnose(refused.value).code == "refused"


def test_nothing_is_said_to_a_server_that_does_not_encrypt_as_set(
    stranger: ConnectedMailbox, folder: Folder, provider: ImapServer
) -> None:
    """An attacker in between may strip STARTTLS from what the server offers (RFC 9051 section 11.1)."""
    box = connected("127.0.0.1", provider.port, security="starttls")

    with pytest.raises(NotEncrypted):
        Fetching(box).look()

    assert "LOGIN" not in folder.said


def test_a_connection_that_breaks_off_while_signing_in_is_no_wrong_password(
    stranger: ConnectedMailbox, folder: Folder
) -> None:
    box = connected(stranger.host, stranger.port)
    folder.cut_after = 60  # in the answer to LOGIN

    with pytest.raises(Exception) as broken:  # noqa: PT011 - the diagnosis of it is the point
        Fetching(box).look()

    assert diagnosis.diagnose(broken.value).code == "connection"
