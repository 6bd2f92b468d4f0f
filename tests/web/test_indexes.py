"""No list reads a whole table: what it costs must not grow with the number of conversations.

SQLite's planner is asked about every query of every list that grows with the company; it needs no data to answer. On
PostgreSQL the same indexes stand, but its planner rightly scans small tables, so there is nothing to ask in a test, and
`conftest.py` leaves this page out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from everyhand.conversations.models import Conversation
from everyhand.core import journal, work
from everyhand.desk.inbound import Address
from everyhand.escalation import actions as escalation
from everyhand.escalation import ladders
from everyhand.escalation.models import Ladder
from everyhand.promises import actions as promises
from tests.cast import NOON
from tests.web.house import House, arrives, browser_of

# Tables that grow with every message. The others hold what a company sets up, which is little.
GROWING = (
    *("conversations_conversation", "conversations_message", "conversations_participant", "conversations_attachment"),
    *("conversations_delivery", "promises_promise", "customers_customer", "customers_identity", "core_entry"),
    *("core_look", "people_signin"),
    *("core_document", "core_blob", "email_mail", "email_rawmail", "notices_notice", "notices_pushtelling"),
    *("escalation_escalation", "escalation_climb", "escalation_page"),
    *("conversations_follower", "conversations_tagging", "conversations_remotepicture"),
)
SCAN = re.compile(r"SCAN (\w+)(?! USING (?:COVERING )?INDEX)")
LISTS = (
    *("/inbox/mine", "/inbox/teams", "/inbox/everyone", "/inbox/everyone?status=waiting"),
    *("/inbox/everyone?status=closed", "/inbox/mine?status=closed", "/search?q=paper", "/search?q=pap*+-wet"),
    *("/quarantine", "/stuck-work", "/audit-trail", "/audit-trail?kind=served", "/audit-trail?who=1&kind=seen"),
    *("/audit-trail?conversation=1", "/audit-trail?customer=1", "/audit-trail?since=2026-01-01&kind=signed-in"),
    *(
        "/inbox/everyone?tag=none",
        "/inbox/everyone?tag=7",
        "/inbox/mine?tag=7&status=closed",
        "/search?q=paper+tag:none",
    ),
    *("/conversations/1", "/conversations/1/joining", "/conversations/1/linking", "/conversations/1/tags", "/notices"),
    *("/customers", "/customers?q=ada", "/customers/1", "/customers/1/merging", "/organizations/1", "/people"),
    *("/people/1", "/teams", "/teams/help", "/tags", "/canned-replies", "/messages/1/forwarding", "/messages/1/html"),
    *("/search?q=from:ada@example.org+paper", "/inbox/everyone?from=ada@example.org&status=any"),
)


@pytest.fixture
def scans() -> Iterator[list[str]]:
    """Every scan of a growing table that SQLite plans for a query of the test."""
    found: list[str] = []

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and not many:
            found.extend(f"{table}: {sql}" for table in scanned(sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield found


def scanned(sql: str, params: Any) -> list[str]:
    """The growing tables that are read from one end to the other."""
    called: dict[str, set[str]] = {}
    for table, alias in re.findall(r'"(\w+)" ([T-Z]\d+)\b', sql):
        called.setdefault(alias, set()).add(table)
    # Past Django's own wrapper: this question is no query of the program.
    plan = connection.create_cursor().execute("EXPLAIN QUERY PLAN " + sql, params or ()).fetchall()
    read = [found[1] for found in (SCAN.match(str(step[3])) for step in plan) if found]
    # Where an alias stands for one table here and for another there, the plan does not say which is meant.
    tables = [called.get(name, {name}) for name in read]
    return [min(one) for one in tables if one <= set(GROWING)]


@pytest.mark.parametrize("address", LISTS)
def test_no_list_reads_a_whole_table(house: House, scans: list[str], address: str) -> None:
    arrives(sender=Address("Ada Brown", "ada@example.org"))
    for reader in (house.ines, house.ana, house.carla):
        assert browser_of(reader).get(address).status_code in (200, 403, 404)
    assert scans == []


def test_the_work_in_the_background_reads_no_whole_table(house: House, scans: list[str]) -> None:
    for kind in work.kinds():
        work.claim(kind, at=NOON, limit=10)
    ladders.keep(Ladder(watches_promises=True), ladders.rungs_of(Ladder()), by=house.ines, at=NOON)
    ladders.keep(Ladder(team=house.delivery, watches_promises=True), ladders.rungs_of(Ladder()), by=house.ines, at=NOON)
    escalation.begin_due(at=NOON)
    promises.tick(at=NOON)
    journal.since("0.0")
    journal.newest()
    assert scans == []


def test_no_index_of_a_growing_table_is_mostly_empty_keys() -> None:
    """Whoever asks for those without a key would have the whole table read through it (see `core.indexes`)."""
    growing = [model for model in apps.get_models() if model._meta.db_table in GROWING]
    fields: list[Any] = [one for model in growing for one in model._meta.concrete_fields]
    own = [str(one) for one in fields if one.null and one.db_index]
    assert len(growing) == len(GROWING)
    assert own == []


def test_no_key_is_indexed_twice() -> None:
    for model in apps.get_models():
        if model.__module__.startswith("everyhand."):
            whole = [tuple(one.fields) for one in model._meta.indexes if not one.condition]
            whole += [tuple(one.fields) for one in model._meta.total_unique_constraints]
            begin = {fields[0].lstrip("-") for fields in whole if fields}
            fields: list[Any] = [*model._meta.concrete_fields]
            keys = [one for one in fields if one.remote_field and one.db_index]
            assert [str(one) for one in keys if one.name in begin and model._meta.db_table in GROWING] == []


@pytest.mark.django_db
def test_a_scan_would_be_found(scans: list[str]) -> None:
    list(Conversation.objects.filter(snippet="paper"))
    assert len(scans) == 1
