"""Killed without warning, again and again: no accepted mail is lost, none is doubled, and it is back in seconds."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress

import pytest

from tests.databases import DATABASE
from tests.servers.everyhand import RunningEveryhand
from tests.whole.letters import InsistentServer

KILLS_OF_EVERYTHING = 12 if DATABASE == "sqlite" else 6
KILLS_OF_A_PART = 68 if DATABASE == "sqlite" else 30
SERVERS = 3
SEED = 20260302


@pytest.mark.alone
def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(
    everyhand: RunningEveryhand, record_property: pytest.Function, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part of the tree is killed at random moments (its parent starts it again), and so is the whole tree."""
    chance = random.Random(SEED)  # noqa: S311 (it decides when to kill)
    servers = [InsistentServer(everyhand, f"mx{number}") for number in range(SERVERS)]
    for server in servers:
        server.start()
    plan = ["a part"] * KILLS_OF_A_PART + ["everything"] * KILLS_OF_EVERYTHING
    chance.shuffle(plan)
    killed: Counter[str] = Counter()
    longest = 0.0
    try:
        for what in plan:
            time.sleep(chance.uniform(0.08, 0.3))
            if what == "everything":
                began = time.monotonic()
                everyhand.kill9()
                everyhand.start()
                longest = max(longest, time.monotonic() - began)
                killed["everything"] += 1
            else:
                killed["a part"] += _kill_a_part(everyhand, chance)
    finally:
        for server in servers:
            server.stop()
    taken = [subject for server in servers for subject in server.taken]
    everyhand.wait_until(lambda: _ledger(everyhand)["pending"] == 0, seconds=120, what="everything is filed")
    filed = Counter(_subjects(everyhand))
    ledger = _ledger(everyhand)
    with capsys.disabled():
        print(
            f"\n{DATABASE}: {killed['a part']} parts and {killed['everything']} whole trees killed; {len(taken)} mails "
            f"taken in {sum(server.tries for server in servers)} tries; lost {len(set(taken) - set(filed))}, doubled "
            f"{sum(count - 1 for count in filed.values())}; longest restart {longest:.1f} s; {ledger}"
        )
    assert killed["a part"] + killed["everything"] >= (70 if DATABASE == "sqlite" else 30)
    assert len(taken) > 50
    assert set(taken) - set(filed) == set()
    assert [subject for subject, count in filed.items() if count > 1] == []
    assert ledger["balanced"]
    assert longest < 5


def _kill_a_part(everyhand: RunningEveryhand, chance: random.Random) -> int:
    """Kill one process of the tree, but not its root; 0 when there was none for a moment."""
    members = sorted(everyhand.members())[1:]
    if not members:
        return 0
    with suppress(ProcessLookupError):
        os.kill(chance.choice(members), signal.SIGKILL)
        return 1
    return 0


def _ledger(everyhand: RunningEveryhand) -> dict[str, int]:
    ledger: dict[str, int] = json.loads(everyhand.attempt("ledger", "--json").stdout)
    return ledger


def _subjects(everyhand: RunningEveryhand) -> list[str]:
    lines = everyhand.run("list", "--json", "--limit", "100000").splitlines()
    return [json.loads(line)["subject"] for line in lines]
