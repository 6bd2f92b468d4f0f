"""PostgreSQL crashes, and throws everybody out, while mail comes in and is filed: all of it goes on by itself."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.counts import Tell
from tests.servers import postgres
from tests.servers.everyhand import RunningEveryhand
from tests.servers.postgres import Postgres
from tests.skips import absent
from tests.whole.company import Member, ledger, subjects, wait_until_filed
from tests.whole.letters import HELP, InsistentServer, letter

CRASHES, SESSIONS_ENDED = 4, 8
SEED = 20260303
END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"


@pytest.fixture
def cluster() -> Iterator[Postgres]:
    """A PostgreSQL of this test's own, whose commits survive its crashes."""
    if not postgres.found():
        absent("PostgreSQL", postgres.REMEDY)
    cluster = Postgres(synchronous_commit="on")
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.mark.postgresql
@pytest.mark.alone
def test_postgresql_crashes_and_ends_sessions_in_the_middle_and_nothing_is_lost_or_doubled(
    cluster: Postgres, tell: Tell
) -> None:
    everyhand = RunningEveryhand(cluster_url=cluster.url)
    try:
        everyhand.start()
        everyhand.send(letter("Before").as_bytes(), to=HELP)
        wait_until_filed(everyhand)
        ana = Member(everyhand)
        servers = [InsistentServer(everyhand, f"mx{number}") for number in range(2)]
        for server in servers:
            server.start()
        try:
            _torment(everyhand, cluster, servers)
        finally:
            for server in servers:
                server.stop()
        wait_until_filed(everyhand)
        taken = [subject for server in servers for subject in server.taken]
        refused = servers[0].refused + servers[1].refused
        filed, counted = subjects(everyhand), ledger(everyhand)
        tell(
            f"{CRASHES} crashes, {SESSIONS_ENDED} times all sessions ended; {len(taken)} mails taken, refused "
            f"{dict(refused)}; lost {len(set(taken) - set(filed))}, "
            f"doubled {sum(count - 1 for count in filed.values())}; {counted}"
        )
        assert ana.open("/conversations/1").status == 200
        assert set(refused) <= {451}
        assert set(taken) - set(filed) == set()
        assert [subject for subject, count in filed.items() if count > 1] == []
        assert counted["balanced"]
        assert counted["quarantined"] == 0
    finally:
        everyhand.dispose()


def _torment(everyhand: RunningEveryhand, cluster: Postgres, servers: list[InsistentServer]) -> None:
    chance = random.Random(SEED)  # noqa: S311 (it decides what goes wrong when)
    misfortunes = ["crash"] * CRASHES + ["end sessions"] * SESSIONS_ENDED
    chance.shuffle(misfortunes)
    for misfortune in misfortunes:
        already = [len(server.taken) for server in servers]
        everyhand.wait_until(
            lambda already=already: all(  # type: ignore[misc]
                len(server.taken) > count + 2 for server, count in zip(servers, already, strict=True)
            ),
            seconds=120,
            what="mail comes in again by itself",
        )
        time.sleep(chance.uniform(0, 0.2))  # the moment of the misfortune, not a wait for anything
        if misfortune == "crash":
            cluster.crash()
            cluster.start_again()
        else:
            with psycopg.connect(f"{cluster.url}/postgres", autocommit=True) as superuser:
                superuser.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                )
