"""A member answers a notice by mail: what they write becomes their note in the conversation.

A note and not a reply, on purpose. Whoever presses "Answer" in a mail program thinks of the colleague or the desk that
told them; words meant for us must never reach a customer by mistake, and a customer's promise is kept by an answer
that somebody meant as one.

To answer a page is to act: whoever is woken at night and writes "I am on it" has said so.

It takes our signed address, the member it was given to, who still works here and may see the conversation, and no
reason to believe that somebody else used their name. Anything less waits for a person: it is nobody's note, and
nothing is lost.
"""

from __future__ import annotations

from datetime import datetime

from everyhand.channels.email import outcomes
from everyhand.channels.email.models import Mail
from everyhand.channels.email.outcomes import Filed
from everyhand.conversations.saying import Upload
from everyhand.conversations.sight import visible_to
from everyhand.core import work
from everyhand.customers.actions import normalised
from everyhand.desk import escalate
from everyhand.desk.belonging import Held, is_genuine
from everyhand.desk.inbound import Inbound
from everyhand.desk.reply import NothingToSend, write_note
from everyhand.notices import actions as notices
from everyhand.notices.models import Kind, Notice


def file(mail: Mail, inbound: Inbound, notice: Notice, at: datetime) -> Filed:
    """File the answer to `notice` as a note, or hold it; in the caller's transaction."""
    conversation = visible_to(notice.member).filter(pk=notice.conversation_id or 0).first()
    if conversation is None or not _is_from(notice, inbound):
        return outcomes.hold(mail, inbound, Held.NOTICE_ANSWER, None, at)
    files = [Upload(file.name, file.type, file.content, file.content_id, file.inline) for file in inbound.files]
    try:
        note = write_note(conversation, author=notice.member, text=inbound.reply or inbound.text, at=at, files=files)
    except NothingToSend:
        return outcomes.hold(mail, inbound, Held.NOTICE_ANSWER, None, at)
    if notice.kind == Kind.PAGED:
        escalate.act(conversation, by=notice.member, at=at)
    notices.read(Notice.objects.filter(conversation=conversation), by=notice.member, at=at)
    mail.conversation, mail.message = conversation, note
    outcomes.remember(mail, Mail.Outcome.FILED, "")
    work.complete(mail, at=at)
    return Filed(mail, inbound, conversation, note)


def _is_from(notice: Notice, inbound: Inbound) -> bool:
    member = notice.member
    return member.is_active and is_genuine(inbound) and normalised(inbound.sender.email) == normalised(member.email)
