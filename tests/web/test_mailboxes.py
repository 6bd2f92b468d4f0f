"""Mailboxes in the browser: how each is doing, in words, and what administrators do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from everyhand.channels.email import queries as mail
from everyhand.channels.email.fetching import health
from everyhand.channels.email.models import ConnectedMailbox, FromAddress, Mail, Mailbox, RawMail
from everyhand.conversations.models import Conversation
from everyhand.core import heartbeat, journal, secrets
from everyhand.desk.close import close
from tests.channels.email.door import make_certificate
from tests.channels.email.fetching.conftest import HELP, connected, letter
from tests.servers.imap import Folder, ImapServer
from tests.servers.processes import free_port
from tests.web.house import House, arrives, browser_of


def words(response: Any) -> str:
    return str(response.content.decode())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"), "localhost")


@pytest.fixture
def folder() -> Folder:
    return Folder()


@pytest.fixture
def provider(folder: Folder, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ImapServer]:
    """An office's server on a private address, which the operator allows."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setitem(settings.EVERYHAND.values, "mailbox_networks", ["127.0.0.0/8"])
    running = ImapServer(folder, certificate=certificate)
    yield running
    running.close()


def typed(provider: ImapServer, **more: object) -> dict[str, object]:
    return {
        "address": HELP,
        "user": HELP,
        "password": "riverside",
        "host": "127.0.0.1",
        "port": provider.port,
        "security": "tls",
        "folder": "INBOX",
        "days": 30,
        **more,
    }


@pytest.fixture
def fetched_by_somebody(db: None) -> None:
    heartbeat.beat(health.PART, process="fetcher", at=timezone.now())


@pytest.mark.usefixtures("fetched_by_somebody")
def test_each_mailbox_has_a_light_in_words_and_says_what_to_do(house: House) -> None:
    now = timezone.now()
    ours = Mailbox.objects.create(address="letters@paper.test")
    connected("well.test", 993, last_ok_at=now)
    connected("new.test", 993, mailbox=ours)
    connected("paused.test", 993, paused_at=now)
    connected(
        "wrong.test",
        993,
        failing_since=now - timedelta(hours=1),
        trouble="password",
        trouble_said="[AUTH] no such user",
    )
    raw = RawMail.objects.create(digest="1" * 64, size=1, content=b"x")
    Mail.objects.create(
        raw=raw, source="imap", accepted_at=now, arrived_at=now - timedelta(hours=3), due_at=now, fetched_into=ours
    )

    page = words(browser_of(house.ines).get("/mailboxes"))

    for light in ("Fetched", "About to begin", "Paused", "Can't be fetched"):
        assert f"{light}</span>" in page
    assert "wrong.test does not accept the user name or password of help@paper.test." in page
    assert "[AUTH] no such user" in page
    assert "3 hr. ago" in page


def test_that_nobody_fetches_is_told_of_every_mailbox(house: House) -> None:
    connected("well.test", 993, last_ok_at=timezone.now())

    assert "Nobody fetches: start" in words(browser_of(house.ines).get("/mailboxes"))


def test_the_page_costs_the_same_however_many_there_are(house: House, django_assert_num_queries: Any) -> None:
    browser = browser_of(house.ines)
    for number in range(8):
        connected(f"mail{number}.test", 993, mailbox=Mailbox.objects.create(address=f"box{number}@paper.test"))
    with django_assert_num_queries(8):
        browser.get("/mailboxes")


def test_a_mailbox_is_paused_resumed_tried_and_removed_by_a_named_person(house: House) -> None:
    box = connected("mail.test", 993, failing_since=timezone.now(), trouble="password")
    browser = browser_of(house.ines)
    before = box.changed_at

    browser.post(f"/mailboxes/{box.pk}/pause")
    assert ConnectedMailbox.objects.get().paused_at is not None
    browser.post(f"/mailboxes/{box.pk}/resumption")
    browser.post(f"/mailboxes/{box.pk}/try")
    assert ConnectedMailbox.objects.get().paused_at is None
    assert ConnectedMailbox.objects.get().changed_at > before  # which starts its thread anew

    asked = words(browser.get(f"/mailboxes/{box.pk}/removal"))
    assert "Every mail that came in stays" in asked
    browser.post(f"/mailboxes/{box.pk}/removal")
    assert not ConnectedMailbox.objects.exists()
    assert Mailbox.objects.filter(address=HELP).exists()
    assert [(one.action, one.actor) for one in journal.about(Mailbox.objects.get(address=HELP))] == [
        (f"mailbox.{what}", f"member:{house.ines.pk}") for what in ("paused", "resumed", "disconnected")
    ]


def test_one_more_address_takes_mail_in(house: House) -> None:
    browser = browser_of(house.ines)

    browser.post("/mailboxes/addresses", {"address": "*@Paper.test", "name": "The Paper"})

    assert Mailbox.objects.get(address="*@paper.test").name == "The Paper"
    again = browser.post("/mailboxes/addresses", {"address": "*@paper.test", "name": "The Paper"})
    assert (again.status_code, "taken in at this address already" in words(again)) == (422, True)
    wrong = words(browser.post("/mailboxes/addresses", {"address": "paper", "name": "The Paper"}))
    assert "“paper” is no mail address." in wrong
    assert 'value="The Paper"' in wrong


def removes(house: House, address: str) -> str:
    browser = browser_of(house.ines)
    assert address in words(browser.get("/mailboxes"))
    pk = Mailbox.objects.get(address=address).pk
    return words(browser.post(f"/mailboxes/addresses/{pk}/removal", follow=True))


def test_an_address_that_nothing_needs_is_removed_and_that_is_an_act(house: House) -> None:
    Mailbox.objects.create(address="help@localhost")
    Mailbox.objects.create(address="help@paper.test")
    closed = arrives(to="help@localhost").conversation
    close(closed, by=house.ana, at=timezone.now())
    arrives(to="help@paper.test")
    assert "No mail is taken in at help@localhost any more." in removes(house, "help@localhost")
    assert [one.address for one in Mailbox.objects.all()] == ["help@paper.test"]
    trail = words(browser_of(house.ines).get("/audit-trail?kind=set-up"))
    assert "removed the address" in trail
    assert "help@localhost" in trail


def test_an_address_that_something_needs_is_kept_and_says_by_what(house: House) -> None:
    Mailbox.objects.create(address="help@localhost")
    assert "It is the only address there is." in removes(house, "help@localhost")
    Mailbox.objects.create(address="help@paper.test")
    opened = arrives(to="help@localhost").conversation
    assert "1 conversation that is not closed is answered from help@localhost" in removes(house, "help@localhost")
    close(opened, by=house.ana, at=timezone.now())
    FromAddress.objects.create(address="help@localhost")
    assert "Remove it from the from-addresses first." in removes(house, "help@localhost")
    box = connected("mail.test", 993)
    refused = browser_of(house.ines).post(f"/mailboxes/addresses/{box.mailbox_id}/removal", follow=True)
    assert "A mail server is connected to" in words(refused)
    assert Mailbox.objects.count() == 2


def test_an_address_that_its_whole_domain_covers_is_needed_by_nobody(house: House) -> None:
    Mailbox.objects.create(address="help@paper.test")
    Mailbox.objects.create(address="*@paper.test")
    arrives(to="help@paper.test")
    removes(house, "help@paper.test")
    assert [one.address for one in Mailbox.objects.all()] == ["*@paper.test"]


def test_what_nobody_wrote_to_is_answered_from_the_first_address_that_others_can_write_to(house: House) -> None:
    Mailbox.objects.create(address="help@localhost")
    assert mail.mailbox_for([]) == "help@localhost"
    Mailbox.objects.create(address="*@sport.test")
    Mailbox.objects.create(address="letters@paper.test")
    Mailbox.objects.create(address="sport@paper.test")
    assert mail.mailbox_for([]) == "letters@paper.test"
    typed = {"name": "Cora", "email": "cora@example.org", "how": "phone", "said": "No paper on route 4."}
    browser_of(house.ana).post("/capture", typed)
    assert Conversation.objects.get().address == "letters@paper.test"


def test_a_mailbox_is_connected_after_a_look_at_what_would_happen(
    house: House, provider: ImapServer, folder: Folder
) -> None:
    now = timezone.now()
    folder.add(letter(1), arrived_at=now - timedelta(days=400))
    folder.add(letter(2), arrived_at=now - timedelta(days=60))
    folder.add(letter(3), arrived_at=now - timedelta(days=2))
    browser = browser_of(house.ines)

    page = words(browser.post("/mailboxes/new", typed(provider), follow=True))
    assert "3 mails; the last 30 days (1) are imported silently; nothing will be sent or promised." in page
    assert not ConnectedMailbox.objects.exists()

    # Other days are counted before anything is connected, even by who presses the wrong button.
    page = words(browser.post("/mailboxes/new/forecast", {"days": 90, "do": "connect"}, follow=True))
    assert "3 mails; the last 90 days (2) are imported silently" in page
    assert not ConnectedMailbox.objects.exists()

    page = words(browser.post("/mailboxes/new/forecast", {"days": 90, "do": "connect"}, follow=True))
    assert f"{HELP} is connected." in page
    box = ConnectedMailbox.objects.get()
    assert (box.host, box.user, box.history_until, box.last_uid, box.from_shell) == ("127.0.0.1", HELP, 4, 0, False)
    assert (now.date() - box.import_since).days == 90
    assert secrets.unseal(box.secret) == "riverside"
    assert journal.about(box.mailbox).get().actor == f"member:{house.ines.pk}"
    assert browser.get("/mailboxes/new/forecast").status_code == 302  # what was typed is forgotten


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password": "lakeside"}, "127.0.0.1 does not accept the user name or password of help@paper.test."),
        ({"folder": "Support"}, "There is no folder “Support” that help@paper.test may open."),
        ({"security": "starttls"}, "127.0.0.1"),
        ({"host": "127.0.0.2"}, "127.0.0.2"),
        ({"host": "mail.test:993"}, "Give the name of the server alone"),
        ({"host": "10.1.2.3"}, "10.1.2.3 lies in a private network"),
        ({"host": "169.254.169.254"}, "169.254.169.254 lies in a private network"),
        ({"host": "2130706434"}, "2130706434"),
        ({"port": 25}, "Port 25 is no port of a mailbox."),
        ({"port": 0}, "greater than or equal to 1"),
        ({"user": "help\r\nA1 LOGOUT"}, "This has a sign in it that can&#39;t be typed."),
        ({"password": "river\r\nA1 LOGOUT"}, "This has a sign in it that can&#39;t be typed."),
        ({"password": ""}, "Enter the password of the mailbox."),
        ({"address": "paper"}, "“paper” is no mail address."),
        ({"days": "many"}, "Enter a whole number."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    house: House, provider: ImapServer, change: dict[str, object], sentence: str
) -> None:
    given = typed(provider, **change)
    page = browser_of(house.ines).post("/mailboxes/new", given)

    assert page.status_code == 422
    assert sentence in words(page)
    for field in ("host", "folder", "days", "port"):
        assert f'value="{given[field]}"' in words(page)
    assert "riverside" not in words(page)
    assert not ConnectedMailbox.objects.exists()


def test_a_password_typed_once_is_kept_for_the_next_try_at_the_same_server(
    house: House, provider: ImapServer, folder: Folder
) -> None:
    browser = browser_of(house.ines)
    browser.post("/mailboxes/new", typed(provider, folder="Support"))
    assert "riverside" not in str(dict(browser.session))

    page = words(browser.post("/mailboxes/new", typed(provider, password=""), follow=True))
    assert "0 mails; the last 30 days (0) are imported silently" in page

    browser.post("/mailboxes/new", typed(provider, folder="Support"))
    elsewhere = browser.post("/mailboxes/new", typed(provider, password="", host="localhost"))
    assert "Enter the password of the mailbox." in words(elsewhere)


def test_where_another_field_is_wrong_the_password_is_asked_for_again_with_the_reason(
    house: House, provider: ImapServer
) -> None:
    answer = browser_of(house.ines).post("/mailboxes/new", typed(provider, port=99999))
    page = words(answer)
    assert answer.status_code == 422
    assert "Type the password once more" in page
    assert 'id="id_password_error"' in page
    assert "riverside" not in page
    assert 'value="99999"' in page


def test_what_no_server_said_is_not_laid_in_its_mouth(house: House, provider: ImapServer) -> None:
    page = words(browser_of(house.ines).post("/mailboxes/new", typed(provider, port=free_port())))
    assert "What the server said" not in page
    assert "Errno" not in page
    assert "by ourselves" not in page


def test_a_private_address_is_refused_unless_the_operator_names_its_network(
    house: House, provider: ImapServer, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "mailbox_networks", [])
    for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "::1"):
        page = browser_of(house.ines).post("/mailboxes/new", typed(provider, host=host))
        assert f"{host} lies in a private network, where nobody may connect from the browser." in words(page)
    assert folder.said == []


def test_a_server_that_drags_its_answer_out_is_given_up_within_seconds(
    house: House, provider: ImapServer, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("everyhand.web.mailbox_check.SECONDS", 0.3)
    folder.before = lambda _name, _arguments: __import__("time").sleep(1)

    page = browser_of(house.ines).post("/mailboxes/new", typed(provider))

    assert "did not answer in time" in words(page)


def test_a_new_password_is_kept_when_it_works(house: House, provider: ImapServer, folder: Folder) -> None:
    box = connected("127.0.0.1", provider.port, security="tls", last_uid=17, trouble="password", from_shell=False)
    folder.password = "lakeside"
    browser = browser_of(house.ines)

    refused = browser.post(f"/mailboxes/{box.pk}/password", {"password": "riverside"})
    assert (refused.status_code, "does not accept" in words(refused)) == (422, True)
    browser.post(f"/mailboxes/{box.pk}/password", {"password": "lakeside"})

    box.refresh_from_db()
    assert (secrets.unseal(box.secret), box.last_uid, box.trouble) == ("lakeside", 17, "")


def test_a_port_where_nobody_listens_is_told(house: House, provider: ImapServer) -> None:
    page = browser_of(house.ines).post("/mailboxes/new", typed(provider, port=free_port()))

    assert "Nothing answers at 127.0.0.1" in words(page)
