"""Whether the database can be used, asked before anything is written to it. Each answer says what to do."""

from __future__ import annotations

import os
import pkgutil
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from everyhand.core import outage

MOUNTS: Final = Path("/proc/self/mountinfo")
# Where SQLite's locks do not hold, or its shared memory is not shared: https://sqlite.org/wal.html says why.
NETWORK: Final = re.compile(
    r"nfs4?|cifs|smb\d?|smbfs|ncpfs|afs|coda|ceph|lustre|gpfs|beegfs|glusterfs|ocfs2|davfs2?"
    r"|fuse\.(sshfs|glusterfs.*|ceph.*|s3fs|rclone|davfs2?|smbnetfs|nfs.*|gcsfuse|blobfuse.*|goofys|juicefs)"
)
# An upgrade writes at least what it changes a second time.
ROOM_FOR_AN_UPGRADE: Final = 50_000_000


class NotUsable(Exception):
    """The message is for whoever runs the program: what is wrong, and what to do."""


def check_place() -> None:
    """Before anybody connects. Raises `NotUsable` for a file that SQLite must not or can't write."""
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]
        return
    file = Path(connection.settings_dict["NAME"])
    kind = file_system_of(file.parent)
    if NETWORK.fullmatch(kind):
        raise NotUsable(
            f"{file.parent} is on a network file system ({kind}), where SQLite can't keep two programs from writing at "
            "the same time, and data would be lost. Set EVERYHAND_DATA to a disk of this machine, or use PostgreSQL "
            "with EVERYHAND_DATABASE_URL."
        )
    for path in (file.parent, file):
        if path.exists() and not os.access(path, os.W_OK):
            raise NotUsable(_read_only(str(path)))


def is_of_this_version() -> bool:
    """Whether exactly those migrations are applied that come with this version, so that none is to be done and none is
    missing: `check_state` need not be asked, which imports all of them. Raises `NotUsable` when it can't be written.
    """
    labels: set[str] = set()
    here: set[tuple[str, str]] = set()
    for app in apps.get_app_configs():
        package = find_spec(f"{app.name}.migrations")
        if package and package.submodule_search_locations:
            labels.add(app.label)
            modules = pkgutil.iter_modules(package.submodule_search_locations)
            here |= {(app.label, one.name) for one in modules if not one.ispkg and one.name[0] not in "_~"}
    if {one for one in MigrationRecorder(connection).applied_migrations() if one[0] in labels} != here:
        return False
    _check_writable()
    return True


def check_state(executor: MigrationExecutor) -> None:
    """What the database says of itself. Raises `NotUsable` when it is of a newer version, in the middle of an upgrade
    that did not end, can't be written, or can't be upgraded for want of room.
    """
    applied = {one for one in executor.loader.applied_migrations if one[0] in executor.loader.migrated_apps}
    if applied - set(executor.loader.graph.nodes):
        raise NotUsable(
            "the database was written by a newer version of Everyhand. Install that version again, or restore a backup "
            "made before the upgrade. Nothing was changed."
        )
    try:
        executor.loader.check_consistent_history(connection)
    except InconsistentMigrationHistory:
        raise NotUsable(
            "the database is in the middle of an upgrade that did not end: later steps of it are there and earlier "
            "ones are missing. Restore the backup made before the upgrade, and start again. Nothing was changed."
        ) from None
    _check_writable()
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        _check_room()


def in_words(error: DatabaseError) -> str:
    """What an error means that came while the database was opened or upgraded."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    if outage.is_full(error):
        return (
            f"there is no room left on the disk of the database. Make room and start again. Nothing is lost ({reason})."
        )
    if "readonly" in reason or "read-only" in reason:
        return _read_only("the database")
    if "not a database" in reason or "malformed" in reason:
        return (
            f"the file of the database is damaged or something else ({reason}). Keep it, and restore the last backup "
            "into an empty EVERYHAND_DATA."
        )
    if "already exists" in reason:
        return (
            f"there are tables already that no finished upgrade made ({reason}). If it is another program's database, "
            "give Everyhand one of its own; else restore the backup made before the upgrade. Nothing was changed."
        )
    return f"the database can't be used: {reason}. Check EVERYHAND_DATA or EVERYHAND_DATABASE_URL."


def file_system_of(path: Path) -> str:
    """The kind of file system that holds `path`, as the kernel calls it (proc(5), mountinfo); "" when it is silent."""
    try:
        mounts = MOUNTS.read_text("utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    place, best = path.resolve(), (-1, "")
    for number, line in enumerate(mounts):
        before, _, after = line.partition(" - ")
        mounted_at = Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), before.split()[4]))
        if place.is_relative_to(mounted_at):
            # The longest fits best, and of several at the same place the last one lies on top.
            depth = len(mounted_at.parts) * len(mounts) + number
            best = max(best, (depth, after.split()[0]))
    return best[1]


def _check_writable() -> None:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery(), current_setting('transaction_read_only')")
        standby, read_only = cursor.fetchone()
    if standby:
        raise NotUsable(
            "the database is a standby that only repeats what another server writes. Point EVERYHAND_DATABASE_URL at "
            "the primary. Nothing was changed."
        )
    if read_only == "on":
        raise NotUsable(_read_only("the database"))


def _check_room() -> None:
    if connection.vendor != "sqlite":
        return
    free = shutil.disk_usage(settings.EVERYHAND.data).free
    if free < ROOM_FOR_AN_UPGRADE:
        raise NotUsable(
            f"the database is to be made or upgraded, and only {free // 1_000_000} MB are free in "
            f"{settings.EVERYHAND.data}. Make room for {ROOM_FOR_AN_UPGRADE // 1_000_000} MB at least, and start "
            "again. Nothing was changed."
        )


def _read_only(what: str) -> str:
    return (
        f"{what} can only be read. Make it writable for the user that Everyhand runs as (owner and rights of the file "
        "and its directory, or how its disk is mounted; on PostgreSQL the rights of the role). Nothing was changed."
    )
