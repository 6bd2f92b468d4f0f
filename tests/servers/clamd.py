"""A real clamd: ClamAV's daemon with a database of one signature, so that nothing is downloaded."""

from __future__ import annotations

import hashlib
import shutil
import socket
from pathlib import Path

from tests.servers.processes import Process, open_directory

REMEDY = "on Debian, as root: apt-get install clamav-daemon"

# The 68 characters every scanner takes for a virus (eicar.org), put together here so that this file is none.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
FOUND = "Riverside.Test.UNOFFICIAL"

CONFIGURATION = """\
Foreground yes
LogFile {directory}/log
DatabaseDirectory {directory}/signatures
LocalSocket {directory}/clamd.ctl
TemporaryDirectory {directory}
OfficialDatabaseOnly no
StreamMaxLength 50M
"""


class Clamd:
    """Listens on a socket in a directory of its own; `url` is how EVERYHAND_CLAMAV names it."""

    def __init__(self) -> None:
        self.directory = open_directory("clamd")
        self.socket = self.directory / "clamd.ctl"
        self.url = f"unix://{self.socket}"
        signatures = self.directory / "signatures"
        signatures.mkdir()
        known = hashlib.md5(EICAR, usedforsecurity=False).hexdigest()
        (signatures / "riverside.hdb").write_text(f"{known}:{len(EICAR)}:Riverside.Test\n")
        configuration = self.directory / "clamd.conf"
        configuration.write_text(CONFIGURATION.format(directory=self.directory))
        self._process = Process(["clamd", "--config-file", str(configuration)], log=self.directory / "console")

    def wait_until_ready(self) -> None:
        self._process.wait_until(self._answers, seconds=60, what="clamd answers")

    def stop(self) -> None:
        self._process.stop()
        self._process.kill9()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(str(self.socket))
                line.sendall(b"zPING\0")
                return line.recv(16) == b"PONG\0"
        except OSError:
            return False


def found() -> bool:
    return shutil.which("clamd", path=f"/usr/sbin:{Path('/usr/local/sbin')}:/usr/bin") is not None
