"""`everyhand bench`: made-up companies of any size, and what they cost. The measurements are in `bench/`."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

import everyhand
from everyhand.cli import setting_up

SOURCES = Path(everyhand.__file__).resolve().parents[2]


@click.group()
def bench() -> None:
    """Make up a company of any size and measure with it. Your own data is never touched."""


@bench.command()
@click.option("--conversations", type=click.IntRange(min=200), default=10_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same company.")
@click.option("--until", type=click.DateTime(), default=None, help="When its story ends; by default this hour.")
@click.argument("directory", type=click.Path(path_type=Path))
def generate(directory: Path, conversations: int, seed: int, until: datetime | None) -> None:
    """Make DIRECTORY, a data directory with 200 members, 20 teams and years of conversations."""
    directory = directory.resolve()
    if directory.exists():
        setting_up.stop(f"{directory} exists already. Give a new name; nothing is written over.")
    unfinished = directory.with_name(directory.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was killed
    end = (until or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)).replace(tzinfo=UTC)
    _measure(unfinished, "generate", str(conversations), str(seed), end.isoformat())


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


def _measure(directory: Path, *what: str) -> NoReturn:
    """Become the measurement, in that directory and without any other setting of this installation."""
    if not (SOURCES / "bench" / "__main__.py").exists():
        setting_up.stop(
            "the measurements are not part of an installed program. Clone the sources, follow docs/developing.md, and "
            "run `.venv/bin/everyhand bench` there."
        )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EVERYHAND_", "DJANGO_"))}
    paths = [str(SOURCES), str(SOURCES / "src"), kept.get("PYTHONPATH", "")]
    settings = {"EVERYHAND_DATA": str(directory.resolve()), "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", "bench", *what], kept | settings)  # noqa: S606 (our own program)
