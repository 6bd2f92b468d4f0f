"""Backups while everything runs, verified before anybody relies on them."""

from __future__ import annotations

import os
import sqlite3
import tarfile
from pathlib import Path

import click
from django.conf import settings
from django.db import connection

from everyhand.cli import setting_up

DATABASE = "everyhand.sqlite3"
KEPT_BESIDE = ("secret.key", "stored-secrets.key", "everyhand.toml")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write a verified backup of database, secret and settings to FILE (.tar), while everything runs."""
    setting_up.set_up()
    if connection.vendor != "sqlite":
        setting_up.stop(
            "on PostgreSQL use pg_dump, and keep secret.key and stored-secrets.key of the data directory beside it."
        )
    if file.exists():
        setting_up.stop(f"{file} exists already; a backup never overwrites another. Give a new name.")
    copy = file.with_name(file.name + ".database")
    try:
        with sqlite3.connect(settings.DATABASES["default"]["NAME"]) as source:
            source.execute("VACUUM INTO ?", (str(copy),))
        _verify(copy)
        with tarfile.open(file, "x") as archive:
            archive.add(copy, DATABASE)
            for name in KEPT_BESIDE:
                if (settings.EVERYHAND.data / name).exists():
                    archive.add(settings.EVERYHAND.data / name, name)
        _sync(file)
        file.chmod(0o600)
    except (OSError, sqlite3.Error) as error:
        file.unlink(missing_ok=True)
        setting_up.stop(f"no backup was made: {error}.")
    finally:
        copy.unlink(missing_ok=True)
    click.echo(f"{file}: {file.stat().st_size // 1024} kB, verified")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the backup FILE into the data directory, which must not hold a database yet."""
    data = settings.EVERYHAND.data
    if (data / DATABASE).exists():
        setting_up.stop(
            f"{data} holds a database already. Point EVERYHAND_DATA at an empty directory, or move it away."
        )
    try:
        with tarfile.open(file) as archive:
            names = set(archive.getnames())
            if DATABASE not in names or names - {DATABASE, *KEPT_BESIDE}:
                setting_up.stop(f"{file} is no backup of Everyhand.")
            for name in sorted(names, key=lambda one: one == DATABASE):  # the database last: it says "complete"
                content = archive.extractfile(name)
                if content is None:
                    setting_up.stop(f"{file} is no backup of Everyhand.")
                arriving = data / (name + ".restoring")
                with (
                    content,
                    os.fdopen(os.open(arriving, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target,
                ):
                    while block := content.read(1 << 20):
                        target.write(block)
                if name == DATABASE:
                    _verify(arriving)
                _sync(arriving)
                arriving.rename(data / name)
    except (OSError, tarfile.TarError, sqlite3.Error) as error:
        setting_up.stop(f"nothing was restored: {error}.")
    click.echo(
        f"{data}: restored. `everyhand setup` brings it to this version, `everyhand ledger` shows that it balances."
    )


def _verify(database: Path) -> None:
    """Raises `sqlite3.DatabaseError` when the copy is damaged."""
    with sqlite3.connect(database) as copy:
        said = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        raise sqlite3.DatabaseError(f"the copy is damaged: {said}")


def _sync(path: Path) -> None:
    with path.open("rb") as written:
        os.fsync(written.fileno())
