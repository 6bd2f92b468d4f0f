"""A real Dovecot: a provider's IMAP server with one mailbox, without a place in the system."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.servers.processes import Process, answers, free_port, open_directory

REMEDY = "on Debian, as root: apt-get install dovecot-imapd"

CONFIGURATION = """\
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{certificate}
ssl_key = <{certificate}
disable_plaintext_auth = yes
default_login_user = nobody
default_internal_user = dovecot
mail_location = maildir:{directory}/mail
first_valid_uid = 1
mailbox_idle_check_interval = 1 secs

passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
  chroot =
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class Dovecot:
    """Listens with TLS on a free port of 127.0.0.1; everybody signs in with `password`. `certificate` is a PEM file
    with certificate and key, which whoever connects must trust.
    """

    password = "riverside"

    def __init__(self, *, certificate: Path) -> None:
        self.directory = open_directory("dovecot")
        self.port = free_port()
        self._owner = pwd.getpwnam("nobody")
        self._maildir = self.directory / "mail"
        self._count = 0
        for name in ("cur", "new", "tmp"):
            (self._maildir / name).mkdir(parents=True)
        configuration = self.directory / "dovecot.conf"
        configuration.write_text(
            CONFIGURATION.format(
                directory=self.directory,
                certificate=certificate,
                password=self.password,
                port=self.port,
                uid=self._owner.pw_uid,
                gid=self._owner.pw_gid,
            )
        )
        self._give_to_owner(self._maildir, *self._maildir.iterdir())
        self._process = Process(["dovecot", "-F", "-c", str(configuration)], log=self.directory / "console")

    def wait_until_ready(self) -> None:
        self._process.wait_until(lambda: answers(self.port), seconds=30, what="Dovecot accepts connections")

    def deliver(self, mails: Iterable[tuple[bytes, float]]) -> None:
        """Put mails into INBOX as a delivery agent does; with each, when it arrived (seconds of Unix time)."""
        for raw, arrived_at in mails:
            self._count += 1
            path = self._maildir / "tmp" / f"{arrived_at:.0f}.{self._count:06}.post"
            path.write_bytes(raw)
            os.utime(path, (arrived_at, arrived_at))
            self._give_to_owner(path)
            path.rename(self._maildir / "new" / path.name)

    def flags(self) -> set[str]:
        """The flags that any mail has by now: what somebody has changed in the folder."""
        return {path.name.partition(":2,")[2] for path in (self._maildir / "cur").iterdir()} - {""}

    def stop(self) -> None:
        self._process.stop()
        self._process.kill9()
        shutil.rmtree(self.directory)

    def log(self) -> str:
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    def _give_to_owner(self, *paths: Path) -> None:
        for path in paths:
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)


def found() -> bool:
    """Tell whether this machine has a Dovecot that speaks IMAP, and we may start it: it insists on being root."""
    speaks_imap = any(
        Path(place, "dovecot", "imap").exists() for place in ("/usr/lib", "/usr/libexec", "/usr/local/lib")
    )
    return shutil.which("dovecot") is not None and speaks_imap and os.geteuid() == 0
