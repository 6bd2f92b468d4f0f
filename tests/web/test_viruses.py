"""With a virus scanner nothing infected is attached or handed out, and no mail waits for the scanner."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from everyhand.channels.email.models import Mail, RawMail
from everyhand.cli import doctor
from everyhand.conversations import checking
from everyhand.conversations.models import Attachment, Draft, Message, VirusCheck
from everyhand.core import viruses, work
from everyhand.desk.inbound import File
from everyhand.desk.receive import Received
from tests.servers.clamd import EICAR, FOUND, Clamd
from tests.web.house import House, arrives, browser_of
from tests.web.test_attachments import DOT

PLAN = File("plan.pdf", "application/pdf", b"%PDF-1.7")
BILL = File("bill.pdf", "application/pdf", EICAR)


@pytest.fixture
def scanner(clamd: Clamd, monkeypatch: pytest.MonkeyPatch) -> Clamd:
    monkeypatch.setitem(settings.EVERYHAND.values, "clamav", urlsplit(clamd.url))
    return clamd


@pytest.fixture
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scanner is named and is away."""
    monkeypatch.setitem(settings.EVERYHAND.values, "clamav", urlsplit("unix:///nowhere/clamd.ctl"))


def works(at: datetime) -> int:
    """The worker has the files looked at that are due; how many messages."""
    rows = work.claim(VirusCheck, at=at, limit=10)
    for row in rows:
        with work.attempt(row, at=at):
            checking.check(row, at=at)
    return len(rows)


def page(browser: Client, received: Received) -> str:
    return str(browser.get(f"/conversations/{received.conversation.pk}").content.decode())


def sends(house: House, *files: File) -> tuple[int, str]:
    received = arrives()
    attached = [SimpleUploadedFile(file.name, file.content) for file in files]
    said = {"text": "Here they are.", "seen": received.message.pk, "files": attached}
    answer = browser_of(house.ana).post(f"/conversations/{received.conversation.pk}/replies", said)
    return answer.status_code, answer.content.decode()


def test_an_infected_file_is_refused_by_name_and_the_rest_is_kept(house: House, scanner: Clamd) -> None:
    status, shown = sends(house, BILL, PLAN)
    assert status == 413
    assert f"“bill.pdf” was left out: there is a virus in it ({FOUND})." in shown
    assert "Here they are.</textarea>" in shown
    assert Draft.objects.get().files.get().name == "plan.pdf"
    assert not Message.objects.filter(direction="out").exists()


def test_what_is_clean_is_sent(house: House, scanner: Clamd) -> None:
    assert sends(house, PLAN)[0] == 302


@pytest.mark.usefixtures("nobody_answers")
def test_while_the_scanner_is_away_nothing_is_attached_and_nothing_typed_is_lost(house: House) -> None:
    status, shown = sends(house, PLAN)
    assert status == 413
    assert "“plan.pdf” was left out: it could not be checked for viruses just now." in shown
    assert "Here they are.</textarea>" in shown


def test_what_comes_in_is_filed_first_and_looked_at_then(house: House, scanner: Clamd) -> None:
    received = arrives(files=[PLAN, BILL, DOT])
    browser = browser_of(house.ana)
    assert page(browser, received).count("not checked for viruses yet") == 3
    assert "?shown=1" not in page(browser, received)
    assert works(timezone.now()) == 1

    shown = page(browser, received)
    assert "not checked for viruses" not in shown
    assert "?shown=1" in shown
    assert f"has a virus ({FOUND}) and is not handed out" in shown
    plan, bill, _dot = Attachment.objects.order_by("pk")
    assert browser.get(f"/attachments/{plan.token}").content == PLAN.content
    refused = browser.get(f"/attachments/{bill.token}", follow=True)
    assert f"“bill.pdf” is not handed out: there is a virus in it ({FOUND})." in refused.content.decode()
    assert works(timezone.now() + timedelta(days=1)) == 0


def test_the_raw_mail_with_a_virus_in_it_is_for_administrators(house: House, scanner: Clamd) -> None:
    received = arrives(files=[BILL])
    now = timezone.now()
    raw = RawMail.objects.create(digest="e" * 64, size=3, content=b"raw")
    Mail.objects.create(
        raw=raw, source="test", accepted_at=now, due_at=now, done_at=now, outcome="filed",
        conversation=received.conversation, message=received.message,
    )  # fmt: skip
    works(now)
    path = f"/messages/{received.message.pk}/raw"
    told = browser_of(house.ana).get(path, follow=True).content.decode()
    assert "There is a virus in this mail. An administrator can download it as it came." in told
    assert browser_of(house.ines).get(path).content == b"raw"


def test_what_came_before_a_scanner_was_named_is_looked_at_once_a_little_at_a_time_and_not_before_new_mail(
    house: House, clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    old = [arrives(files=[BILL if number == 1 else PLAN]) for number in range(3)]
    assert checking.look_back(at=now) == 0
    monkeypatch.setitem(settings.EVERYHAND.values, "clamav", urlsplit(clamd.url))
    monkeypatch.setattr(checking, "A_LOOK_BACK", 2)

    new, now = arrives(files=[PLAN]), timezone.now()
    assert checking.look_back(at=now) == 0
    assert [check.message for check in VirusCheck.objects.all()] == [new.message]
    gone_over = [(works(now), checking.look_back(at=now)) for _ in range(4)]
    assert gone_over == [(1, 2), (2, 2), (1, 0), (0, 0)]
    everything = {received.message.pk for received in (new, *old)}
    assert {check.message_id for check in VirusCheck.objects.all()} == everything
    assert list(Attachment.objects.order_by("pk").values_list("virus", flat=True)) == ["", FOUND, "", ""]
    assert f"has a virus ({FOUND})" in page(browser_of(house.ana), old[1])


def test_looking_back_costs_as_much_however_many_files_are_done(
    house: House, scanner: Clamd, django_assert_num_queries: Any
) -> None:
    for _ in range(12):
        arrives(files=[PLAN])
    VirusCheck.objects.update(done_at=timezone.now())
    assert checking.look_back(at=timezone.now()) == 12
    VirusCheck.objects.update(done_at=timezone.now())
    with django_assert_num_queries(3):
        assert checking.look_back(at=timezone.now()) == 0


def test_while_no_scanner_is_named_any_more_what_waits_for_one_goes_on_waiting(
    house: House, clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    with monkeypatch.context() as named:
        named.setitem(settings.EVERYHAND.values, "clamav", urlsplit("unix:///nowhere/clamd.ctl"))
        arrives(files=[BILL])
    works(now)
    assert VirusCheck.objects.get().is_open
    monkeypatch.setitem(settings.EVERYHAND.values, "clamav", urlsplit(clamd.url))
    assert works(now + timedelta(days=1)) == 1
    assert Attachment.objects.get().virus == FOUND


@pytest.mark.usefixtures("nobody_answers")
def test_a_scanner_that_is_away_is_waited_for(house: House) -> None:
    received = arrives(files=[PLAN])
    now = timezone.now()
    for _ in range(3):
        works(now)
        now += timedelta(hours=1)
    check = VirusCheck.objects.get()
    assert check.is_open
    assert "is away" in check.last_error
    assert "not checked for viruses yet" in page(browser_of(house.ana), received)
    assert browser_of(house.ana).get(f"/attachments/{Attachment.objects.get().token}").content == PLAN.content


def test_without_a_scanner_nothing_is_said_of_viruses(house: House) -> None:
    received = arrives(files=[PLAN])
    assert not VirusCheck.objects.exists()
    assert "virus" not in page(browser_of(house.ana), received)
    assert "virus_scanner" not in Client().get("/healthz").json()


def test_whoever_watches_over_the_installation_hears_of_it(house: House, scanner: Clamd) -> None:
    assert Client().get("/healthz").json()["virus_scanner"] == "ok"
    assert [finding.well for finding in doctor.virus_scanner()] == [True]


@pytest.mark.usefixtures("nobody_answers")
def test_and_that_it_is_away(house: House) -> None:
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()["virus_scanner"]) == (200, "away")
    (finding,) = doctor.virus_scanner()
    assert not finding.well
    assert "Start clamd" in finding.remedy


def test_large_files_are_handed_over_in_pieces(scanner: Clamd) -> None:
    url = urlsplit(scanner.url)
    assert viruses.found_in(b"0" * 5_000_000, scanner=url) == ""
    with pytest.raises(viruses.NotChecked, match="size limit"):
        viruses.found_in(b"0" * 60_000_000, scanner=url)
