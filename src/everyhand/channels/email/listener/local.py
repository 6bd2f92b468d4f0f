"""LMTP (RFC 2033): the same dialogue for a mail server that hands us mail it has already taken, such as Postfix.

It differs from SMTP in two things: the greeting is LHLO, and after a mail there is one answer for each recipient that
was taken, so that a server which brings one mail for several keeps and repeats only what was not stored.
"""

from __future__ import annotations

from aiosmtpd.smtp import syntax

from everyhand.channels.email.listener.dialogue import Dialogue


class LocalDialogue(Dialogue):
    """The protocol of one LMTP connection."""

    scheme = "lmtp"

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802 (aiosmtpd names it)
        await super().smtp_EHLO(arg)

    async def smtp_EHLO(self, arg: str) -> None:  # noqa: N802, ARG002
        await self.push("500 5.5.1 This is LMTP: say LHLO")

    async def smtp_HELO(self, arg: str) -> None:  # noqa: N802, ARG002
        await self.push("500 5.5.1 This is LMTP: say LHLO")

    async def _answer(self, reply: str) -> None:
        """One for each recipient, in the order of their RCPT (RFC 2033 section 4.2): all have it stored, or none."""
        for _recipient in self._recipients:
            await self.push(reply)
