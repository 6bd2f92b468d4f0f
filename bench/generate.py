"""A data directory with the benchmarks' company and its history, for `everyhand bench generate`.

    EVERYHAND_DATA=DIRECTORY.unfinished python -m bench generate CONVERSATIONS SEED UNTIL

The directory gets its name when it is complete. An interrupted run takes away what it made.
"""

from __future__ import annotations

import gc
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Final

import click
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection

from bench import company, history, postgresql
from bench.history import FILLED
from bench.interrupting import leave_when_interrupted
from bench.pieces import raise_levels
from bench.tables import indexes_built_afterwards
from bench.words import Writer
from everyhand.cli import reactions
from everyhand.core import journal
from everyhand.core.bookmarks import Bookmark
from everyhand.core.sqlite import statistics
from everyhand.people.models import Member

# Nothing is synced nor written twice on the way, since what is interrupted is thrown away; a large cache holds the
# upper parts of trees. Nor is it looked whether what a row names is there: for a row that others wait for SQLite would
# read whole tables, since their indexes are away. Whoever opens the file next sets all of that again.
HASTY: Final = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000; PRAGMA foreign_keys=OFF;"
# How many bytes of words FTS5 gathers before it writes them, its option "hashsize": fewer pieces to be merged.
GATHERED, GATHERED_BY_DEFAULT = 256_000_000, 1_048_576


class NotEmpty(Exception):
    """Somebody works in this database already: it is no place for made-up data."""


def main() -> None:
    conversations, seed, until = int(sys.argv[2]), int(sys.argv[3]), datetime.fromisoformat(sys.argv[4])
    unfinished = settings.EVERYHAND.data
    leave_when_interrupted()
    gc.disable()  # rows refer to nothing that refers to them
    try:
        with (
            _new_database(),
            click.progressbar(length=conversations, label="Conversations", file=sys.stderr) as progress,
        ):
            generate(conversations, seed=seed, until=until, told=progress.update)
            unfinished.rename(unfinished.with_suffix(""))
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _new_database() -> AbstractContextManager[None]:
    """On PostgreSQL: the database of the settings is made, and taken away again when the block does not end well."""
    if connection.vendor == "sqlite":
        return nullcontext()
    return postgresql.made(settings.EVERYHAND.database_url)


def generate(conversations: int, *, seed: int, until: datetime, told: Callable[[int], object]) -> None:
    """The whole history; `told` hears how many conversations were written since it was told before.

    It fills the database of the settings, which must hold nobody yet, else it raises `NotEmpty`.
    """
    call_command("migrate", verbosity=0, interactive=False)
    if Member.objects.exists():
        raise NotEmpty
    if connection.vendor == "sqlite":
        connection.settings_dict["OPTIONS"]["init_command"] += HASTY
        connection.close()
    rng = random.Random(seed)  # noqa: S311 (to be repeated, not to be secret)
    writer = Writer(rng)
    house = company.found(writer, at=until)
    with indexes_built_afterwards(FILLED), _much_indexed_at_once():
        history.write(history.History(house, writer, rng, until=until), conversations, told=told)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), FILLED):
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
    statistics.gather()
    # As if the worker had been there all the time: what followed from all that has followed.
    Bookmark.objects.create(reader=reactions.READER, cursor=journal.newest())
    connection.close()


@contextmanager
def _much_indexed_at_once() -> Iterator[None]:
    if connection.vendor == "postgresql":
        yield
        return
    _gather(GATHERED)
    yield
    _gather(GATHERED_BY_DEFAULT)
    raise_levels()


def _gather(size: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO core_document_index (core_document_index, rank) VALUES ('hashsize', %s)", [size])
