"""The letter a member's answer becomes.

`From` is the mailbox the customer wrote to, or the from-address that was chosen, under the name of the person who
answers, so that address books and filters know one sender. `Reply-To` is the conversation's signed address, which every
mail program answers to: it brings the answer back even when the program drops In-Reply-To and References (Outlook's web
rules, ticket systems). The letter depends on the message alone, so every recipient and every try gets the same bytes.
"""

from __future__ import annotations

from email.utils import format_datetime

from django.conf import settings

from everyhand.channels.email import queries, tokens
from everyhand.channels.email.outbound import letter
from everyhand.channels.email.outbound.html import as_html
from everyhand.conversations import subjects
from everyhand.conversations.models import Message


def compose(message: Message) -> bytes:
    """`message`, which must be one of ours, as the bytes of a mail. Raises `letter.NoAddress`."""
    conversation = message.conversation
    address = message.sent_from
    name = sender_name(message.author, address, house=message.from_name)
    in_reply_to = letter.ids([message.in_reply_to])
    references = letter.ids(message.references)
    fields = [
        ("From", letter.people([(name, address)], field="From")),
        ("Reply-To", letter.people([(name, tokens.reply_address(conversation, sent_from=address))], field="Reply-To")),
        *recipients(message),
        ("Subject", letter.words(subject(message), field="Subject")),
        ("Date", format_datetime(message.at)),
        ("Message-ID", letter.ids([message.message_id])),
        *([("In-Reply-To", in_reply_to)] if in_reply_to else []),
        *([("References", references)] if references else []),
    ]
    files = [
        letter.Enclosure(
            attachment.name,
            attachment.type,
            bytes(attachment.blob.content),
            attachment.content_id if attachment.inline else "",
        )
        for attachment in message.attachments.select_related("blob").order_by("pk")
    ]
    html = as_html(message.text, written=message.html, signature=message.signature, quoted=message.quoted)
    return letter.write(fields, text=_as_text(message), html=html, files=files)


def _as_text(message: Message) -> str:
    """The author's words, the signature behind its delimiter (RFC 3676 section 4.3), and what was said before."""
    signature = f"-- \n{message.signature}" if message.signature else ""
    return "\n\n".join(part for part in (message.text, signature, message.quoted) if part)


def sender_name(person: str, mailbox_address: str, *, house: str = "") -> str:
    """`Ana Silva (The Courier)`: who answers, and for whom. The mailbox's own name goes before the company's."""
    if not house:
        house = queries.name_of_mailbox(mailbox_address) or settings.EVERYHAND.company
    return f"{person} ({house})" if person and house else person or house


def recipients(message: Message) -> list[letter.Field]:
    """The To and Cc fields: everybody sees who else takes part. What is no address is left to its own delivery to
    fail, and keeps the letter from nobody else.
    """
    fields = []
    for field in ("To", "Cc"):
        chosen = [one for one in message.recipients if one["as"] == field.lower() and letter.is_address(one["email"])]
        if chosen:
            fields.append((field, letter.people([(one["name"], one["email"]) for one in chosen], field=field)))
    return fields or [("To", "undisclosed-recipients:;")]


def subject(message: Message) -> str:
    """The conversation's subject with one "Re:" in front when the message answers something; programs that thread by
    subject as well as by References (Gmail) need the rest unchanged.
    """
    clean = letter.one_line(message.subject)
    return f"Re: {subjects.bare(clean)}".strip() if message.in_reply_to else clean
