"""Verdicts and holdings in whole sentences, for whoever reads a message or decides about it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from everyhand.desk.belonging import Held
from everyhand.desk.verdict import Result, Verdict


def in_words(verdict: Verdict) -> str:
    """One sentence for whoever reads the message; "" when nobody looked, as with mail that came no way we can judge."""
    if not verdict.judged_by:
        return ""
    if verdict.vouched_by:
        names = {"domain": verdict.claimed, "forwarder": verdict.vouched_by}
        return _("Came from %(domain)s when it reached %(forwarder)s, which passed it on, says %(forwarder)s") % names
    if verdict.is_proved:
        return _("Proved to come from %(domain)s") % {"domain": verdict.claimed}
    if verdict.is_forged:
        return _("Claims to come from %(domain)s, but that domain says it is forged") % {"domain": verdict.claimed}
    vouching = {one.domain for one in (verdict.dkim, verdict.spf) if one.result is Result.PASS and one.domain}
    if vouching:
        return _("Sent through %(domain)s; nobody vouches for the sender") % {"domain": ", ".join(sorted(vouching))}
    return _("Nobody vouches for the sender")


def why_held(code: str) -> str:
    """Why a message waits for a person; `code` is a value of `Held`."""
    return {
        Held.FORGED_REPLY: _(
            "It is written as an answer of somebody who takes part in a conversation, but the domain it names says that"
            " it is forged."
        ),
        Held.DOUBTFUL_REPLY: _("It answers a conversation, but does not say clearly who wrote it."),
        Held.MEMBER_UNPROVED: _("It names one of us as its sender, and nothing proves that they wrote it."),
        Held.ACCOUNT_MAIL: _(
            "Another service sent it to confirm an account or an address. Whoever reads its code or follows its link"
            " may act in our name there, so only those who look after mail see it."
        ),
        Held.NOTICE_ANSWER: _(
            "It answers what we told one of us by mail, but not as that person, or they may not see that conversation"
            " (any more). So it is nobody's note."
        ),
    }[Held(code)]
