"""Reading from the shell: conversations, who would get a mail, what became of all mail."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from django.db.models import QuerySet
from django.utils import timezone

from everyhand.channels.email import queries as mail_queries
from everyhand.cli import setting_up
from everyhand.conversations import queries, tags
from everyhand.conversations.models import Conversation, Message
from everyhand.desk.kept import hints
from everyhand.people.models import Member
from everyhand.routing import actions as routing
from everyhand.routing import reasons


def _json_option(command: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


@click.command()
@click.argument("number", type=int)
@_json_option
def show(number: int, as_json: bool) -> None:
    """Read conversation NUMBER."""
    setting_up.set_up()
    conversation = Conversation.objects.select_related("customer", "owner", "team").filter(pk=number).first()
    if conversation is None:
        setting_up.stop(f"there is no conversation {number}. `everyhand list` shows them.")
    messages = list(queries.timeline(conversation))
    if as_json:
        told = [_message(message) for message in messages]
        because = reasons.in_words(conversation.owner_because, conversation.owner.name)
        click.echo(json.dumps({**_line(conversation), "because": because, "messages": told}, ensure_ascii=False))
        return
    click.echo(
        f"{conversation}  {conversation.status}\n{conversation.customer} with {conversation.owner}, because "
        f"{reasons.in_words(conversation.owner_because, conversation.owner.name)}"
    )
    for message in messages:
        kind = "note by" if message.kind == Message.Kind.NOTE else "from"
        click.echo(f"\n-- {message.at:%Y-%m-%d %H:%M} {kind} {message.author}\n{message.reply or message.text}")


@click.command("list")
@click.option("--status", type=click.Choice(["open", "waiting", "asleep", "closed"]), help="Only these.")
@click.option("--limit", default=1000, show_default=True)
@_json_option
def list_conversations(status: str | None, limit: int, as_json: bool) -> None:
    """List conversations, a line each, what breaks first on top."""
    setting_up.set_up()
    found = _with_whom(Conversation.objects.filter(aside_of=None))
    if status:
        found = found.filter(status=status)
    for conversation in queries.by_urgency(found)[:limit].iterator(chunk_size=500):
        _print(conversation, as_json)


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--as", "email", help="What this member may see; without it, everything.")
@_json_option
def search(words: tuple[str, ...], email: str | None, as_json: bool) -> None:
    """Find conversations by WORDS."""
    from everyhand.conversations import finding

    setting_up.set_up()
    member = Member.objects.filter(email__iexact=email).first() if email else None
    if email and member is None:
        setting_up.stop(f"nobody here has the address {email}.")
    hits = finding.find(member, " ".join(words), limit=100)
    found = _with_whom(Conversation.objects.all()).in_bulk([hit.conversation.pk for hit in hits])
    for hit in hits:
        _print(found[hit.conversation.pk], as_json)


@click.command()
@click.argument("file")
@_json_option
def route(file: str, as_json: bool) -> None:
    """Say who would get the mail in FILE (or - for standard input), and why. Nothing is stored."""
    from everyhand.channels.email.parsing.limits import TooHostile
    from everyhand.channels.email.parsing.mail import parse

    setting_up.set_up()
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        inbound = parse(raw, source=file, at=timezone.now())
    except OSError as error:
        setting_up.stop(f"{file}: {error.strerror}.")
    except TooHostile as refused:
        setting_up.stop(f"{file}: {refused}")
    decision = routing.owner_for(hints(inbound), at=timezone.now())
    because = reasons.in_words(decision.because, decision.owner.name)
    team = decision.team.slug if decision.team else None
    if as_json:
        click.echo(json.dumps({"source": file, "owner": decision.owner.email, "team": team, "because": because}))
    else:
        click.echo(f"{decision.owner.name} <{decision.owner.email}>, because {because}.")


@click.command()
@_json_option
def ledger(as_json: bool) -> None:
    """Show what became of every mail we accepted; exit status 1 when the ledger does not balance."""
    setting_up.set_up()
    counted = mail_queries.ledger()
    if as_json:
        click.echo(json.dumps(counted.as_dict()))
    else:
        for name, value in counted.as_dict().items():
            click.echo(f"{name:12} {value}")
    sys.exit(0 if counted.balanced else 1)


def _with_whom(conversations: QuerySet[Conversation]) -> QuerySet[Conversation]:
    return conversations.select_related("customer", "owner", "team").prefetch_related("customer__identities")


def _print(conversation: Conversation, as_json: bool) -> None:
    line = _line(conversation)
    if as_json:
        click.echo(json.dumps(line, ensure_ascii=False))
    else:
        click.echo(f"{line['conversation']:>6}  {line['status']:8} {conversation.owner.name:20} {line['subject']}")


def _line(conversation: Conversation) -> dict[str, Any]:
    return {
        "conversation": conversation.pk,
        "subject": conversation.subject,
        "status": conversation.status,
        "customer": {"name": conversation.customer.name, "email": conversation.customer.address},
        "owner": conversation.owner.email,
        "team": conversation.team.slug if conversation.team else None,
        "tags": [one.name for one in tags.on([conversation.pk]).get(conversation.pk, ())],
        "opened_at": conversation.opened_at.isoformat(),
        "reply_due": conversation.reply_due.isoformat() if conversation.reply_due else None,
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "message": message.pk,
        "kind": message.kind,
        "direction": message.direction,
        "author": message.author,
        "at": message.at.isoformat(),
        "text": message.text,
        "reply": message.reply,
        "quoted": message.quoted,
        "attachments": [{"name": one.name, "type": one.type, "size": one.size} for one in message.attachments.all()],
        "deliveries": [
            {"address": one.address, "state": one.state, "attempts": one.attempts, "last_error": one.last_error}
            for one in message.deliveries.all()
        ],
    }
