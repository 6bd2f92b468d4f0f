"""The past as Request Tracker keeps it: principals and groups for everybody and every ticket, transactions,
attachments, and the index of their words.
"""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Final

import psycopg

from bench.company import DOMAIN
from bench.peers.past import Past, Person, Ticket

AT_ONCE: Final = 5_000
SYSTEM: Final = 1  # its own first user, by whom things are made
NEVER: Final = datetime(1970, 1, 1)  # noqa: DTZ001 (as its columns keep it)
STATUS: Final = {"open": "open", "waiting": "stalled", "closed": "resolved"}
ROLES: Final = ("AdminCc", "Cc", "Owner", "Requestor")
# Whoever writes for the first time may, as its documentation has the operator grant it.
GRANT: Final = """
    INSERT INTO acl (principaltype, principalid, rightname, objecttype, objectid)
    SELECT 'Group', id, granted, 'RT::System', 1
    FROM groups, unnest(ARRAY['CreateTicket', 'ReplyToTicket']) AS granted
    WHERE domain = 'SystemInternal' AND name = 'Everyone'"""
INDEX: Final = "INSERT INTO attachmentsindex (id, contentindex) SELECT id, to_tsvector(content) FROM attachments"


class Rows:
    """Rows of one table, copied some thousands at a time."""

    def __init__(self, database: psycopg.Connection, table: str, *columns: str) -> None:
        self._database, self._rows = database, list[tuple[object, ...]]()
        self._copy = f"COPY {table} ({', '.join(columns)}) FROM STDIN"

    def add(self, *values: object) -> None:
        self._rows.append(values)
        if len(self._rows) >= AT_ONCE:
            self.write()

    def write(self) -> None:
        with self._database.cursor() as cursor, cursor.copy(self._copy.encode()) as copy:
            for row in self._rows:
                copy.write_row(row)
        self._rows.clear()


class Filler:
    """Fills a database that its set-up has just made. Tickets keep their numbers."""

    def __init__(self, database: psycopg.Connection) -> None:
        self._database = database
        self._everyone, self._privileged, self._unprivileged = (
            self._asked("SELECT id FROM groups WHERE domain = 'SystemInternal' AND name = %s", name)
            for name in ("Everyone", "Privileged", "Unprivileged")
        )
        self._queue = self._asked("SELECT id FROM queues WHERE name = %s", "General")
        self._principal, self._cached, self._transaction = (
            count(self._asked(f"SELECT MAX(id) + 1 FROM {table}"))  # noqa: S608 (names of tables we know)
            for table in ("principals", "cachedgroupmembers", "transactions")
        )
        made = ("creator", "created", "lastupdatedby", "lastupdated")
        self._principals = Rows(database, "principals", "id", "principaltype", "disabled")
        self._users = Rows(database, "users", "id", "name", "password", "emailaddress", "realname", *made)
        self._groups = Rows(database, "groups", "id", "name", "domain", "instance", *made)
        self._members = Rows(database, "groupmembers", "groupid", "memberid", *made)
        self._ways = Rows(
            database, "cachedgroupmembers", "id", "groupid", "memberid", "via", "immediateparentid", "disabled"
        )
        self._tickets = Rows(
            database,
            "tickets",
            *("id", "effectiveid", "queue", "type", "owner", "subject", "status", "starts", "started", "due"),
            *("resolved", *made),
        )
        self._transactions = Rows(
            database, "transactions", "id", "objecttype", "objectid", "timetaken", "type", "creator", "created"
        )
        self._attachments = Rows(
            database,
            "attachments",
            *("transactionid", "parent", "messageid", "subject", "contenttype", "contentencoding", "content"),
            *("headers", "creator", "created"),
        )

    def fill(self, past: Past) -> None:
        now = datetime.now()  # noqa: DTZ005 (as its columns keep it)
        users = {("member", one.number): self._user(one, now, self._privileged) for one in past.members}
        users.update({("customer", one.number): self._user(one, now, self._unprivileged) for one in past.customers()})
        for ticket in past.tickets():
            self._ticket(ticket, users)
        for rows in vars(self).values():
            if isinstance(rows, Rows):
                rows.write()
        for table in ("principals", "cachedgroupmembers", "transactions", "tickets"):
            highest = f"SELECT setval('{table}_id_seq', (SELECT MAX(id) FROM {table}))"  # noqa: S608
            self._database.execute(highest.encode())
        self._database.execute(INDEX)
        self._database.execute(GRANT)

    def _asked(self, question: str, *about: str) -> int:
        row = self._database.execute(question.encode(), about).fetchone()
        if row is None:
            raise LookupError(question)
        number: int = row[0]
        return number

    def _user(self, person: Person, at: datetime, kind: int) -> int:
        user = next(self._principal)
        self._principals.add(user, "User", 0)
        self._users.add(user, person.address, "*NO-PASSWORD*", person.address, person.name, SYSTEM, at, SYSTEM, at)
        own = self._group("UserEquiv", "ACLEquivalence", user, at)
        for group in (own, self._everyone, kind):
            self._join(group, user, at)
        return user

    def _group(self, name: str, domain: str, instance: int, at: datetime) -> int:
        group = next(self._principal)
        self._principals.add(group, "Group", 0)
        self._groups.add(group, name, domain, instance, SYSTEM, at, SYSTEM, at)
        self._lead(group, group)
        return group

    def _join(self, group: int, member: int, at: datetime) -> None:
        self._members.add(group, member, SYSTEM, at, SYSTEM, at)
        self._lead(group, member)

    def _lead(self, group: int, member: int) -> None:
        way = next(self._cached)
        self._ways.add(way, group, member, way, group, 0)

    def _ticket(self, ticket: Ticket, users: dict[tuple[str, int], int]) -> None:
        customer, owner = users["customer", ticket.customer], users["member", ticket.owner]
        opened, changed = _moment(ticket.opened_at), _moment(ticket.changed_at)
        self._tickets.add(
            *(ticket.number, ticket.number, self._queue, "ticket", owner, ticket.subject, STATUS[ticket.status]),
            *(NEVER, opened, NEVER, changed if ticket.status == "closed" else NEVER),
            *(customer, opened, owner, changed),
        )
        for role in ROLES:
            group = self._group(role, "RT::Ticket-Role", ticket.number, opened)
            if role in ("Owner", "Requestor"):
                self._join(group, owner if role == "Owner" else customer, opened)
        for place, said in enumerate(ticket.said):
            transaction, at = next(self._transaction), _moment(said.at)
            author = users["member", said.author] if said.author else customer
            kind = "Correspond" if place else "Create"
            self._transactions.add(transaction, "RT::Ticket", ticket.number, 0, kind, author, at)
            headers = f"Subject: {ticket.subject}\nMessage-ID: <{said.message_id}>\nTo: help@{DOMAIN}\n"
            self._attachments.add(
                *(transaction, 0, said.message_id, ticket.subject, "text/plain", "none", said.text),
                *(f'{headers}Content-Type: text/plain; charset="utf-8"\n', author, at),
            )


def _moment(at: datetime) -> datetime:
    """UTC to the second, which is not said."""
    return at.replace(tzinfo=None, microsecond=0)
