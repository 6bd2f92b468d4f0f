"""What a customer may ask of us, from the shell."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from click.testing import CliRunner

from everyhand.cli.customers import customer
from everyhand.customers.models import Erasure
from tests.web.house import House, arrives


def test_an_export_from_the_shell_has_what_was_written_to_private_teams_too(db: None, tmp_path: Path) -> None:
    House()
    arrives("my boss", to="hr@courier.test")
    file = tmp_path / "ada.zip"
    ran = CliRunner().invoke(customer, ["export", "Ada@Example.org", str(file)])
    assert ran.exit_code == 0, ran.output
    told = json.loads(zipfile.ZipFile(file).read("customer.json"))
    assert [one["messages"][0]["text"] for one in told["conversations"]] == ["my boss"]
    assert CliRunner().invoke(customer, ["export", "ada@example.org", str(file)]).exit_code == 1


def test_erasing_asks_first(db: None) -> None:
    House()
    arrives()
    assert CliRunner().invoke(customer, ["erase", "ada@example.org"], input="n\n").exit_code == 1
    assert not Erasure.objects.exists()
    ran = CliRunner().invoke(customer, ["erase", "ada@example.org", "--yes"])
    assert "until" in ran.output.lower()
    assert Erasure.objects.count() == 1


def test_an_address_nobody_has_is_one_kind_line(db: None) -> None:
    ran = CliRunner().invoke(customer, ["erase", "nobody@example.org", "--yes"])
    assert ran.exit_code == 1
    assert "no customer has the address nobody@example.org" in ran.output
