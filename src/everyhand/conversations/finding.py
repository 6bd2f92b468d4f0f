"""Finding conversations by whatever was said in them, by whom, under which subject, with which files."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cache, cached_property, lru_cache
from typing import Any, Final

from django.db.models import BooleanField, Exists, OuterRef, Q, Subquery, Value
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from everyhand.conversations.listed import Listed, listed
from everyhand.conversations.models import Conversation, Message, taken_back
from everyhand.conversations.sight import Asker, visible_to, ways_to_see
from everyhand.core import search
from everyhand.core.counting import Count, bounded, counted
from everyhand.core.prepared import Given, blanked, prepared
from everyhand.customers.models import Customer, Identity
from everyhand.people.models import Member, Membership


@dataclass(frozen=True)
class Hit:
    """A conversation that was found, by the newest of its messages that fits.

    `excerpt` and `subject` are HTML: some words of that message, and the conversation's subject, escaped, with what was
    looked for in <mark>; a subject without any of it is "".
    """

    conversation: Listed
    message: int
    excerpt: SafeString
    subject: SafeString


@dataclass(frozen=True)
class Found:
    """What was found, newest first. `next` is what to pass as `after` for more, "" when there is none.

    `instead` are the words that were looked for because nobody ever wrote those that were asked for.
    """

    hits: list[Hit]
    next: str
    instead: str = ""

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)


NOTHING: Final = Found([], "")
# So many documents for each conversation of a page are read at once: to ask a second time costs more than to read on.
DOCUMENTS_EACH: Final = 4
# About as many as are read to find the conversations of a page.
DOCUMENTS_A_PAGE: Final = 30 * DOCUMENTS_EACH
EVERYTHING: Final = Q()
# The greatest key, which is about as many as there are.
NEWEST_CONVERSATION: Final[Count] = ("(SELECT COALESCE(MAX(id), 0) FROM conversations_conversation)", ())


@dataclass(frozen=True)
class _Sight:
    """What `member` may find (None: whoever runs the program), and what else must be true of it."""

    member: Member | None
    conversations: Q = EVERYTHING
    messages: Q = EVERYTHING

    def newest(self, query: search.Query, before: int | None, limit: int) -> list[tuple[int, int]]:
        """Up to `limit` documents below this number that match, as (message, conversation), the newest first."""
        going_on = before is not None
        told = {"words": search.expression(query), "asker": self._asker, "before": before}
        conversations, messages = blanked(self.conversations, "conversation"), blanked(self.messages, "message")
        if conversations is None or messages is None:  # written once for this page
            ask = _newest.__wrapped__(self._sees, going_on, limit, self.conversations, self.messages)
            return ask(**told)
        ask = _newest(self._sees, going_on, limit, conversations[0], messages[0])
        return ask(**told, **conversations[1], **messages[1])

    def words_beginning(self, letters: str) -> Iterable[list[str]]:
        """The words that begin so in each of the newest messages they may find, whatever else must be true."""
        return _words_beginning(self._sees)(letters, asker=self._asker)

    @property
    def _asker(self) -> int | None:
        return self.member.pk if self.member else None

    @cached_property
    def _sees(self) -> _Sees:
        if self.member is None or self.member.sees_every_queue:
            return _Sees.EVERYTHING if self.member is None else _Sees.EVERY_QUEUE
        [newest] = counted([NEWEST_CONVERSATION])
        as_many = math.isqrt(DOCUMENTS_A_PAGE * newest)
        # Counted a little further, so that few such questions are written.
        few = counted(_of_few(1 << as_many.bit_length()), asker=self.member.pk)
        return _Sees.LITTLE if sum(few) < as_many else _Sees.THEIRS


class _Sees(Enum):
    """How it is asked whether somebody may see what was found.

    For those who see much it is asked of each match, until the page is full; of others' matches hardly any would be
    theirs, so what might be theirs is listed once. To list one costs as much as to ask of one match, and as many have
    to be asked as it takes to fill a page: so many times more as others' conversations are more than theirs. Both are
    equal at the square root.
    """

    EVERYTHING = auto()
    EVERY_QUEUE = auto()
    THEIRS = auto()
    LITTLE = auto()


@lru_cache(200)
def _newest(
    sees: _Sees, going_on: bool, limit: int, conversations: Q, messages: Q
) -> Callable[..., list[tuple[int, int]]]:
    matching = search.matching_given("words", before=Given("before") if going_on else None)
    allowed = _allowed(sees, conversations, messages)
    return prepared(matching.filter(allowed).values_list("number", "group")[:limit], planned_anew=True)


@cache
def _words_beginning(sees: _Sees) -> Callable[..., Iterable[list[str]]]:
    return search.words_beginning(_allowed(sees, EVERYTHING, EVERYTHING))


@cache
def _of_few(at_most: int) -> list[Count]:
    asker: Any = Given("asker")
    of_teams = Conversation.objects.filter(team__in=Membership.objects.filter(member=asker).values("team"))
    theirs = (of_teams, Conversation.objects.filter(owner=asker))
    return [bounded(rows, at_most=at_most) for rows in theirs]


def _allowed(sees: _Sees, conversations: Q, messages: Q) -> Q:
    """What must be true of a document."""
    said = Q(Exists(Message.objects.filter(messages, pk=OuterRef("number")))) if messages else Q()
    if sees is _Sees.EVERYTHING and not conversations:
        return said
    asker = Asker(sees_every_queue=sees is _Sees.EVERY_QUEUE)
    seen = Conversation.objects.all() if sees is _Sees.EVERYTHING else visible_to(asker)
    found = seen.filter(conversations, pk=OuterRef("group")).values_list(Value(True))[:1]
    # One answer, no EXISTS, for which PostgreSQL would read all conversations to join them with what matches.
    said &= Q(Subquery(found, output_field=BooleanField()))
    if sees is not _Sees.LITTLE:
        return said
    return search.of_groups(ways_to_see(asker)) & said


def find(
    member: Member | None,
    words: str,
    *,
    limit: int = 30,
    after: str = "",
    conversations: Q = EVERYTHING,
    messages: Q = EVERYTHING,
) -> Found:
    """Up to `limit` conversations that `member` may see and in which one message or note has all these words.

    Without a member, whoever runs the program asks, and everything is searched. Any text will do for `words`;
    `core.search.language` says how it is read. Every message is found by its own words, its author and its files'
    names, and by the conversation's subject and the customer's name and addresses. `after` is an earlier `next`.
    `conversations` and `messages` are what else must be true of them. When nothing is found, what is most like these
    words is looked for.
    """
    query = search.read(words)
    if not query.wanted:
        return NOTHING
    sight = _Sight(member, conversations, messages)
    found = _page(query, sight, limit, after)
    if found.hits or after:
        return found
    narrowed = bool(conversations or messages)
    all_of_it = _Sight(member) if narrowed else sight

    def is_there(one: search.Query) -> bool:
        asked_before = one == query and not narrowed
        return not asked_before and bool(all_of_it.newest(one, None, DOCUMENTS_EACH * limit))

    meant = search.instead_of(query, is_there=is_there, words=all_of_it.words_beginning)
    if meant is None:
        return found
    instead = " ".join(word for phrase in meant.wanted for word in phrase.words)
    return replace(_page(meant, sight, limit, after), instead=instead)


def _page(query: search.Query, sight: _Sight, limit: int, after: str) -> Found:
    start = before = int(after) if re.fullmatch("[0-9]{1,15}", after) else None
    newest: dict[int, int] = {}  # conversation: message
    # One more than asked for tells whether there is more.
    while len(newest) <= limit:
        documents = sight.newest(query, before, DOCUMENTS_EACH * limit)
        shown = _shown_before(query, {group for _, group in documents}, start)
        for number, group in documents:
            if group not in shown:
                newest.setdefault(group, number)
        if len(documents) < DOCUMENTS_EACH * limit:
            break
        before = documents[-1][0]
    found = list(newest.items())
    return Found(_hits(found[:limit], query), str(found[limit - 1][1]) if len(found) > limit else "")


def index_new(message: Message, *, files: Sequence[str]) -> None:
    """Make a message findable, in the transaction that writes it; `files` are the names of what is attached to it."""
    search.add([(message.pk, _group(message), _texts(message, files))])


def index(message: Message) -> None:
    """Find a message by what is said in it now."""
    files = message.attachments.filter(message__removed=None).values_list("name", flat=True)
    search.put(message.pk, group=_group(message), texts=_texts(message, files))


def _group(message: Message) -> int:
    """Where it is found: what is said aside, in the conversation it was asked beside."""
    return message.conversation.aside_of_id or message.conversation_id


def _texts(message: Message, files: Iterable[str]) -> list[str]:
    conversation = message.conversation
    customer = conversation.customer
    return [
        conversation.subject,
        message.subject if message.subject != conversation.subject else "",
        customer.name,
        *_addresses_of(customer),
        message.author,
        *(f"{one['name']} {one['email']}" for one in message.recipients),
        *files,
        message.text,
    ]


def _addresses_of(customer: Customer) -> list[str]:
    if "identities" in getattr(customer, "_prefetched_objects_cache", ()):  # those of a whole batch are read together
        return [one.address for one in customer.identities.all()]
    return [value for (value,) in _identities_of()(customer=customer.pk)]


@cache
def _identities_of() -> Callable[..., list[tuple[str]]]:
    return prepared(Identity.objects.filter(customer=Given("customer"), kind=Identity.EMAIL).values_list("value"))


def index_again(conversation: Conversation) -> None:
    """After its subject or its customer's name or addresses changed."""
    for message in conversation.messages.filter(~taken_back()).select_related("author_member", "author_identity"):
        message.conversation = conversation
        index(message)


def forget(conversation: Conversation) -> None:
    """Remove every word of it from the index."""
    said = list(conversation.messages.values_list("pk", flat=True)) if conversation.aside_of_id else []
    search.forget(groups=[conversation.pk], numbers=said)


def forget_message(message: Message) -> None:
    """Nobody finds it any more."""
    search.forget(groups=[], numbers=[message.pk])


def not_indexed() -> Iterator[Message]:
    """Messages that can't be found, since they were written by a version without search; `index` mends them."""
    documents = search.Document.objects.filter(number=OuterRef("pk"))
    missing = Message.objects.filter(~Exists(documents), ~taken_back()).select_related(
        "conversation__customer", "author_member", "author_identity"
    )
    yield from missing.order_by("pk").iterator(chunk_size=500)


def _shown_before(query: search.Query, groups: set[int], start: int | None) -> set[int]:
    """Which of these conversations were on an earlier page, by a newer message."""
    if start is None:
        return set()
    newer = search.matching(query, since=start).filter(group__in=groups)
    return set(newer.values_list("group", flat=True))


def _hits(found: list[tuple[int, int]], query: search.Query) -> list[Hit]:
    of_conversations, of_messages = _shown(len(found))
    conversations = {one.pk: one for one in of_conversations(keys=[group for group, _number in found])}
    messages = {number: said for number, *said in of_messages(keys=[number for _group, number in found])}
    return [
        Hit(
            conversations[group],
            number,
            _excerpt(messages[number], query.wanted),
            _html(_where_found(search.marked(conversations[group].subject, query.wanted))),
        )
        for group, number in found
        if group in conversations and number in messages
    ]


@cache
def _shown(number: int) -> tuple[Callable[..., list[Listed]], Callable[..., list[tuple[int, str, str]]]]:
    """What is shown of so many conversations and messages; a page has at most `limit`, so there are few."""
    keys: Any = Given("keys", several=number) if number else []
    messages = Message.objects.order_by().filter(pk__in=keys).values_list("pk", "reply", "text")
    return prepared(listed(Conversation.objects.filter(pk__in=keys))), prepared(messages)


def _excerpt(said: Sequence[str], phrases: Sequence[search.Phrase]) -> SafeString:
    """Of the first text in which any of them stands, else the beginning of the first that is not empty."""
    told = (_where_found(search.excerpt(text, phrases)) for text in dict.fromkeys(said))
    return _html(next(filter(None, told), []) or search.excerpt(next(filter(None, said), ""), ()))


def _where_found(pieces: search.Excerpt) -> search.Excerpt:
    return pieces if any(marked for _, marked in pieces) else []


def _html(pieces: search.Excerpt) -> SafeString:
    html = "".join(f"<mark>{escape(piece)}</mark>" if marked else escape(piece) for piece, marked in pieces)
    return mark_safe(html)  # noqa: S308 (every piece is escaped)
