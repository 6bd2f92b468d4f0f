"""Our tables with nothing in them, made once a test run and copied from then on: to make them takes four seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.servers.processes import made_once, open_directory


def sqlite() -> Path:
    """A SQLite database, to be copied."""
    return made_once("tables.sqlite3", _make_sqlite)


def copy_to(data: Path) -> None:
    """Put them into the data directory of an Everyhand, which is made."""
    data.mkdir(mode=0o700)
    copied = data / "everyhand.sqlite3"
    copied.touch(0o600)
    copied.write_bytes(sqlite().read_bytes())


def make(**settings: str) -> None:
    """Make them in the database that these settings of Everyhand tell."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EVERYHAND_")}
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity=0", "--settings=everyhand.config.settings"],
        env={**inherited, "EVERYHAND_DATA": str(open_directory("tables")), **settings},
        check=True,
        timeout=120,
    )


def _make_sqlite(file: Path) -> None:
    data = open_directory("tables")
    make(EVERYHAND_DATA=str(data))
    (data / "everyhand.sqlite3").rename(file)
