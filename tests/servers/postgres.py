"""A PostgreSQL cluster for one process of a test run, with as many databases as the tests ask for."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

import psycopg
from psycopg import sql

from tests.servers import tables
from tests.servers.processes import Process, free_port, made_once, open_directory, wait_until

REMEDY = "on Debian: apt-get install postgresql"

# A test run that survives a power cut is worth nothing, so the cluster never waits for the disk. Killed processes lose
# nothing by it: what PostgreSQL has written is in the kernel's hands.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "timezone": "UTC",
    "autovacuum": "off",  # its transactions would hold back readers of the journal, now and then
    # Nobody here has a reason to wait longer; whoever does waits for a transaction that a failed test left open.
    "lock_timeout": "60s",
}


TABLES = "everyhand_tables"  # the database of each cluster that has our tables, and nothing in them


class Postgres:
    """A running cluster on a free port of 127.0.0.1. Its superuser is `everyhand`, without a password.

    `settings` are added to SETTINGS. A cluster that is to `crash` and keep what it committed needs
    `synchronous_commit="on"`: with "off" the last half second is lost.
    """

    def __init__(self, **settings: str) -> None:
        self._settings = {**SETTINGS, **settings}
        self.directory = open_directory("postgres")
        self.port = free_port()
        self._process: Process | None = None

    def start(self) -> None:
        made = made_once("cluster", _make_cluster)
        _give_to_postgres(self.directory)
        subprocess.run(["/bin/cp", "--archive", str(made), str(self.directory / "data")], check=True, timeout=60)
        self.start_again()

    def start_again(self) -> None:
        """Start the cluster that `start` made, after `crash`."""
        settings = {**self._settings, "port": str(self.port), "unix_socket_directories": str(self.directory)}
        self._process = Process(
            [
                _binary("postgres"),
                "-D",
                str(self.directory / "data"),
                *(f"--{name}={settings[name]}" for name in settings),
            ],
            log=self.directory / "postgres.log",
            user=_user(),
            stop_signal=signal.SIGINT,  # "fast shutdown": ends sessions instead of waiting for them
        )
        self._process.wait_until(self._accepts, seconds=30, what="PostgreSQL accepts connections")

    def crash(self) -> None:
        """End it as `pg_ctl stop -m immediate` does: sessions break off, nothing is written any more."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGQUIT)
            wait_until(
                lambda: self._process is None or not self._process.running, seconds=60, what="PostgreSQL is gone"
            )
            self._process = None

    def end(self) -> None:
        """End it in peace; its data stays."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def stop(self) -> None:
        """End it, and forget its data."""
        self.end()
        shutil.rmtree(self.directory)

    @property
    def url(self) -> str:
        """The address of the cluster, without a database: `postgresql://everyhand@127.0.0.1:PORT`."""
        return f"postgresql://everyhand@127.0.0.1:{self.port}"

    def _accepts(self) -> bool:
        try:
            psycopg.connect(f"{self.url}/postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def found() -> bool:
    """Tell whether this machine has a PostgreSQL server."""
    return _binaries() is not None


def create_database(cluster_url: str, *, empty: bool = False) -> str:
    """Make a database of a new name in the cluster, with our tables unless `empty`, and return its address."""
    name = f"everyhand_{uuid.uuid4().hex}"
    template = "template0" if empty else TABLES
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _administer(cluster_url, command.format(sql.Identifier(name), sql.Identifier(template)))
    return f"{cluster_url}/{name}"


def drop_database(url: str) -> None:
    """Remove a database made by `create_database`, whoever is still connected to it."""
    cluster_url, _, name = url.rpartition("/")
    _administer(cluster_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _make_cluster(data: Path) -> None:
    """Make a cluster at `data` that does not run and has the database TABLES."""
    maker = Postgres()
    _give_to_postgres(maker.directory)
    making = Process(
        [
            _binary("initdb"),
            "--no-sync",
            "--auth=trust",
            "--username=everyhand",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            str(maker.directory / "data"),
        ],
        log=maker.directory / "initdb.log",
        user=_user(),
    )
    making.wait(seconds=60, what="initdb makes a cluster")
    maker.start_again()
    try:
        _administer(maker.url, sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(TABLES)))
        tables.make(EVERYHAND_DATABASE_URL=f"{maker.url}/{TABLES}")
    finally:
        maker.end()
    (maker.directory / "data").rename(data)
    shutil.rmtree(maker.directory)


def _give_to_postgres(directory: Path) -> None:
    if os.geteuid() == 0:
        os.chown(directory, pwd.getpwnam(_user()).pw_uid, -1)


def _administer(cluster_url: str, command: sql.Composed) -> None:
    with psycopg.connect(f"{cluster_url}/postgres", autocommit=True) as connection:
        connection.execute(command)


def _binary(name: str) -> str:
    binaries = _binaries()
    if binaries is None:
        raise AssertionError(f"There is no PostgreSQL here; {REMEDY}")
    return str(binaries / name)


def _binaries() -> Path | None:
    """Return the directory of initdb and postgres: Debian's newest, which is not in PATH, or else PATH's."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    in_path = shutil.which("initdb")
    return Path(in_path).resolve().parent if in_path else None


def _user() -> str:
    """PostgreSQL refuses to run as root. Its package's own user is there on Debian, `nobody` everywhere."""
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"
