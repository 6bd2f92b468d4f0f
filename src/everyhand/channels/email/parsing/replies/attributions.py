"""Finding the line above a quotation that says who wrote it and when, wrapped over several lines or not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from everyhand.channels.email.parsing.replies.languages import attributions as words
from everyhand.channels.email.parsing.replies.lines import Kind, Line, flat, plain

# An attribution may be wrapped over this many lines, empty ones between them included, and hold this many characters.
MOST_LINES = 6
MOST_CHARACTERS = 700

_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@]{1,80}@[^\s<>()\[\]\"',;:@]{1,120}")
_BRACKETED = re.compile(r"[<(\[]\s*(?:mailto:)?[^<>()\[\]@]{1,80}@[^<>()\[\]@\s]{1,120}")
_ENDS_WITH_ADDRESS = re.compile(r"[<(][^<>()@]{1,80}@[^<>()@]{1,120}[>)]{1,2} ?:$")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}[./-] ?\d{1,2}[./-] ?(?:\d\d)?")
_CLOCK = re.compile(
    r"(?<!\d)\d{1,2}\s?[:.h時时시]\s?\d{2}(?!\d)|(?<!\d)\d{1,2}\s?[時时시]|(?<!\w)\d{1,2}\s?[ap]\.?m(?!\w)"
)
_SENTENCE_END = re.compile(r"\w{4}[.!?]\s|[!?]\s")
# '>>>>> "Ann" == Ann Lee <ann@example.org> writes:', as Emacs has it.
_SUPERCITED = re.compile(r"\s{0,4}>{3,} [^=]{1,80} == .{1,200} writes:\s*$")
# "Ann Lee <ann@example.org>", and perhaps the first words of what follows.
_NAMES_SOMEBODY = re.compile(
    r"(?:[^\s<>@]{1,30} ){0,4}[<(]{1,2}[^\s<>@]{1,80}@[^\s<>@]{1,120}[>)]{1,2},?"
    r"(?:(?: [^\s@]{1,12}){0,3}|[^@]{0,24}(?:19|20)\d\d[^@]{0,40})$"
)
_LAST_WORD = re.compile(r"[^\W\d]{6}\.$")
_LEAD = " \t-_*=~\"'«„“”>|"

_VERBS = flat(words.WROTE)
_VERB_WORDS = frozenset(word for verb in _VERBS for word in _WORD.findall(verb) if len(word) > 2)
# Scripts written without blanks cannot be cut into words.
_VERB_PARTS = tuple(
    plain(verb) for code in ("ja", "ko", "th", "zh") for verb in words.WROTE[code] if not verb.isascii()
)
_OPENERS = tuple(sorted((opener + " " for opener in flat(words.OPENERS)), key=len, reverse=True))
_TIGHT_OPENERS = tuple(plain(opener) for code in ("he", "th", "zh") for opener in words.OPENERS[code])
_WEEKDAYS = flat(words.WEEKDAYS)
_SECOND_PERSON = flat(words.SECOND_PERSON)
_FIRST_PERSON = flat(words.FIRST_PERSON)


def find(lines: Sequence[Line], end: int) -> tuple[int, Kind] | None:
    """The first line of the attribution whose last line is `lines[end]`, and how sure we are; None if there is none.

    Looks back over at most `MOST_LINES` lines.
    """
    if not _may_end(lines[end].low):
        return None
    if lines[end].quoted:
        if _SUPERCITED.match(lines[end].raw):
            return end, Kind.ATTRIBUTION
        return _closed_by_quoted_line(lines, end)
    joined, found, promising, opened = "", None, False, False
    for start in range(end, max(-1, end - MOST_LINES), -1):
        line = lines[start].low
        if lines[start].blank:
            if found is not None and not _is_cut(joined):
                break
            continue
        longer = f"{line} {joined}".strip()
        if not line or len(longer) > MOST_CHARACTERS or (start < end and lines[start].quoted):
            break
        if found is not None and not _is_cut(joined) and (_ends_a_sentence(line) or opened):
            return (start, found[1]) if "@" not in joined and _NAMES_SOMEBODY.match(line) else found
        promising = promising or "@" in line or _has_verb(line)
        kind = _read(longer) if promising else None
        if kind is not None and (found is None or _is_cut(joined) or _belongs(line, joined, kind)):
            found = (start, kind)
        joined = longer
        opened = found is not None and found[0] == start and _opens(line) and _dated(joined)
    return found


def _belongs(line: str, joined: str, kind: Kind) -> bool:
    """Is `line` the beginning of the attribution `joined`, or the address its verb was wrapped away from?

    `kind` is what both read together: only what is certain is taken in, for the sender's last words may stand above.
    """
    if "@" not in joined and _NAMES_SOMEBODY.match(line):
        return True
    return kind is Kind.ATTRIBUTION and _begins(line) and any(map(str.isdigit, line))


def _ends_a_sentence(line: str) -> bool:
    """Not "Am Mi., 27. Okt.": the words before those full stops are short."""
    return line[-1] in "!?:" or _LAST_WORD.search(line) is not None


def _may_end(line: str) -> bool:
    """A cheap first look: most lines of most mails end here."""
    if not line:
        return False
    if line[-1] in ":-*_=~)>":
        return True
    return "@" in line and _has_verb(line[-40:])


def _closed_by_quoted_line(lines: Sequence[Line], end: int) -> tuple[int, Kind] | None:
    """An address whose closing bracket was wrapped to the next line: "Ann Lee <ann@example.org" and then "> wrote:"."""
    tail = lines[end].low.lstrip("> ")
    if len(tail) > 40 or not (tail == ":" or (_has_verb(tail) and tail.endswith(":"))):
        return None
    joined = f"> {tail}"
    for start in range(end - 1, max(-1, end - MOST_LINES), -1):
        line = lines[start].low
        if lines[start].blank:
            continue
        if not line or lines[start].quoted or len(joined) + len(line) > MOST_CHARACTERS:
            return None
        joined = f"{line} {joined}"
        kind = _read(joined)
        if kind is not None and _begins(line) and not _is_cut(joined):
            return start, kind
    return None


def _read(joined: str) -> Kind | None:
    """Is this (lower case, one line) an attribution?"""
    body = joined.rstrip(" -_*=~")
    colon = body.endswith(":")
    verb = _has_verb(body)
    address = _ADDRESS.search(body) is not None
    dated, timed = _dated(body), _CLOCK.search(body) is not None
    if not colon and not (verb and address):
        # "2013/7/20 Ann Lee <ann@example.org>" is an attribution only above a quotation.
        bare = address and dated and body.endswith(">") and body[0].isdigit() and len(body) < 160
        return Kind.DOUBTFUL if bare and not _is_cut(body) else None
    if not verb and not (dated and timed and _begins(body) and _ENDS_WITH_ADDRESS.search(body)):
        return None
    if not (address or dated or timed):
        return Kind.DOUBTFUL if verb and len(body) < 80 else None
    if not _begins(body) and not _names_somebody_first(body):
        return None
    # Programs write "<ann@example.org>"; a person may well type "your colleague Ann (ann@example.org) wrote:".
    bracketed = _BRACKETED.search(body) is not None
    begins = _begins(body) and dated
    spoken = frozenset(_WORD.findall(_ADDRESS.sub(" ", body)))
    if not _FIRST_PERSON.isdisjoint(spoken):
        return Kind.DOUBTFUL
    if (bracketed and ("<" in body or begins)) or (begins and timed and _SECOND_PERSON.isdisjoint(spoken)):
        return Kind.ATTRIBUTION
    return Kind.DOUBTFUL


def _names_somebody_first(body: str) -> bool:
    """'Ann Lee <ann@example.org> schrieb am ...': no sentence may have ended before the address."""
    before = re.split(r"[<(\[@]", body, maxsplit=1)[0]
    return len(before.split()) <= 8 and not _SENTENCE_END.search(before)


def _begins(line: str) -> bool:
    """Does it begin as attributions do: with an opener ("On"), a number or a weekday?"""
    line = line.lstrip(_LEAD)
    if not line:
        return False
    if line[0].isdigit() or line.startswith(_OPENERS) or line.startswith(_TIGHT_OPENERS):
        return True
    first = _WORD.match(line)
    return first is not None and first.group() in _WEEKDAYS


def _opens(line: str) -> bool:
    """Does it begin with a word that only the beginning has? (A number may stand in the middle, too.)"""
    return _begins(line) and not line.lstrip(_LEAD)[0].isdigit()


def _dated(line: str) -> bool:
    return _YEAR.search(line) is not None or ("年" in line or "년" in line)


def _has_verb(line: str) -> bool:
    if not _VERB_WORDS.isdisjoint(_WORD.findall(line)):
        return True
    return not line.isascii() and any(part in line for part in _VERB_PARTS)


def _is_cut(joined: str) -> bool:
    """Was the beginning left on an earlier line? Then a bracket closes that was never opened, or opens at once."""
    return joined.startswith(("<", "mailto:", "(")) or joined.count(">") > joined.count("<")
