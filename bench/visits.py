"""What a member waits for: inbox, conversation, search, reply, each over HTTP with a session of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, cycle
from typing import Final

from bench import floors
from bench.conversation import LONG_ONES
from bench.figures import Figure, of_times
from bench.reader import Reader
from everyhand.conversations.models import Conversation, Message
from everyhand.conversations.sight import visible_to
from everyhand.people.models import Member, Role

SLOW: Final = 10  # of a page that takes a second, so much fewer visits
REPLIED_TO: Final = 10  # conversations in turn
NOT_COUNTED: Final = 5  # visits before those that are

Visit = Callable[[], float]


def visited(port: int, times: int) -> Iterator[Figure]:
    """Each page `times` times, after some visits that are not counted."""
    bare = floors.bare_view(times)
    specialist = Reader(Member.objects.filter(role=Role.SPECIALIST).order_by("pk")[0], port)
    views = (("mine", "mine"), ("my teams", "teams"), ("everyone", "everyone"))
    inboxes = {f"inbox, {name}": f"/inbox/{view}" for name, view in views}
    inboxes["inbox, everyone, closed"] = "/inbox/everyone?status=closed"
    for what, address in inboxes.items():
        yield _figure(what, partial(specialist.time_of_reading, address), times, floor=bare)
    member = Reader(Member.objects.filter(role=Role.MEMBER).order_by("pk")[0], port)
    yield _figure("inbox of one who sees less", lambda: member.time_of_reading("/inbox/everyone"), times, floor=bare)
    yield from _conversations(port, times, bare)
    unread = _unread(specialist.member)
    of_them = iter(unread)
    yield _figure(
        "20 messages, drawn for the first time",
        lambda: specialist.time_of_reading(f"/conversations/{next(of_them)}"),
        min(times, len(unread) - NOT_COUNTED),
        floor=bare,
    )
    for what, words in _searches().items():
        address = f"/search?q={words.replace(' ', '+')}"
        yield _figure(f"search, {what}", partial(specialist.time_of_reading, address), times, floor=bare)
    yield _figure("reply", _replying(specialist), times, floor=floors.durable_insert_ms())
    for reader in (specialist, member):
        reader.close()


def _conversations(port: int, times: int, bare: float) -> Iterator[Figure]:
    for pk, messages, visits in ((1 + LONG_ONES, 20, times), (1, 1_000, max(times // SLOW, 3))):
        conversation = Conversation.objects.select_related("owner").get(pk=pk)
        owner = Reader(conversation.owner, port)
        address = f"/conversations/{pk}"
        yield _figure(
            f"conversation of {messages:,} messages",
            partial(owner.time_of_reading, address),
            visits,
            floor=bare,
        )
        owner.close()


def _unread(member: Member) -> list[int]:
    """Long conversations that nobody has opened: what was drawn is kept for a while (web/drawing.py)."""
    long_ones = visible_to(member).filter(pk__range=(2, LONG_ONES))
    return list(long_ones.values_list("pk", flat=True))


def _searches() -> dict[str, str]:
    """What is looked for, by what kind of word it is. The frequent words are short, as everywhere."""
    newest = Message.objects.filter(direction=Message.Direction.IN).order_by("-pk")[:200]
    words = sorted({word for one in newest for word in one.reply.lower().replace(".", "").split()}, key=_length)
    common, rare = words[0], words[-1]
    slip = rare[:-2] + rare[-1] + rare[-2]
    return {
        f"common word ({common})": f"{common} ",
        f"rare word ({rare})": f"{rare} ",
        f"beginning of a word ({rare[:3]})": rare[:3],
        f"slip of the pen ({slip})": f"{slip} ",
        "common word, filtered": f"{common} status:open",
    }


def _length(word: str) -> tuple[int, str]:
    return len(word), word


def _replying(reader: Reader) -> Visit:
    theirs = Conversation.objects.filter(owner=reader.member).order_by("-pk")[:REPLIED_TO]
    conversations, number = cycle([one.pk for one in theirs]), count(1)

    def reply() -> float:
        conversation = next(conversations)
        page = reader.read(f"/conversations/{conversation}")
        newest = Message.objects.filter(conversation=conversation).order_by("-pk").values_list("pk", flat=True)[0]
        # Other words each time: the same ones again are not sent twice.
        text = f"It is on its way, {next(number)}."
        return reader.time_of_sending(page, f"/conversations/{conversation}/replies", text=text, seen=str(newest))

    return reply


def _figure(what: str, visit: Visit, times: int, *, floor: float) -> Figure:
    for _ in range(min(times, NOT_COUNTED)):
        visit()
    return of_times(what, [visit() for _ in range(times)], floor=floor)
