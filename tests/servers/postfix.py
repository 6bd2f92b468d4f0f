"""A real Postfix between Everyhand and its customers, without DNS, syslog or a place in the system."""

from __future__ import annotations

import os
import pwd
import shutil
import smtplib
import subprocess
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from tests.servers.processes import Process, answers, free_port, open_directory

REMEDY = "on Debian, as root: apt-get install postfix"

MAIN = """\
compatibility_level = 3.6
myhostname = post.test
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mail_owner = postfix
queue_directory = {directory}/queue
data_directory = {directory}/data
maillog_file = {directory}/log
maillog_file_prefixes = {directory}
notify_classes =
recipient_delimiter = +

# No name is ever looked up: our domains are relayed to Everyhand, mailboxes are here, mail to anywhere else bounces.
smtp_dns_support_level = disabled
smtp_host_lookup = native
mydestination =
alias_maps =
local_recipient_maps =
relay_domains = {relayed}
transport_maps = inline:{{ {transports} }}
default_transport = nobody:
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = inline:{{ {mailboxes} }}
virtual_mailbox_base = {directory}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}

# A test does not wait: what Everyhand refuses for now is tried again within seconds.
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
smtpd_error_sleep_time = 0
in_flow_delay = 0
message_size_limit = 100000000
virtual_mailbox_limit = 0
"""

# service type private unprivileged chroot wakeup maxproc command: master(5). Nothing is chrooted.
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup  unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr    unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce  unix - - n - 0 bounce
defer   unix - - n - 0 bounce
trace   unix - - n - 0 bounce
verify  unix - - n - 1 verify
flush   unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp    unix - - n - - smtp
relay   unix - - n - - smtp
lmtp    unix - - n - - lmtp
error   unix - - n - - error
retry   unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
nobody  unix - n n - - pipe user=nobody argv=/bin/sh -c {{ echo "5.1.1 Nobody of that name lives here"; exit 67 }}
anvil   unix - - n - 1 anvil
scache  unix - - n - 1 scache
"""


# How transport(5) writes an address that is not to be looked up, for each way to hand mail over.
PLACES = {"relay": "[127.0.0.1]", "lmtp": "inet:127.0.0.1"}


class Postfix:
    """A mail server on a free port of 127.0.0.1.

    `customers` are addresses with a mailbox here ("ada@customers.test"); any other address of their domains is refused
    with 550. Mail to any other domain is accepted and bounces with 5.1.1, as it does at a customer's provider.
    """

    def __init__(self, *, customers: Sequence[str]) -> None:
        self.directory = open_directory("postfix")
        self.port = free_port()
        self.customers = tuple(customers)
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self, *, relay: Mapping[str, int], by: str = "relay") -> None:
        """Start. `relay` maps each domain of ours to the port here that takes its mail: {"paper.test": 8025}.

        `by` is how it is handed over: "relay" is SMTP, "lmtp" is LMTP.
        """
        owner = pwd.getpwnam("postfix")
        configuration = self.directory / "etc"
        for name in ("etc", "queue", "data", "mail"):
            (self.directory / name).mkdir()
        for name in ("data", "mail"):
            os.chown(self.directory / name, owner.pw_uid, owner.pw_gid)
        main = MAIN.format(
            directory=self.directory,
            relayed=" ".join(relay),
            transports=", ".join(f"{{ {domain} = {by}:{PLACES[by]}:{port} }}" for domain, port in relay.items()),
            domains=" ".join(sorted({address.rpartition("@")[2] for address in self.customers})),
            mailboxes=", ".join(f"{{ {address} = {address}/ }}" for address in self.customers),
            uid=owner.pw_uid,
            gid=owner.pw_gid,
        )
        (configuration / "main.cf").write_text(main)
        (configuration / "master.cf").write_text(MASTER.format(port=self.port))
        # Postfix reads a file that is younger than a second again and again, in case it is still being written.
        os.utime(configuration / "main.cf", (0, 0))
        console = self.directory / "console"
        # `check` lays out the queue. `postfix start-fg` would then start the master in another session, out of reach.
        checking = Process(["postfix", "-c", str(configuration), "check"], log=console)
        checking.wait(seconds=30, what="Postfix checks its configuration")
        self._process = Process([str(_master()), "-c", str(configuration), "-d"], log=console)
        self._process.wait_until(lambda: answers(self.port), seconds=30, what="Postfix accepts connections")

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process.kill9()  # the master does not wait for its children
        shutil.rmtree(self.directory)

    def log(self) -> str:
        """What Postfix did with each mail, a line a step; it begins to write that when there is something to say."""
        log = self.directory / "log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def deliver(self, mail: bytes, *, sender: str, to: str | Sequence[str]) -> None:
        """Hand Postfix a mail as a customer's program does. Raises smtplib.SMTPException if it is refused at once."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as connection:
            connection.sendmail(sender, to, mail)

    def mailbox(self, address: str) -> list[Message]:
        """Return the mail that has arrived for one of the customers, oldest first."""
        arrived = (self.directory / "mail" / address / "new").glob("*")
        return [message_from_bytes(path.read_bytes()) for path in sorted(arrived, key=_arrival)]

    def wait_for_mail(self, address: str, count: int = 1, *, seconds: float = 20) -> list[Message]:
        """Return the customer's mail as soon as there are `count`. Raises AssertionError with the log otherwise."""
        if self._process is None:
            raise AssertionError("Postfix was not started.")
        try:
            self._process.wait_until(
                lambda: len(self.mailbox(address)) >= count, seconds=seconds, what=f"{count} mails for {address}"
            )
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()}") from None
        return self.mailbox(address)


def found() -> bool:
    """Tell whether this machine has a Postfix and we may start it: its master insists on being root."""
    return shutil.which("postfix") is not None and os.geteuid() == 0


def _master() -> Path:
    """Return Postfix's supervisor, which every distribution keeps elsewhere."""
    asked = subprocess.run(["postconf", "-d", "-h", "daemon_directory"], check=True, capture_output=True, text=True)  # noqa: S607
    return Path(asked.stdout.strip()) / "master"


def _arrival(path: Path) -> int:
    return path.stat().st_mtime_ns
