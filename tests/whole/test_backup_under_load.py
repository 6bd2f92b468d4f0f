"""A backup is made while mail pours in: it is verified, can be restored, and holds all that was there before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.counts import Tell
from tests.servers.everyhand import RunningEveryhand
from tests.servers.processes import wait_until
from tests.whole.company import ask, ledger, subjects, time_passes, wait_until_filed
from tests.whole.letters import InsistentServer


@pytest.mark.sqlite
def test_a_backup_made_in_a_storm_of_mail_restores_to_a_company_whose_ledger_balances(
    everyhand: RunningEveryhand, tmp_path: Path, tell: Tell
) -> None:
    servers = [InsistentServer(everyhand, f"mx{number}", size=20_000) for number in range(2)]
    for server in servers:
        server.start()
    try:
        wait_until(lambda: all(len(server.taken) >= 20 for server in servers), seconds=60, what="a storm")
        before = {subject for server in servers for subject in list(server.taken)}
        said = everyhand.run("backup", str(tmp_path / "backup.tar"))
        after = sum(len(server.taken) for server in servers)
    finally:
        for server in servers:
            server.stop()
    assert "verified" in said
    assert after > len(before)  # mail went on coming in meanwhile

    restored = RunningEveryhand(empty=True)
    restored.run("restore", str(tmp_path / "backup.tar"))
    try:
        assert (restored.data / "secret.key").read_text() == (everyhand.data / "secret.key").read_text()
        assert ask(restored, "PRAGMA integrity_check") == [("ok",)]
        time_passes(restored, timedelta(minutes=1))  # what the worker had in hand when the backup was made is free
        restored.start()
        wait_until_filed(restored)
        filed, counted = subjects(restored), ledger(restored)
    finally:
        restored.dispose()
    tell(f"{len(before)} mails before the backup, {after - len(before)} while it was made; restored: {counted}")
    assert before - set(filed) == set()
    assert [subject for subject, count in filed.items() if count > 1] == []
    assert counted["balanced"]
    assert counted["quarantined"] == 0
