"""The people we serve: what we know of them, two who are one, who is to be forgotten, what we keep."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from everyhand.channels import erasing
from everyhand.channels.email import queries as mail
from everyhand.channels.email.accept import Arriving, accept
from everyhand.channels.email.file import Filer, claim
from everyhand.channels.email.models import Mail, RawMail
from everyhand.conversations import finding, whose
from everyhand.conversations.models import Conversation, Message, Participant, Renaming
from everyhand.core import work
from everyhand.core.blobs import Blob
from everyhand.customers import tombstones
from everyhand.customers.models import Customer, Erasure, Identity, Organization, Tombstone
from everyhand.desk.inbound import Address, File
from tests.cast import HELP
from tests.web.house import ADA, House, answers, arrives, browser_of

BEA = Address("Bea Young", "bea@readers.example")
ADA_AT_WORK = Address("Ada", "ada.brown@mill.example")


def words(response: Any) -> str:
    return str(response.content.decode())


def of(address: str) -> Customer:
    return Identity.objects.get(value=address).customer


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory in which nobody was ever erased."""
    monkeypatch.setattr(tombstones, "_path", lambda: tmp_path / tombstones.NAME)
    return tmp_path


def test_a_customers_page_shows_everything_we_ever_said_to_each_other(house: House) -> None:
    first = arrives("The crossword had no 7 across.", subject="Crossword")
    answers(house.ana, first.conversation, "Seven across was TRUST.")
    arrives("No paper on route 4.", subject="Paper")
    page = words(browser_of(house.ana).get(f"/customers/{first.conversation.customer_id}"))
    for said in ("Ada Brown", "ada@example.org", "no 7 across", "Seven across was TRUST.", "No paper on route 4."):
        assert said in page


def test_the_page_costs_the_same_however_much_was_said(house: House, django_assert_num_queries: Any) -> None:
    for number in range(12):
        arrives(f"No paper on route 4, day {number}.", subject=f"Day {number}")
    browser = browser_of(house.ana)
    path = f"/customers/{of(ADA.email).pk}"
    browser.get(path)
    with django_assert_num_queries(15):
        assert "Day 11" in words(browser.get(path))


def test_whoever_wrote_only_to_a_private_team_is_nobody_to_others(house: House) -> None:
    arrives("my boss", to="hr@courier.test", sender=BEA)
    pk = of(BEA.email).pk
    assert browser_of(house.dora).get(f"/customers/{pk}").status_code == 200
    for somebody in (house.ana, house.ines, house.carla):
        assert browser_of(somebody).get(f"/customers/{pk}").status_code == 404
        assert "Bea" not in words(browser_of(somebody).get("/customers?q=bea"))


@pytest.mark.parametrize("asked", ["ada", "Brown", "ADA@exa", "ada brown"])
def test_a_customer_is_found_by_name_and_by_how_an_address_begins(house: House, asked: str) -> None:
    arrives()
    arrives("Ada Brown told me to write.", sender=BEA)
    page = words(browser_of(house.ana).get("/customers", {"q": asked}))
    assert "ada@example.org" in page
    assert "bea@readers.example" not in page


def test_what_colleagues_know_is_kept_and_found(house: House) -> None:
    arrives()
    pk = of(ADA.email).pk
    typed = {"name": "Ada Brown-Miller", "organization": "The Old Mill", "about": "Reads with her ears."}
    page = words(browser_of(house.ana).post(f"/customers/{pk}/description", typed, follow=True))
    assert all(said in page for said in typed.values())
    index_what_is_renamed()
    assert [hit.conversation.customer_id for hit in finding.find(house.ana, "Miller")] == [pk]


def test_whoever_writes_from_a_domain_works_there(house: House) -> None:
    arrives(sender=ADA_AT_WORK)
    mill = Organization.objects.create(name="The Old Mill")
    browser = browser_of(house.ana)
    browser.post(f"/organizations/{mill.pk}", {"name": "The Old Mill", "domains": "Mill.example\n@mill2.example"})
    assert "The Old Mill" in words(browser.get(f"/customers/{of(ADA_AT_WORK.email).pk}"))
    assert ADA_AT_WORK.email in words(browser.get(f"/organizations/{mill.pk}"))


@pytest.mark.parametrize(
    ("domains", "said"), [("gmail.com", "Anybody can have an address"), ("mill.example", "The Old Mill already")]
)
def test_a_domain_that_says_nothing_is_refused_kindly(house: House, domains: str, said: str) -> None:
    mill, weir = (Organization.objects.create(name=name) for name in ("The Old Mill", "The Weir"))
    browser = browser_of(house.ana)
    browser.post(f"/organizations/{mill.pk}", {"name": mill.name, "domains": "mill.example"})
    page = browser.post(f"/organizations/{weir.pk}", {"name": weir.name, "domains": domains})
    assert page.status_code == 422
    assert said in words(page)
    assert not weir.domains.exists()


def index_what_is_renamed() -> None:
    at = timezone.now()
    for renaming in work.claim(Renaming, at=at, limit=10):
        whose.index_again(renaming, at=at)


def test_two_customers_become_one_and_two_again(house: House) -> None:
    here, there = arrives().conversation, arrives("The same from work.", sender=ADA_AT_WORK).conversation
    ada, at_work = of(ADA.email), of(ADA_AT_WORK.email)
    browser = browser_of(house.ana)
    assert ADA_AT_WORK.email in words(browser.get(f"/customers/{ada.pk}/merging?q=ada.brown"))
    browser.post(f"/customers/{ada.pk}/merging", {"other": at_work.pk})
    index_what_is_renamed()

    page = words(browser.get(f"/customers/{at_work.pk}", follow=True))
    assert "The same from work." in page
    assert ADA.email in page
    assert {hit.conversation.pk for hit in finding.find(house.ana, "ada@example.org")} == {here.pk, there.pk}
    again = arrives("Once more from work.", sender=ADA_AT_WORK).conversation
    assert again.customer_id == ada.pk

    browser.post(f"/mergings/{ada.mergings.get().pk}/undo")
    browser.post(f"/mergings/{ada.mergings.get().pk}/undo")
    index_what_is_renamed()
    belong = dict(Conversation.objects.values_list("pk", "customer"))
    assert belong == {here.pk: ada.pk, there.pk: at_work.pk, again.pk: at_work.pk}
    assert of(ADA_AT_WORK.email) == at_work
    assert [hit.conversation.pk for hit in finding.find(house.ana, "ada@example.org")] == [here.pk]


def test_nobody_joins_customers_of_whom_something_is_kept_from_them(house: House) -> None:
    arrives()
    arrives(sender=BEA)
    arrives("my boss", to="hr@courier.test", sender=BEA)
    ada, bea = of(ADA.email), of(BEA.email)
    page = browser_of(house.ana).post(f"/customers/{ada.pk}/merging", {"other": bea.pk}, follow=True)
    assert "not for you to see" in words(page)
    assert of(BEA.email) == bea


def test_a_customer_is_not_joined_with_themselves(house: House) -> None:
    arrives()
    ada = of(ADA.email)
    page = browser_of(house.ana).post(f"/customers/{ada.pk}/merging", {"other": ada.pk}, follow=True)
    assert "one person already" in words(page)


def test_an_export_has_every_word_file_and_mail(house: House) -> None:
    raw = by_mail("Where is my paper?", ADA.email)
    conversation = Conversation.objects.get()
    answers(conversation.owner, conversation, "On its way.")
    response = browser_of(house.ines).post(f"/customers/{conversation.customer_id}/export")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    assert archive.testzip() is None
    told = json.loads(archive.read("customer.json"))
    assert [one["value"] for one in told["identities"]] == [ADA.email]
    assert [one["text"].strip() for one in told["conversations"][0]["messages"]] == [
        "Where is my paper?",
        "On its way.",
    ]
    kept = [name for name in archive.namelist() if name.startswith("mails/")]
    assert [archive.read(name) for name in kept] == [raw]
    files = told["conversations"][0]["messages"][0]["files"]
    assert archive.read(files[0]["in_archive"]) == b"%PDF"


def by_mail(text: str, sender: str, *, files: bool = True, number: int = 1) -> bytes:
    """A mail comes in and is filed."""
    lines = [
        f"From: {sender}", f"To: {HELP}", f"Message-ID: <{number}-{sender}>", "Subject: Paper",
        'Content-Type: multipart/mixed; boundary="b"', "", "--b", "Content-Type: text/plain", "", text,
    ]  # fmt: skip
    if files:
        lines += ["--b", 'Content-Type: application/pdf; name="../plan.pdf"', "", "%PDF"]
    raw = "\r\n".join([*lines, "--b--", ""]).encode()
    at = timezone.now()
    accept(Arriving(raw, "test", sender, (HELP,)), at=at)
    filer = Filer(parsers=1)
    try:
        filer.file(claim(at=at, limit=10), at=at)
    finally:
        filer.close()
    return raw


def forget(customer: Customer) -> None:
    """The hour has passed and the worker comes by."""
    at = timezone.now() + timedelta(hours=2)
    for erasure in work.claim(Erasure, at=at, limit=1):
        erasing.erase(erasure, at=at)


def test_whoever_is_forgotten_leaves_no_word_and_no_byte_and_the_ledger_balances(house: House, data: Path) -> None:
    by_mail("My cat Minouche ate the paper.", ADA.email)
    conversation = Conversation.objects.get()
    answers(conversation.owner, conversation, "Poor Minouche, dear Ada.")
    others = arrives("I know Ada.", sender=BEA, cc=[ADA]).conversation
    browser = browser_of(house.ines)
    ada = of(ADA.email)

    wrong = browser.post(f"/customers/{ada.pk}/erasure", {"confirmation": "somebody"})
    assert wrong.status_code == 422
    assert not Erasure.objects.exists()
    browser.post(f"/customers/{ada.pk}/erasure", {"confirmation": ADA.email.upper()})
    assert "asked to be forgotten" in words(browser.get(f"/customers/{ada.pk}"))
    forget(ada)

    assert not Identity.objects.filter(value=ADA.email).exists()
    assert not Conversation.objects.filter(pk=conversation.pk).exists()
    assert Conversation.objects.filter(pk=others.pk).exists()
    assert not list(finding.find(None, "Minouche"))
    assert not Blob.objects.exists()
    assert [bytes(raw.content) for raw in RawMail.objects.all()] == [b""]
    assert Mail.objects.get().sender == ""
    assert mail.ledger().balanced
    assert Erasure.objects.get().done_at
    assert ADA.email not in words(browser.get("/mail-ledger"))
    assert Participant.objects.filter(conversation=others).exclude(declined_at=None).count() == 1
    assert ADA.email not in str(Message.objects.filter(conversation=others).values_list("recipients"))


def test_the_same_mail_again_brings_nothing_back_and_a_new_one_a_new_customer(house: House, data: Path) -> None:
    raw = by_mail("Forget me.", ADA.email)
    old = of(ADA.email)
    browser_of(house.ines).post(f"/customers/{old.pk}/erasure", {"confirmation": ADA.email})
    forget(old)
    accept(Arriving(raw, "test", ADA.email, (HELP,)), at=timezone.now())
    assert not Conversation.objects.exists()
    by_mail("Hello, I am new here.", ADA.email, number=2)
    assert of(ADA.email).pk != old.pk


def test_an_erasure_is_called_off_within_the_hour(house: House, data: Path) -> None:
    arrives()
    ada = of(ADA.email)
    browser = browser_of(house.ines)
    browser.post(f"/customers/{ada.pk}/erasure", {"confirmation": ADA.email})
    assert "Called off" in words(browser.post(f"/customers/{ada.pk}/erasure/calling-off", follow=True))
    forget(ada)
    assert of(ADA.email) == ada


def test_what_somebody_said_to_others_is_erased_there_too(house: House, data: Path) -> None:
    theirs = arrives("Our fence.", sender=BEA, cc=[ADA]).conversation
    arrives()
    ada = of(ADA.email)
    said = Message.objects.create(
        conversation=theirs, direction="in", author_identity=ada.identities.get(), text="I live at Mill Lane 7.",
        reply="I live at Mill Lane 7.", at=timezone.now(),
    )  # fmt: skip
    finding.index(said)
    browser_of(house.ines).post(f"/customers/{ada.pk}/erasure", {"confirmation": ADA.email})
    forget(ada)
    page = words(browser_of(house.ana).get(f"/conversations/{theirs.pk}"))
    assert "Our fence." in page
    assert "Mill Lane" not in page
    assert "erased because its writer asked for it" in page
    assert not list(finding.find(None, "Mill Lane"))


def test_a_restored_backup_does_not_bring_anybody_back(house: House, data: Path) -> None:
    arrives()
    ada = of(ADA.email)
    browser_of(house.ines).post(f"/customers/{ada.pk}/erasure", {"confirmation": ADA.email})
    forget(ada)
    # The backup is from before: it knows Ada, and of no tombstone.
    Tombstone.objects.all().delete()
    Erasure.objects.all().delete()
    before = timezone.now() - timedelta(days=1)
    arrives(at=before)
    arrives(sender=BEA, at=before)
    assert tombstones.erase_again(at=timezone.now()) == 1
    assert tombstones.erase_again(at=timezone.now()) == 0
    forget(of(ADA.email))
    assert set(Identity.objects.values_list("value", flat=True)) == {BEA.email}


def test_the_file_of_tombstones_tells_no_address(house: House, data: Path) -> None:
    arrives(files=[File("a.txt", "text/plain", b"a")])
    ada = of(ADA.email)
    browser_of(house.ines).post(f"/customers/{ada.pk}/erasure", {"confirmation": ADA.email})
    forget(ada)
    written = (data / tombstones.NAME).read_text()
    assert "@" not in written
    assert "example" not in written
    assert settings.SECRET_KEY not in written
    assert (data / tombstones.NAME).stat().st_mode & 0o077 == 0


def test_everything_is_erased_also_when_the_worker_stopped_half_way(house: House, data: Path) -> None:
    for number in range(3):
        arrives(f"Letter {number}")
    ada = of(ADA.email)
    browser_of(house.ines).post(f"/customers/{ada.pk}/erasure", {"confirmation": ADA.email})
    Conversation.objects.filter(customer=ada).first().delete()  # type: ignore[union-attr] # as far as it came
    forget(ada)
    assert not Customer.objects.filter(pk=ada.pk).exists()
    assert not Conversation.objects.exists()
