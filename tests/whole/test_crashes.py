"""Killed without warning, again and again: no accepted mail is lost, none is doubled, and it is back in seconds."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from statistics import median

import pytest

from tests.counts import Tell
from tests.databases import DATABASE
from tests.servers.everyhand import RunningEveryhand
from tests.whole.company import ask, ledger, subjects, time_passes, wait_until_filed
from tests.whole.letters import InsistentServer

KILLS_OF_EVERYTHING = 8 if DATABASE == "sqlite" else 4
KILLS_OF_A_PART = 64 if DATABASE == "sqlite" else 28
SERVERS = 3
SEED = 20260302


@pytest.mark.alone
def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(everyhand: RunningEveryhand, tell: Tell) -> None:
    """A part of the tree is killed at random moments (its parent starts it again), and so is the whole tree."""
    chance = random.Random(SEED)  # noqa: S311 (it decides when to kill)
    servers = [InsistentServer(everyhand, f"mx{number}") for number in range(SERVERS)]
    for server in servers:
        server.start()
    left = Counter({"a part": KILLS_OF_A_PART, "everything": KILLS_OF_EVERYTHING})
    killed: Counter[str] = Counter()
    restarts: list[float] = []
    try:
        while left.total():
            time.sleep(chance.uniform(0.08, 0.3))  # the moment of the blow, not a wait for anything
            what = chance.choice(sorted(left.elements()))
            if what == "everything":
                began = time.monotonic()
                everyhand.kill9()
                everyhand.start()
                restarts.append(time.monotonic() - began)
                blows = 1
            else:
                blows = _kill_a_part(everyhand, chance)
            killed[what] += blows
            left[what] -= blows
    finally:
        for server in servers:
            server.stop()
    taken = [subject for server in servers for subject in server.taken]
    time_passes(everyhand, timedelta(minutes=1))  # what killed workers had in hand is free
    wait_until_filed(everyhand)
    filed = subjects(everyhand)
    counted = ledger(everyhand)
    tell(
        f"{killed['a part']} parts and {killed['everything']} whole trees killed; {len(taken)} mails "
        f"taken in {sum(server.tries for server in servers)} tries; lost {len(set(taken) - set(filed))}, doubled "
        f"{sum(count - 1 for count in filed.values())}; restart {median(restarts):.1f} s, "
        f"at worst {max(restarts):.1f} s; {counted}"
    )
    assert killed.total() >= (70 if DATABASE == "sqlite" else 30)
    assert len(taken) > 50
    assert ask(everyhand, "SELECT why, last_error FROM email_mail WHERE outcome = 'quarantined'") == []
    assert set(taken) - set(filed) == set()
    assert [subject for subject, count in filed.items() if count > 1] == []
    assert counted["balanced"]
    assert median(restarts) < 5


def _kill_a_part(everyhand: RunningEveryhand, chance: random.Random) -> int:
    """Kill one process of the tree, but not its root; 0 when there was none for a moment."""
    members = sorted(everyhand.members())[1:]
    if not members:
        return 0
    with suppress(ProcessLookupError):
        os.kill(chance.choice(members), signal.SIGKILL)
        return 1
    return 0
