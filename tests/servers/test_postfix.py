"""Mail really travels: from a customer's program through Postfix to an SMTP listener, and back to a mailbox."""

from __future__ import annotations

import shutil
import smtplib
import subprocess
from collections.abc import Callable, Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers.postfix import Postfix
from tests.servers.processes import free_port, wait_until
from tests.skips import absent

MAIL = b"From: help@paper.test\r\nTo: ada@customers.test\r\nSubject: Your order\r\n\r\nIt is on its way.\r\n"


class FarEnd:
    """An SMTP listener of aiosmtpd's that keeps what it takes, in place of Everyhand."""

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[tuple[str | None, list[str], bytes]] = []

    def listen(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def hang_up(self) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content or b""))
        return "250 taken"


@pytest.fixture
def far_end() -> Iterator[FarEnd]:
    far_end = FarEnd()
    far_end.listen()
    yield far_end
    far_end.hang_up()


@pytest.fixture
def postfix(make_postfix: Callable[..., Postfix], far_end: FarEnd) -> Postfix:
    postfix = make_postfix(customers=["ada@customers.test"])
    postfix.start(relay={"paper.test": far_end.port})
    return postfix


def test_mail_for_a_customer_is_in_her_mailbox(postfix: Postfix) -> None:
    postfix.deliver(MAIL, sender="help@paper.test", to="ada@customers.test")

    (mail,) = postfix.wait_for_mail("ada@customers.test")
    assert mail["Subject"] == "Your order"
    assert mail.get_payload() == "It is on its way.\n"


def test_mail_for_us_is_relayed_as_it_came(postfix: Postfix, far_end: FarEnd) -> None:
    swaks("--from", "ada@customers.test", "--to", "help+42@paper.test", "--body", "Where is it?", port=postfix.port)

    wait_until(lambda: bool(far_end.taken), seconds=20, what="the far end has the mail")
    ((sender, recipients, mail),) = far_end.taken
    assert (sender, recipients) == ("ada@customers.test", ["help+42@paper.test"])
    assert b"Where is it?" in mail


def test_mail_for_us_waits_while_nobody_listens(postfix: Postfix, far_end: FarEnd) -> None:
    far_end.hang_up()
    postfix.deliver(MAIL, sender="ada@customers.test", to="help@paper.test")
    wait_until(lambda: "status=deferred" in postfix.log(), seconds=20, what="Postfix finds nobody")

    far_end.listen()

    wait_until(lambda: bool(far_end.taken), seconds=20, what="the far end has the mail")


def test_mail_for_an_unknown_customer_is_refused_at_once(postfix: Postfix) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        postfix.deliver(MAIL, sender="help@paper.test", to="eve@customers.test")

    assert refusal.value.recipients["eve@customers.test"][0] == 550


def test_mail_for_a_domain_elsewhere_bounces(postfix: Postfix, far_end: FarEnd) -> None:
    postfix.deliver(MAIL, sender="help@paper.test", to="ada@elsewhere.test")

    wait_until(lambda: bool(far_end.taken), seconds=20, what="the far end has the bounce")
    ((sender, recipients, bounce),) = far_end.taken
    assert (sender, recipients) == ("<>", ["help@paper.test"])
    assert b"Status: 5.1.1" in bounce


def swaks(*arguments: str, port: int) -> None:
    program = shutil.which("swaks") or absent("swaks", "on Debian: apt-get install swaks")
    command = [program, "--silent", "2", "--server", "127.0.0.1", "--port", str(port), *arguments]
    subprocess.run(command, check=True, timeout=120)
