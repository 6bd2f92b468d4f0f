"""The secrets in mails about forgotten passwords. allauth's forms import this module, so nothing else does."""

from __future__ import annotations

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator

from everyhand.people.models import Member


class ResetTokens(EmailAwarePasswordResetTokenGenerator):  # type: ignore[misc] # allauth tells no types
    """A forgotten password is set anew within an hour, once, and by whoever still works here."""

    def check_token(self, user: Member | None, token: str | None) -> bool:
        return user is not None and user.is_active and bool(super().check_token(user, token))
