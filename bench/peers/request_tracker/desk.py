"""Request Tracker 5 from Debian's packages, on Starman and a PostgreSQL of its own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Final
from urllib.parse import urlencode

import psycopg

from bench.company import DOMAIN
from bench.letters import Letter
from bench.peers.desk import ServedElsewhere
from bench.peers.environments import NotPresent
from bench.peers.past import Past
from bench.peers.request_tracker.cluster import SUPERUSER, Cluster
from bench.peers.request_tracker.filling import Filler
from bench.server import HOST, free_port
from bench.session import AFTER_A_PAUSE, form_with

SERVER: Final = Path("/usr/share/request-tracker5/libexec/rt-server")
NEEDED: Final = ("rt-setup-database-5", "rt-setup-fulltext-index-5", "starman")
REMEDY: Final = (
    "on Debian: apt-get install --no-install-recommends request-tracker5 rt5-db-postgresql starman postgresql"
)
WORKERS: Final = 2
DATABASE: Final = "rt5"
# Its administrator, as its set-up makes it.
ADMIN, PASSWORD = "root", "password"
QUEUE: Final = "General"
SETTINGS: Final = """\
Set($rtname, '{domain}');
Set($Organization, '{domain}');
Set($CorrespondAddress, 'help@{domain}');
Set($CommentAddress, 'comment@{domain}');
Set($WebDomain, '{host}');
Set($WebPort, {port});
Set($WebPath, '');
Set($Timezone, 'UTC');
Set($DatabaseType, 'Pg');
Set($DatabaseHost, '{host}');
Set($DatabasePort, {database_port});
Set($DatabaseName, '{database}');
Set($DatabaseUser, 'rt_user');
Set($DatabasePassword, 'rt');
Set($DatabaseAdmin, '{superuser}');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'error');
Set($MailCommand, 'testfile');
Set($MasonDataDir, '{home}/mason');
Set($MasonSessionDir, '{home}/sessions');
Set(%FullTextSearch, Enable => 1, Indexed => 1, Column => 'ContentIndex', Table => 'AttachmentsIndex');
1;
"""


class RequestTracker(ServedElsewhere):
    name = "Request Tracker 5.0"
    served = f"Starman, {WORKERS} workers, PostgreSQL as Debian comes with it, its index of words"
    link = re.compile(r"/Ticket/Display\.html\?id=(\d+)")

    def __init__(self, home: Path) -> None:
        super().__init__()
        self.home, self.port = home, free_port()
        self._cluster = Cluster()

    def prepare(self, past: Past) -> None:
        if not SERVER.exists() or not all(shutil.which(one) for one in NEEDED) or not self._cluster.can_be_made:
            raise NotPresent(REMEDY)
        self._cluster.make()
        values = {"domain": DOMAIN, "host": HOST, "port": self.port, "database_port": self._cluster.port}
        more = {"database": DATABASE, "superuser": SUPERUSER, "home": self.home}
        (self.home / "settings.d").mkdir()
        (self.home / "RT_SiteConfig.pm").write_text(SETTINGS.format(**values, **more))
        with self._cluster.running():
            dba = ["--dba", SUPERUSER, "--dba-password", "none"]
            self.call(["rt-setup-database-5", "--action", "init", *dba], self._environment)
            asked = ["--noask", *dba, "--table", "AttachmentsIndex", "--column", "ContentIndex"]
            self.call(["rt-setup-fulltext-index-5", *asked], self._environment)
            with psycopg.connect(self._cluster.url(DATABASE), autocommit=False) as database:
                Filler(database).fill(past)
            with psycopg.connect(self._cluster.url(DATABASE), autocommit=True) as database:
                database.execute("VACUUM ANALYZE")

    @contextmanager
    def serving(self) -> Iterator[None]:
        with self._cluster.running(), super().serving():
            yield

    def serve(self) -> tuple[list[str], dict[str, str]]:
        asked = ["--server", "Starman", "--host", HOST, "--port", str(self.port), "--workers", str(WORKERS)]
        # As long as we keep a connection open: by itself it hangs up after a second.
        return [str(SERVER), *asked, "--keepalive-timeout", str(2 * AFTER_A_PAUSE)], self._environment

    def sign_in(self) -> None:
        form = form_with("user", self.session.read("/"))
        self.session.send("/NoAuth/Login.html", {**form, "user": ADMIN, "pass": PASSWORD})

    def list(self) -> str:
        """All that is not resolved, the newest first, 50 a page."""
        return self._found("Status = '__Active__'")

    def search(self, word: str) -> str:
        return self._found(f"Content LIKE '{word}'")

    def _found(self, query: str) -> str:
        asked = urlencode({"Query": query, "OrderBy": "LastUpdated", "Order": "DESC", "Rows": 50})
        return self.session.read(f"/Search/Results.html?{asked}")

    def ticket(self, number: int) -> str:
        """And its history, which the page asks for by itself."""
        page = self.session.read(f"/Ticket/Display.html?id={number}")
        return page + self.session.read(f"/Helpers/TicketHistory?id={number}")

    def answering(self, number: int, text: str) -> Callable[[], object]:
        page = self.session.read(f"/Ticket/Update.html?Action=Respond&id={number}")
        form = form_with("UpdateContent", page) | {"UpdateContent": text, "SubmitTicket": "Update Ticket"}
        return lambda: self.session.send("/Ticket/Update.html", form)

    def file(self, letters: Sequence[Letter]) -> float:
        """Posted to its web server one by one, as its `rt-mailgate` does; that program's own start is left out."""
        began = perf_counter()
        for one in letters:
            mark = f"[{DOMAIN} #{one.answers.pk}] " if one.answers else ""
            mail = one.as_mail(to=f"help@{DOMAIN}", mark=mark)
            typed = {"action": "correspond", "queue": QUEUE, "message": mail.decode()}
            said = self.session.send("/REST/1.0/NoAuth/mail-gateway", typed)
            if not said.startswith("ok"):
                raise RuntimeError(f"Request Tracker did not take a mail: {said}")
        return perf_counter() - began

    def messages(self) -> int:
        with psycopg.connect(self._cluster.url(DATABASE)) as database:
            row = database.execute(
                "SELECT COUNT(*) FROM transactions WHERE objecttype = 'RT::Ticket' AND type IN ('Create', 'Correspond')"
            ).fetchone()
        return row[0] if row else 0

    @property
    def memory(self) -> int:
        """With that of its PostgreSQL."""
        return super().memory + self._cluster.memory

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "RT_SITE_CONFIG": str(self.home / "RT_SiteConfig.pm"),
            "RT_SITE_CONFIG_DIR": str(self.home / "settings.d"),
        }
