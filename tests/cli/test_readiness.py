"""A database that can't be used is named at the start, with what to do, and nothing in it is changed."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from everyhand.cli import readiness
from tests.servers.everyhand import PROGRAM, RunningEveryhand
from tests.skips import absent

PARTS = ("serve", "web", "worker", "doctor")


@pytest.fixture
def everyhand(cluster_url: str | None) -> Iterator[RunningEveryhand]:
    """One that was set up and does not run."""
    everyhand = RunningEveryhand(cluster_url=cluster_url)
    try:
        everyhand.run("setup")
        yield everyhand
    finally:
        everyhand.dispose()


def says(everyhand: RunningEveryhand, part: str, *before: str) -> str:
    """The one line with which a part of the program ends."""
    done = subprocess.run(
        [*before, PROGRAM, part],
        env=everyhand.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("everyhand: ")
    return line


def change(everyhand: RunningEveryhand, statement: str) -> None:
    if everyhand.database_url:
        with psycopg.connect(everyhand.database_url) as database:
            database.execute(statement)
    else:
        with sqlite3.connect(everyhand.data / "everyhand.sqlite3") as lite:
            lite.execute(statement)


def applied(everyhand: RunningEveryhand) -> set[tuple[str, str]]:
    question = "SELECT app, name FROM django_migrations"
    if everyhand.database_url:
        with psycopg.connect(everyhand.database_url) as database:
            return set(database.execute(question).fetchall())
    return set(sqlite3.connect(everyhand.data / "everyhand.sqlite3").execute(question).fetchall())


def test_one_that_a_newer_version_wrote_is_left_as_it_is(everyhand: RunningEveryhand) -> None:
    change(
        everyhand,
        "INSERT INTO django_migrations (app, name, applied) VALUES ('email', '9999_x', '2030-01-01 00:00:00')",
    )
    before = applied(everyhand)
    for part in PARTS:
        assert "newer version" in says(everyhand, part)
    assert applied(everyhand) == before


def test_one_in_the_middle_of_an_upgrade_is_left_as_it_is(everyhand: RunningEveryhand) -> None:
    change(everyhand, "DELETE FROM django_migrations WHERE app = 'conversations' AND name LIKE '0001%'")
    before = applied(everyhand)
    for part in ("serve", "doctor"):
        assert "did not end" in says(everyhand, part)
    assert applied(everyhand) == before


def test_an_older_one_is_brought_to_this_version(everyhand: RunningEveryhand) -> None:
    now = applied(everyhand)
    undo = (
        "from everyhand.cli.main import start_django; start_django();"
        "from django.core.management import call_command; call_command('migrate', 'core', '0002', verbosity=0)"
    )
    subprocess.run([sys.executable, "-c", undo], env=everyhand.environment, check=True, timeout=120)
    assert applied(everyhand) < now
    everyhand.run("setup")
    assert applied(everyhand) == now


def test_tables_of_another_program_are_left_alone(everyhand: RunningEveryhand) -> None:
    change(everyhand, "DELETE FROM django_migrations")
    assert "already" in says(everyhand, "serve")
    assert applied(everyhand) == set()


@pytest.mark.sqlite
def test_one_that_can_only_be_read_is_named_with_its_place(everyhand: RunningEveryhand) -> None:
    data = str(everyhand.data)
    mount = f"mount --bind {data} {data} && mount -o remount,bind,ro {data}"
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-m", "sh", "-c", mount], check=False).returncode:
        absent("The right to mount a directory", "run the tests as root, outside a container or in a privileged one")
    for part in ("serve", "doctor"):
        line = says(everyhand, part, unshare, "-m", "sh", "-c", f'{mount} && exec "$@"', "sh")
        assert f"{everyhand.data} can only be read" in line


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_kept(everyhand: RunningEveryhand) -> None:
    file = everyhand.data / "everyhand.sqlite3"
    for one in everyhand.data.glob("everyhand.sqlite3-*"):
        one.unlink()
    file.write_bytes(b"not a database at all" * 1000)
    for part in ("web", "doctor"):
        assert "restore the last backup" in says(everyhand, part)
    assert file.read_bytes() == b"not a database at all" * 1000


@pytest.mark.postgresql
def test_a_postgresql_that_can_only_be_read_is_named(everyhand: RunningEveryhand) -> None:
    assert everyhand.database_url
    name = everyhand.database_url.rpartition("/")[2].partition("?")[0]
    change(everyhand, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    for part in ("worker", "doctor"):
        assert "can only be read" in says(everyhand, part)


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """What the kernel says is mounted."""

    def mount(*kinds: tuple[Path, str]) -> None:
        places = [(str(place).replace(" ", r"\040"), kind) for place, kind in kinds]
        lines = [f"{at} 1 0:{at} / {place} rw shared:1 - {kind} source rw" for at, (place, kind) in enumerate(places)]
        (tmp_path / "mountinfo").write_text("\n".join(lines))

    monkeypatch.setattr(readiness, "MOUNTS", tmp_path / "mountinfo")
    return mount


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "smb3", "fuse.sshfs", "ceph"])
def test_a_network_file_system_is_refused_whatever_lies_around_it(
    mounted: Callable[..., None], tmp_path: Path, kind: str
) -> None:
    share = tmp_path / "the share"
    share.mkdir()
    mounted((Path("/"), "ext4"), (share, kind))
    assert readiness.file_system_of(share / "var") == kind
    assert readiness.NETWORK.fullmatch(kind)
    assert readiness.file_system_of(tmp_path) == "ext4"
    assert not readiness.NETWORK.fullmatch("ext4")


@pytest.mark.sqlite
def test_data_on_a_network_file_system_is_not_touched(
    mounted: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounted((Path("/"), "ext4"), (tmp_path, "nfs4"))
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "everyhand.sqlite3"))
    with pytest.raises(readiness.NotUsable, match=r"network file system \(nfs4\)"):
        readiness.check_place()
    assert [one.name for one in tmp_path.iterdir()] == ["mountinfo"]


@pytest.mark.sqlite
def test_an_upgrade_for_which_there_is_no_room_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "ROOM_FOR_AN_UPGRADE", 1 << 60)
    with pytest.raises(readiness.NotUsable, match="Make room"):
        readiness._check_room()
