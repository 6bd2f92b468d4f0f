"""`everyhand bench`: made-up companies of any size, and what they cost. The measurements are in `bench/`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

import everyhand
from everyhand.cli import setting_up

SOURCES = Path(everyhand.__file__).resolve().parents[2]
PEERS = ("django-helpdesk", "roundup", "request-tracker")
PARTS = ("start", "pages", "browser", "live", "accept", "file", "file-empty", "sweep", "size")


@click.group(invoke_without_command=True)
@click.option("--data", type=click.Path(path_type=Path), help="The data to measure in; made when it is not there yet.")
@click.option("--conversations", type=click.IntRange(min=200), default=10_000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="Measure only this; may be repeated.")
@click.option("--small", is_flag=True, help="A few of everything, to see that it runs.")
@click.pass_context
def bench(
    ctx: click.Context, *, data: Path | None, conversations: int, as_json: bool, only: tuple[str, ...], small: bool
) -> None:
    """Measure everything and print one table. Your own data is never touched.

    It measures in a made-up company: in the one in --data, which is kept and grows by some thousand mails each time, or
    in a new one of so many --conversations, which is gone afterwards.
    """
    if ctx.invoked_subcommand:
        return
    what = ["table", *(["--json"] if as_json else []), *(["--small"] if small else [])]
    what += [word for part in only for word in ("--only", part)]
    _measure_all(data, conversations, what)


@bench.command()
@click.option("--data", type=click.Path(path_type=Path), help="The data to measure in; made when it is not there yet.")
@click.option("--conversations", type=click.IntRange(min=200), default=10_000, show_default=True)
@click.option(
    "--environments", type=click.Path(file_okay=False, path_type=Path), help="Where the other desks stay installed."
)
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.option("--only", multiple=True, type=click.Choice(PEERS), help="Only beside this one; may be repeated.")
@click.option("--small", is_flag=True, help="A few of everything, to see that it runs.")
def peers(
    *,
    data: Path | None,
    conversations: int,
    environments: Path | None,
    as_json: bool,
    only: tuple[str, ...],
    small: bool,
) -> None:
    """Measure other desks beside Everyhand: the same past, the same mails, visited in turn.

    Two are installed from the package index, into environments of their own, which are gone afterwards unless
    --environments names a place for them. Request Tracker is measured where Debian's packages are installed.
    """
    what = ["peers", *(["--json"] if as_json else []), *(["--small"] if small else [])]
    what += ["--environments", str(environments.resolve())] if environments else []
    what += [word for name in only for word in ("--only", name)]
    _measure_all(data, conversations, what)


@bench.command()
@click.option("--conversations", type=click.IntRange(min=200), default=10_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same company.")
@click.option("--until", type=click.DateTime(), default=None, help="When its story ends; by default this hour.")
@click.option(
    "--postgresql", metavar="URL", default="", help="A database that is not there yet, to be made and filled."
)
@click.argument("directory", type=click.Path(path_type=Path))
def generate(directory: Path, conversations: int, seed: int, until: datetime | None, postgresql: str) -> None:
    """Make DIRECTORY, a data directory with 200 members, 20 teams and years of conversations."""
    directory = directory.resolve()
    if directory.exists():
        setting_up.stop(f"{directory} exists already. Give a new name; nothing is written over.")
    end = until.replace(tzinfo=UTC) if until else _this_hour()
    sys.exit(_generate(directory, conversations, seed, end, postgresql))


@bench.command()
@click.option("--mails", type=click.IntRange(min=1), default=2_000, show_default=True)
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
def filing(directory: Path, mails: int) -> None:
    """How many mails a second are accepted and filed, into the company in DIRECTORY."""
    _measure(directory, "filing", str(mails))


@bench.command()
@click.option("--times", type=click.IntRange(min=1), default=200, show_default=True)
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
def pages(directory: Path, times: int) -> None:
    """What inbox, conversation, search and reply cost in the company in DIRECTORY."""
    _measure(directory, "pages", str(times))


def _this_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def _measure_all(data: Path | None, conversations: int, what: list[str]) -> NoReturn:
    with tempfile.TemporaryDirectory(prefix="everyhand-bench-") as folder:
        directory = (data or Path(folder) / "data").resolve()
        status = 0 if directory.exists() else _generate(directory, conversations, 1, _this_hour())
        sys.exit(status or _run(directory, *what))


def _generate(directory: Path, conversations: int, seed: int, until: datetime, postgresql: str = "") -> int:
    """The exit status of making it. It gets its name when it is complete."""
    unfinished = directory.with_name(directory.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was killed
    if postgresql:
        unfinished.mkdir(mode=0o700, parents=True)
        (unfinished / "everyhand.toml").write_text(f"database_url = {json.dumps(postgresql)}\n")
    return _run(unfinished, "generate", str(conversations), str(seed), until.isoformat())


def _run(directory: Path, *what: str) -> int:
    """The exit status of a measurement, which is told when we are interrupted, and waited for."""
    program, environment = _measurement(directory, *what)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    child = subprocess.Popen(program, env=environment)
    try:
        return child.wait()
    finally:
        child.terminate()
        child.wait()


def _measure(directory: Path, *what: str) -> NoReturn:
    """Become the measurement."""
    program, environment = _measurement(directory, *what)
    sys.stdout.flush()
    os.execve(program[0], program, environment)  # noqa: S606 (our own program)


def _measurement(directory: Path, *what: str) -> tuple[list[str], dict[str, str]]:
    """The command and its environment: in that directory, and without any other setting of this installation."""
    if not (SOURCES / "bench" / "__main__.py").exists():
        setting_up.stop(
            "the measurements are not part of an installed program. Clone the sources, follow docs/developing.md, and "
            "run `.venv/bin/everyhand bench` there."
        )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EVERYHAND_", "DJANGO_"))}
    paths = [str(SOURCES), str(SOURCES / "src"), kept.get("PYTHONPATH", "")]
    settings = {"EVERYHAND_DATA": str(directory.resolve()), "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return [sys.executable, "-m", "bench", *what], kept | settings
