"""The worker is killed after the mail server took a letter and before it could write that down."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.channels.email.far_end import FarEnd
from tests.counts import Tell
from tests.servers.everyhand import RunningEveryhand
from tests.servers.processes import wait_until
from tests.whole.company import Member, ask, deliveries, time_passes, wait_until_filed
from tests.whole.letters import HELP, letter

ADA = "ada@customers.test"
SENT = "SELECT count(*) FROM conversations_delivery WHERE done_at IS NOT NULL"


class FatalFarEnd(FarEnd):
    """Takes the first letter for good, and kills whoever brought it before they can hear so."""

    def __init__(self) -> None:
        super().__init__()
        self.kill: Callable[[], None] | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        if self.kill:
            self.kill()
            self.kill = None
        return answer


@pytest.fixture
def far_end() -> Iterator[FatalFarEnd]:
    server = FatalFarEnd()
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("whom", ["the worker", "everything"])
def test_the_letter_comes_at_most_once_more_under_the_same_message_id_and_both_tries_are_shown(
    start_everyhand: Callable[..., RunningEveryhand],
    far_end: FatalFarEnd,
    whom: str,
    tell: Tell,
) -> None:
    everyhand = start_everyhand(mail_url=f"smtp://127.0.0.1:{far_end.port}", EVERYHAND_UNDO_SEND="0s")
    everyhand.send(letter("Paper").as_bytes(), to=HELP)
    wait_until_filed(everyhand)
    workers: list[int] = []
    everyhand.wait_until(lambda: bool(_worker(everyhand)), seconds=30, what="the worker says that it runs")

    def kill() -> None:
        workers.append(_worker(everyhand))
        for pid in workers if whom == "the worker" else everyhand.members():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    far_end.kill = kill
    Member(everyhand).answer(1, "It comes at seven.")
    wait_until(lambda: far_end.kill is None, seconds=60, what="the letter was taken, the kill done")
    if whom == "everything":
        everyhand.kill9()
        everyhand.start()
    everyhand.wait_until(
        lambda: _worker(everyhand) not in (0, *workers), seconds=60, what="another worker has taken over"
    )
    assert deliveries(everyhand, 1)[ADA]["state"] == "due"
    time_passes(everyhand, timedelta(hours=1))
    everyhand.wait_until(lambda: ask(everyhand, SENT) == [(1,)], seconds=60, what="it is marked sent")
    told = deliveries(everyhand, 1)[ADA]
    assert told["state"] == "sent"
    tell(f"{whom} killed after 250: {len(far_end.received)} copies, {told['attempts']} attempts shown")
    assert len(far_end.received) <= 2
    assert len({one.raw for one in far_end.received}) == 1
    assert len(re.findall(rb"(?im)^Message-ID:", far_end.received[0].raw)) == 1
    assert told["attempts"] == 2


def _worker(everyhand: RunningEveryhand) -> int:
    """The process of the worker that said last that it runs; 0 when none has yet."""
    said = ask(everyhand, "SELECT process FROM core_pulse WHERE part = 'worker'")
    return int(said[0][0].rpartition(":")[2]) if said else 0
