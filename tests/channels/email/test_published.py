"""What doctor says about our domains: what is published, what is missing, and the record to publish."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.conf import settings

from everyhand.channels.email.authentication.lookup import Dns, NoAnswer, Questions, Resolver
from everyhand.channels.email.models import Mailbox
from everyhand.channels.email.outbound.dkim import Seal
from everyhand.channels.email.published import House, Published, Weight, look
from everyhand.cli.doctor import names
from everyhand.cli.main import main
from tests.cast import Cast

SEAL = Seal("courier.com", "2026a", Ed25519PrivateKey.generate())
BARE = House("help.courier.com", "mail.courier.com", None)
SIGNING = House("help.courier.com", "mail.courier.com", SEAL)

WELL = {
    ("courier.com", "MX"): ["mx1.courier.com.", "mx2.courier.com."],
    ("courier.com", "TXT"): ["google-site-verification=1", "v=spf1 mx -all"],
    ("_dmarc.courier.com", "TXT"): ["v=DMARC1; p=quarantine; rua=mailto:d@courier.com"],
    (SEAL.name, "TXT"): [SEAL.record],
}


class Zone:
    """A name system that knows these records, and counts what it is asked."""

    def __init__(self, records: dict[tuple[str, str], list[str]]) -> None:
        self.records, self.asked = records, list[tuple[str, str]]()

    def ask(self, name: str, kind: str, *, seconds: float) -> list[str]:  # noqa: ARG002
        self.asked.append((name, kind))
        return self.records.get((name, kind), [])


class Silence:
    def ask(self, name: str, kind: str, *, seconds: float) -> list[str]:  # noqa: ARG002
        raise NoAnswer(f"LifetimeTimeout for {kind} of {name}")


def of(mailboxes: list[str], house: House, resolver: Resolver) -> list[Published]:
    return list(look(mailboxes, house, Questions(resolver, seconds=60)))


def told(records: dict[tuple[str, str], list[str]], house: House = SIGNING) -> dict[str, Published]:
    """The findings about help@courier.com by the word in which they differ."""
    found = of(["help@courier.com"], house, Zone(records))
    words = ("SPF", "DMARC", "DKIM")
    return {next((word for word in words if word in one.what), "MX"): one for one in found}


def test_a_domain_in_order() -> None:
    found = told(WELL)

    assert {one.weight for one in found.values()} == {Weight.WELL}
    assert found["MX"].what == "mail to courier.com goes to mx1.courier.com, mx2.courier.com"
    assert "v=spf1 mx -all" in found["SPF"].what
    assert "p=quarantine" in found["DMARC"].what


def test_a_domain_nothing_is_published_about_gets_every_record_to_publish() -> None:
    found = told({}, BARE)

    assert {one.weight for one in found.values()} == {Weight.HINT}
    assert "courier.com. MX 10 help.courier.com." in found["MX"].remedy
    assert 'courier.com. TXT "v=spf1 mx a:mail.courier.com ~all"' in found["SPF"].remedy
    assert '_dmarc.courier.com. TXT "v=DMARC1; p=none; rua=mailto:help@courier.com"' in found["DMARC"].remedy
    assert "EVERYHAND_DKIM_DOMAIN=courier.com" in found["DKIM"].remedy


@pytest.mark.parametrize("key", [SEAL.key, generate_private_key(65537, 2048)], ids=["Ed25519", "RSA"])
def test_the_key_to_publish_is_the_one_that_is_accepted(key: object) -> None:
    seal = Seal("courier.com", "2026a", key)  # type: ignore[arg-type]
    house = House("", "", seal)
    missing = told({}, house)["DKIM"]
    record = missing.remedy.partition('TXT "')[2].removesuffix('"')

    assert missing.weight is Weight.WRONG
    assert f"{seal.name}. TXT " in missing.remedy
    assert told({(seal.name, "TXT"): [record]}, house)["DKIM"].weight is Weight.WELL


@pytest.mark.parametrize(
    ("wrong", "where", "said"),
    [
        ({("courier.com", "MX"): ["."]}, "MX", "null MX"),
        ({("courier.com", "TXT"): ["v=spf1 mx -all", "v=spf1 a -all"]}, "SPF", "count as none"),
        ({("courier.com", "TXT"): ["v=spf1 mx +all"]}, "SPF", "lets everybody send"),
        ({("courier.com", "TXT"): ["v=spf1 all"]}, "SPF", "lets everybody send"),
        ({(SEAL.name, "TXT"): ["v=DKIM1; p="]}, "DKIM", "withdrawn"),
        ({(SEAL.name, "TXT"): ["v=DKIM1; k=ed25519; p=AAAA"]}, "DKIM", "Another key is published"),
        ({("_dmarc.courier.com", "TXT"): ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, "DMARC", "count as none"),
        ({("_dmarc.courier.com", "TXT"): ["v=DMARC1; rua=mailto:a@b.de"]}, "DMARC", "names no policy"),
    ],
)
def test_what_contradicts_itself_or_us_is_wrong(wrong: dict[tuple[str, str], list[str]], where: str, said: str) -> None:
    found = told({**WELL, **wrong})

    assert found[where].weight is Weight.WRONG
    assert said in found[where].remedy
    assert {one.weight for name, one in found.items() if name != where} == {Weight.WELL}


def test_a_key_may_be_published_in_pieces_and_an_spf_record_beside_others() -> None:
    spaced = SEAL.record.replace("p=", "p= ").replace("k=ed25519", "k = ed25519")

    assert told({**WELL, (SEAL.name, "TXT"): [spaced]})["DKIM"].weight is Weight.WELL


def test_a_department_is_under_the_policy_of_its_organisation() -> None:
    zone = Zone({("_dmarc.courier.com", "TXT"): ["v=DMARC1; p=reject"]})
    (policy,) = [one for one in of(["help@desk.courier.com"], BARE, zone) if "DMARC" in one.what]

    assert policy.weight is Weight.WELL


def test_names_that_are_nobodys_are_not_asked_about() -> None:
    zone = Zone({})

    assert of(["help@localhost", "help@courier.test", "*@courier.example"], BARE, zone) == []
    assert zone.asked == []


def test_a_whole_domain_and_one_in_another_script_are_asked_about_once() -> None:
    zone = Zone({})
    of(["help@Müller.de", "*@müller.de", "sales@xn--mller-kva.de"], BARE, zone)

    assert zone.asked.count(("xn--mller-kva.de", "MX")) == 1


def test_without_an_answer_it_says_so_once_and_nothing_is_wrong() -> None:
    (offline,) = of(["help@courier.com", "help@courier.org"], SIGNING, Silence())

    assert offline.weight is Weight.HINT
    assert "Is this machine online?" in offline.remedy


def test_doctor_shows_hints_that_change_no_exit_status_and_faults_that_do(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    Mailbox.objects.create(address="help@courier.com")
    monkeypatch.setitem(settings.EVERYHAND.values, "url", urlsplit("https://help.courier.com"))
    hints = list(names(Zone({})))
    faults = [one for one in names(Zone({("courier.com", "MX"): ["."]})) if one.grave]

    assert not any(one.well or one.grave for one in hints)
    assert str(hints[0]).startswith("hint  courier.com says where its mail goes (MX)\n      Nothing is published.")
    assert "MX 10 help.courier.com." in hints[0].remedy
    assert [str(one)[:4] for one in faults] == ["LOOK"]


def test_doctor_asks_and_goes_on_when_nobody_answers(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    Mailbox.objects.create(address="help@courier.com")
    monkeypatch.setattr(Dns, "ask", Silence.ask)
    said = CliRunner().invoke(main, ["doctor"]).output

    assert "hint  the name system (DNS) can be asked\n" in said
    assert "people can serve customers" in said
