"""Rows that are written together: whoever looks finds them all the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from everyhand.core import rows
from everyhand.core.blobs import Blob
from everyhand.customers.models import Customer, Identity

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def customers(*names: str) -> list[Customer]:
    return [rows.create(Customer, name=name, since=NOW) for name in names]


def test_many_rows_of_a_table_are_one_statement() -> None:
    with CaptureQueriesContext(connection) as asked, transaction.atomic(), rows.gathering():
        made = customers("Ada", "Ben", "Cleo")
    assert [one["sql"][:8] for one in asked if 'INSERT INTO "customers_customer"' in one["sql"]] == ["3 times:"]
    assert list(Customer.objects.order_by("pk").values_list("pk", "name", "since")) == [
        (one.pk, one.name, NOW) for one in made
    ]


def test_whoever_looks_in_between_finds_what_was_created_and_saved() -> None:
    old = Customer.objects.create(name="Olga", since=NOW)
    with transaction.atomic(), rows.gathering():
        (ada,) = customers("Ada")
        ada.about = "has a dog"  # before it is written
        rows.save(ada, ["about"])
        old.name = "Olga Brown"
        rows.save(old, ["name"])
        assert set(Customer.objects.values_list("name", "about")) == {("Ada", "has a dog"), ("Olga Brown", "")}
        ada.name = "Ada Brown"  # and after
        rows.save(ada, ["name"])
    ada.refresh_from_db()
    assert (ada.name, ada.about) == ("Ada Brown", "has a dog")


def test_rows_that_others_write_meanwhile_get_other_keys() -> None:
    with transaction.atomic(), rows.gathering():
        first = customers("Ada")
        by_itself = Customer.objects.create(name="Ben", since=NOW)
        last = customers("Cleo")
    assert len({one.pk for one in (*first, by_itself, *last)}) == 3
    assert Customer.objects.count() == 3
    assert Customer.objects.create(name="Dora", since=NOW).pk not in {one.pk for one in (*first, by_itself, *last)}


def test_rows_belong_to_each_other_before_they_are_written() -> None:
    with transaction.atomic(), rows.gathering():
        (ada,) = customers("Ada")
        rows.create(Identity, customer=ada, kind=Identity.EMAIL, value="ada@example.org", name="", domain="example.org")
    assert Identity.objects.get().customer == ada


def test_what_was_saved_last_stands_whatever_else_is_written_with_it() -> None:
    ada, ben = Customer.objects.create(name="Ada", since=NOW), Customer.objects.create(name="Ben", since=NOW)
    with transaction.atomic(), rows.gathering():
        ben.name, ben.about = "Ben B.", "b"
        rows.save(ben, ["name", "about"])
        ada.name = "first"
        rows.save(ada, ["name"])
        ada.name, ada.about = "second", "a"
        rows.save(ada, ["about", "name"])
    assert set(Customer.objects.values_list("name", "about")) == {("Ben B.", "b"), ("second", "a")}


class TakenMeanwhile(Exception):
    pass


def test_a_row_that_is_no_longer_as_it_was_stops_all_of_them() -> None:
    ada, ben = Customer.objects.create(name="Ada", since=NOW), Customer.objects.create(name="Ben", since=NOW)
    with pytest.raises(TakenMeanwhile), transaction.atomic(), rows.gathering():
        for one, name in ((ada, "Ada"), (ben, "somebody else")):
            rows.change(Customer, {"pk": one.pk, "name": name}, {"about": "changed"}, otherwise=TakenMeanwhile())
    assert not Customer.objects.exclude(about="").exists()


def test_what_the_database_refuses_is_refused_at_the_end() -> None:
    Blob.objects.create(sha256="a" * 64, size=1, content=b"x")
    with pytest.raises(IntegrityError), transaction.atomic(), rows.gathering():
        rows.create(Blob, sha256="a" * 64, size=1, content=b"x")
    assert Blob.objects.count() == 1


def test_outside_of_it_everything_is_written_at_once() -> None:
    (ada,) = customers("Ada")
    rows.change(Customer, {"pk": ada.pk}, {"about": "has a dog"}, otherwise=TakenMeanwhile())
    assert Customer.objects.get().about == "has a dog"
    with pytest.raises(TakenMeanwhile):
        rows.change(Customer, {"pk": 0}, {"about": "nobody"}, otherwise=TakenMeanwhile())
