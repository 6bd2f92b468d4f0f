"""A company connects the mailbox it has had for years: at a real Dovecot, from the shell, while everything runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.channels.email.door import make_certificate
from tests.servers.dovecot import Dovecot
from tests.servers.everyhand import PROGRAM, RunningEveryhand
from tests.servers.processes import Process
from tests.whole.company import ask

HELP = "help@paper.test"
MAILS, RECENT = 2_000, 700  # more than are listed at once (500), than are in hand at once (300)


def letter(number: int, sent_at: datetime) -> tuple[bytes, float]:
    text = (
        f"From: Reader {number} <reader{number % 700}@customers.test>\r\nTo: {HELP}\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <{number}@customers.test>\r\nDate: {format_datetime(sent_at)}\r\n\r\n"
        f"Riverside route {number}: no paper this morning.\r\n"
    )
    return text.encode(), sent_at.timestamp()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path, "localhost")


@pytest.fixture
def dovecot(make_dovecot: Callable[..., Dovecot], certificate: Path) -> Dovecot:
    return make_dovecot(certificate=certificate)


@pytest.fixture
def url(dovecot: Dovecot) -> str:
    return f"imaps://{HELP}@127.0.0.1:{dovecot.port}/INBOX"


@pytest.fixture
def company(start_everyhand: Callable[..., RunningEveryhand], certificate: Path) -> RunningEveryhand:
    """It trusts the provider's certificate, and would acknowledge every new conversation."""
    return start_everyhand(SSL_CERT_FILE=str(certificate), EVERYHAND_ACKNOWLEDGE="on")


def listed(company: RunningEveryhand) -> list[dict[str, object]]:
    return [json.loads(line) for line in company.run("list", "--json", "--limit", "10000").splitlines()]


def ledger(company: RunningEveryhand) -> dict[str, int]:
    counted: dict[str, int] = json.loads(company.run("ledger", "--json"))
    return counted


def filed(company: RunningEveryhand) -> int:
    """Asked again and again, so of the database: a command of its own would take the processor from the fetching."""
    ((count,),) = ask(company, "SELECT count(*) FROM email_mail WHERE outcome = 'filed'")
    return int(count)


@pytest.mark.alone
def test_years_of_mail_come_in_silently_and_the_next_letter_is_answered(
    company: RunningEveryhand, dovecot: Dovecot, url: str
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    years_ago, last_month = now - timedelta(days=800), now - timedelta(days=25)
    dovecot.deliver(letter(number, years_ago + timedelta(minutes=number)) for number in range(MAILS - RECENT))
    dovecot.deliver(letter(number, last_month + timedelta(minutes=number)) for number in range(MAILS - RECENT, MAILS))

    said = company.run("mailbox", "connect", url, "--dry-run", given=b"riverside\n")
    assert said.splitlines() == [
        "2,000 mails; the last 30 days (700) are imported silently; nothing will be sent or promised.",
        "Nothing was stored.",
    ]
    assert "connected" not in company.run("mailbox", "list")

    company.run("mailbox", "connect", url, "--yes", given=b"riverside\n")
    began = time.monotonic()
    company.wait_until(lambda: filed(company) == RECENT, seconds=240, what="the history is filed")
    print(f"\n{RECENT} of {MAILS} mails imported and filed in {time.monotonic() - began:.1f} s")

    history = listed(company)
    assert len(history) == RECENT
    assert {(one["status"], one["reply_due"]) for one in history} == {("closed", None)}
    opened = {str(one["subject"]): datetime.fromisoformat(str(one["opened_at"])) for one in history}
    assert opened[f"Letter {MAILS - 1}"] == last_month + timedelta(minutes=MAILS - 1)
    assert "acknowledgement" not in company.log()

    began = time.monotonic()
    dovecot.deliver([letter(MAILS, now)])
    company.wait_until(lambda: filed(company) == RECENT + 1, seconds=20, what="the new letter is filed")
    print(f"a new letter filed {time.monotonic() - began:.1f} s after it arrived there")

    (new,) = [one for one in listed(company) if one["status"] == "open"]
    assert new["subject"] == f"Letter {MAILS}"
    assert new["reply_due"] is not None
    assert dovecot.flags() == set()
    assert "Its mail is fetched as it arrives." in company.run("mailbox", "list")
    assert ledger(company)["balanced"]


@pytest.mark.alone
def test_a_kill_in_the_middle_of_fetching_loses_and_doubles_nothing(
    company: RunningEveryhand, dovecot: Dovecot, url: str
) -> None:
    company.run("mailbox", "connect", url, "--yes", given=b"riverside\n")
    now = datetime.now(UTC)
    dovecot.deliver(letter(number, now) for number in range(300))
    for pause in (1.5, 0.4, 0.8, 1.1):
        time.sleep(pause)
        company.kill9()
        company.start()

    company.wait_until(lambda: filed(company) == 300, seconds=120, what="every letter is filed")

    subjects = [one["subject"] for one in listed(company)]
    assert sorted(map(str, subjects)) == sorted(f"Letter {number}" for number in range(300))
    counted = ledger(company)
    assert (counted["accepted"], counted["duplicates"], counted["balanced"]) == (300, 0, True)


def test_one_who_fetches_alone_ends_well_within_seconds_of_being_told(
    company: RunningEveryhand, dovecot: Dovecot, url: str
) -> None:
    company.run("mailbox", "connect", url, "--yes", given=b"riverside\n")
    alone = Process([PROGRAM, "fetch"], log=company.directory / "fetch", environment=company.environment)
    # Two are signed in: the one of the company, and this one.
    alone.wait_until(lambda: dovecot.log().count("Login: user=") >= 3, seconds=30, what="it has signed in")

    assert alone.stop(seconds=5) == 0


def test_a_wrong_password_is_told_at_once_and_nothing_is_stored(company: RunningEveryhand, url: str) -> None:
    tried = company.attempt("mailbox", "connect", url, "--yes", given=b"wrong\n")

    assert tried.returncode == 1
    assert tried.stdout == b""
    assert "127.0.0.1 does not accept the user name or password of help@paper.test." in tried.stderr.decode()
    assert "Nothing was stored." in tried.stderr.decode()
    assert HELP not in company.run("mailbox", "list")


def test_a_certificate_nobody_vouches_for_is_not_trusted_with_the_password(
    start_everyhand: Callable[..., RunningEveryhand], dovecot: Dovecot, url: str
) -> None:
    tried = start_everyhand().attempt("mailbox", "connect", url, "--yes", given=b"riverside\n")

    assert tried.returncode == 1
    assert "The certificate of 127.0.0.1 is not valid for it" in tried.stderr.decode()


def test_a_missing_folder_is_named(company: RunningEveryhand, dovecot: Dovecot) -> None:
    tried = company.attempt(
        "mailbox", "connect", f"imaps://{HELP}@127.0.0.1:{dovecot.port}/Support", given=b"riverside\ny\n"
    )

    assert tried.returncode == 1
    assert "There is no folder “Support” that help@paper.test may open." in tried.stderr.decode()


def test_who_does_not_agree_connects_nothing(company: RunningEveryhand, url: str) -> None:
    tried = company.attempt("mailbox", "connect", url, given=b"riverside\nn\n")

    assert tried.returncode == 1
    assert HELP not in company.run("mailbox", "list")
