"""Sentences that are kept in English in the database, told in the reader's language.

What is odd about a mail, why it could not be read and why a letter did not leave is found out by programs that know no
reader, hours before somebody reads it. They keep whole English sentences; here is what those look like. What a mail
server said in its own words stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

# Why no person wrote a mail (`Inbound.automatic`), as `Mail.why` keeps it.
_CODES: Final = {
    "bounce": _("a mail of ours came back"),
    "delay": _("a mail of ours is late"),
    "auto-reply": _("an automatic reply"),
    "out-of-office": _("an out-of-office note"),
    "feedback-report": _("a spam report"),
    "receipt": _("a receipt"),
    "list": _("a mailing list"),
    "loop": _("went round in a circle"),
    "dismissed": _("a person put it away"),
    "erased": _("erased because its sender asked for it"),
}

_SENTENCES: Final = (
    # channels.email.parsing: what is too much
    _("The mail is %(size)s MB long; we read up to %(most)s MB. Ask the sender for a link to the files."),
    _("The mail has more than %(most)s parts."),
    _("The mail has parts nested more than %(most)s deep."),
    _("The mail has a header longer than %(most)s kB."),
    _("The headers of its parts are longer than %(most)s kB together."),
    _("The mail has more than %(most)s header fields."),
    _("The mail names more than %(most)s addresses."),
    # channels.email.parsing: why reading stopped
    _("The parser crashed on this mail, twice (%(how)s)."),
    _("The mail took longer than %(seconds)s seconds to read, so we stopped."),
    _("The parser gave an answer we do not understand (%(what)s)."),
    _("The mail needs more memory to read than we allow, so we stopped."),
    _("The parser stumbled over this mail (%(where)s). Please report it to us."),
    # channels.email.parsing: what is odd about a mail
    _("The mail names more than one sender. The first is shown; nothing proves who wrote it."),
    _("Programs may read different senders in the From field of this mail; nothing proves who wrote it."),
    _("The sender's name looks like another address than the one the mail came from."),
    _("The mail has no usable From field; the sender is taken from %(field)s."),
    _("The mail does not say who sent it."),
    _("The subject is very long and shown in part."),
    _("The mail claims to be written in the future."),
    _("Some words stand outside the parts of the mail; they are shown in their place."),
    _("The plain text and the HTML of this mail say different things; compare both."),
    _("Part of this mail is not in it (%(kind)s): its content was sent separately or lies elsewhere."),
    _("The text is very long: the beginning is shown, and all of it is among the files."),
    _("A winmail.dat could not be unpacked (%(why)s); it is kept as a file."),
    _("The header ends without an empty line; what follows is shown as text."),
    _("The boundary between its parts is not the one the mail declares; we went by what we saw."),
    _("This mail is signed%(how)s. We have not checked the signature, so it proves nothing here."),
    _(
        "This mail is signed%(how)s. We have not checked the signature, so it proves nothing here. "
        "Only the words between its marks are signed."
    ),
    _("This mail is encrypted%(how)s. We have no key for it: ask the sender to write again without encryption."),
    # channels.email.outbound: why a letter did not leave
    _("No outgoing mail server is set (EVERYHAND_MAIL_URL)."),
    _("“%(address)s” is no mail address."),
    _("“%(address)s” is no mail address: there can be no such domain."),
    _("The mail server broke off: %(said)s"),
    _("The mail server can't be reached: %(said)s"),
    _("The mail server can't take addresses with letters outside ASCII."),
    # channels.email.holding
    _("A person put it away: %(reason)s"),
    # conversations.written_down
    _("They said it in person."),
    _("They said it on the phone."),
    _("They said it where we do not listen."),
    # desk.erase
    _("What stood here was erased because its writer asked for it."),
    # core.work
    _("Its worker stopped each time it tried, without saying why."),
)

_PLACE: Final = re.compile(r"%\((\w+)\)s")


def told(kept: str) -> str:
    """`kept` in the active language, as it is where it is no sentence of ours."""
    if kept in _CODES:
        return gettext(_CODES[kept])
    for sentence, pattern in _KNOWN:
        if found := pattern.fullmatch(kept):
            return gettext(sentence) % found.groupdict()
    return kept


def _pattern(sentence: str) -> re.Pattern[str]:
    """What matches the sentence with anything in its places."""
    pieces = _PLACE.split(sentence)
    written = [f"(?P<{piece}>.*)" if place % 2 else re.escape(piece) for place, piece in enumerate(pieces)]
    return re.compile("".join(written), re.DOTALL)


# The longest first, since a shorter one may take its end for the content of a place.
_KNOWN: Final = [(sentence, _pattern(sentence)) for sentence in sorted(_SENTENCES, key=len, reverse=True)]
