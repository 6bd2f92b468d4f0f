"""A message comes in: whose is it, what does it belong to, who answers, and by when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from everyhand.conversations import actions as conversations
from everyhand.conversations import asides, following, saying, turns
from everyhand.conversations.models import Conversation, Message, Status
from everyhand.core import rows
from everyhand.customers import actions as customers
from everyhand.customers.models import Identity
from everyhand.desk import belonging, forwarding, history, kept
from everyhand.desk.belonging import Decision
from everyhand.desk.forwarding import Brought
from everyhand.desk.inbound import Inbound
from everyhand.desk.let_go import find_owner
from everyhand.desk.standing import Standing
from everyhand.promises import actions as promises
from everyhand.promises.models import Promise
from everyhand.routing import ownership_map


@dataclass(frozen=True)
class Received:
    """Where a message ended up, and whether it opened that conversation."""

    conversation: Conversation
    message: Message
    promise: Promise | None
    opened: bool


@rows.together()
def receive(
    inbound: Inbound,
    *,
    channel: str,
    at: datetime,
    answered_from: str = "",
    proof: int | None = None,
    ours: Sequence[str] = (),
    decided: Decision | None = None,
    silent: bool = False,
    standing: Standing | None = None,
    brought: Brought | None = None,
) -> Received:
    """Take one message from outside into the house.

    `proof` is the conversation whose signed token the message carries. The message joins it only when its sender also
    takes part in it; otherwise it opens a conversation of its own, linked to that one. `decided` is what a person said
    about a message that was held (see `belonging.why_held`, which is asked before). `answered_from` is the address
    of ours that answers it; `ours` are all addresses it names that belong to us and so are nobody's participants.
    What a member forwards is received as the letter of the customer who wrote it (see `forwarding`), and so is what was
    `brought` in another way (see `capture`).
    `silent` is for history: it is kept with its date `at`, in the thread it belongs to (see `history`), a conversation
    it opens arrives closed, and nothing is promised. `standing` is for whoever receives several messages in one
    transaction. Raises `NobodyAnswers` when nobody works here.
    """
    standing = standing or Standing()
    proven = standing.proven(proof)
    # Whoever was asked aside answers us, whatever they pass on with it.
    if brought is None and not (proven and proven.aside_of_id):
        brought = forwarding.brought(inbound, ours=ours)
    if brought:
        inbound, ours = brought.letter, [*ours, *brought.colleagues]
    identity = customers.identify(email=inbound.sender.email, name=inbound.sender.name, at=at, known=standing.known)
    conversation = proven if proven and _joins(proven, identity, decided, standing) else None
    if silent and conversation is None:
        conversation = history.thread_of(inbound, [identity])
    opened = conversation is None
    if conversation is None:
        decision = _owner_for(inbound, brought, standing, at)
        conversation = conversations.open_conversation(
            customer_identity=identity,
            subject=inbound.subject,
            channel=channel,
            address=answered_from,
            owner=decision.owner,
            team=decision.team,
            because=decision.because,
            at=at,
            linked_to=_beside(proven or belonging.may_continue(inbound)),
            imported=silent,
            by=brought.by if brought else None,
        )
        standing.map.opened(conversation)
    elif conversation.customer_id == identity.customer_id:
        conversation.customer = identity.customer  # the same person, of whom more is known already
    with conversations.changing(conversation):
        message = saying.hear(
            conversation,
            identity=identity,
            at=at,
            files=kept.files(inbound),
            imported=silent,
            forwarded_by=brought.by if brought else None,
            dated=brought.dated if brought else "",
            **kept.words(inbound),
        )
        if brought:
            _keep_in_the_picture(brought, conversation, at)
        copied = _copied(inbound, identity, ours, at, standing) if belonging.is_genuine(inbound) else []
        if conversation.aside_of_id:
            asides.answered(conversation, message, copied, at=at)
            return Received(conversation, message, None, opened=False)
        conversations.propose(conversation, copied, at=at)
        promise = None if silent else _promise(conversation, opened, standing, at)
    return Received(conversation, message, promise, opened)


def _owner_for(inbound: Inbound, brought: Brought | None, standing: Standing, at: datetime) -> ownership_map.Decision:
    """Whom the ownership map names; else whoever the customer turned to, since they have met already."""
    if brought and brought.stays:
        return ownership_map.Decision(brought.by, None, {"code": "taken"})
    decision = standing.map.owner_for(kept.hints(inbound), at=at)
    if brought and decision.because.get("code") == "no-rule":
        return ownership_map.Decision(brought.by, None, {"code": "forwarded"})
    return decision


def _beside(conversation: Conversation | None) -> Conversation | None:
    """The conversation that is shown: of what was asked aside, the one it was asked beside."""
    return conversation.aside_of if conversation and conversation.aside_of_id else conversation


def _keep_in_the_picture(brought: Brought, conversation: Conversation, at: datetime) -> None:
    """Whoever passed it on follows how it goes on, and what they wrote beside it is for colleagues alone."""
    if brought.by != conversation.owner:
        following.follow(conversation, member=brought.by, at=at)
    if brought.beside:
        saying.note(conversation, author=brought.by, text=brought.beside, at=at)


def _promise(conversation: Conversation, opened: bool, standing: Standing, at: datetime) -> Promise:
    """The customer waits for us, whatever was before."""
    if not conversation.owner.is_active:
        find_owner(conversation, by=None, at=at)
    if conversation.status == Status.CLOSED:
        conversations.reopen(conversation, by=None, at=at)
    elif conversation.status == Status.ASLEEP:
        turns.take_up(conversation, at=at, because=turns.Because.CUSTOMER)
    conversations.wait_for(conversation, Status.OPEN)
    return promises.customer_waiting(conversation, at=at, opened=opened, known=standing.promised)


def _joins(proven: Conversation, sender: Identity, decided: Decision | None, standing: Standing) -> bool:
    if decided is not None:
        return decided is Decision.JOIN
    return standing.takes_part(proven, sender)


def _copied(
    inbound: Inbound, sender: Identity, ours: Sequence[str], at: datetime, standing: Standing
) -> list[Identity]:
    not_copied = {customers.normalised(address) for address in ours} | {sender.value}
    others = {customers.normalised(one.email): one for one in (*inbound.to, *inbound.cc) if one.email}
    return [
        customers.identify(email=value, name=address.name, at=at, known=standing.known)
        for value, address in list(others.items())[:50]
        if value not in not_copied
    ]
