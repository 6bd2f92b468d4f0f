"""Signing in with what is stored for a mailbox, sealed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import httpx
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, LoginError

from everyhand.channels.email.fetching import oauth
from everyhand.channels.email.fetching.server import HungUp
from everyhand.channels.email.models import ConnectedMailbox
from everyhand.core import secrets


class Credentials:
    """What opens one mailbox. A short token is kept in memory while it is good."""

    def __init__(
        self,
        box: ConnectedMailbox,
        *,
        clock: Callable[[], datetime],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._box, self._clock, self._transport = box, clock, transport
        self._token: oauth.Token | None = None

    def sign_in(self, client: IMAPClient) -> None:
        """Raises `LoginError`, `secrets.CannotOpen`, `oauth.PermissionEnded` or `httpx.HTTPError`."""
        if self._box.sign_in == ConnectedMailbox.SignIn.PASSWORD:
            password = self._secret()
            try:
                client.login(self._box.user, password)
            except LoginError as error:
                _tell_apart(error)
                raise
            return
        if self._token is None or not self._token.is_good(self._clock()):
            self._token = self._ask()
        try:
            client.oauth2_login(self._box.user, self._token.access)
        except LoginError as error:
            _tell_apart(error)
            self._token = None  # it may have been taken back before its time
            raise

    def _ask(self) -> oauth.Token:
        grant = oauth.Grant.read(self._secret())
        token = oauth.ask(grant, self._box.sign_in, at=self._clock(), transport=self._transport)
        if token.grant != grant:
            # The old one may be worthless from now on.
            self._box.secret = secrets.seal(token.grant.written())
            ConnectedMailbox.objects.filter(pk=self._box.pk).update(secret=self._box.secret)
        return token

    def _secret(self) -> str:
        """As it is stored now: it may have been sealed with a new key since we began."""
        stored = ConnectedMailbox.objects.filter(pk=self._box.pk).values_list("secret", flat=True).first()
        return secrets.unseal(stored or self._box.secret)


def _tell_apart(error: LoginError) -> None:
    """IMAPClient takes a connection that breaks off in the middle for a refusal. Raises `HungUp` for it."""
    if isinstance(error.__context__, IMAPClientAbortError):
        raise HungUp(str(error)) from error
