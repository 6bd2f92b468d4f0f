"""A provider that asks its customers for permissions, as Google and Microsoft do: OAuth 2 with PKCE, by oauthlib.

Its customer agrees at once to whatever is asked, so the page where they would is a redirect.
"""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from oauthlib.oauth2 import OAuth2Error, RequestValidator, WebApplicationServer

CLIENT_ID, CLIENT_SECRET = "our-app", "our-secret"


@dataclass
class Books(RequestValidator):  # type: ignore[misc] # oauthlib tells no types
    """What the provider remembers: its one registered application, codes and permissions given out."""

    redirect_uri: str
    codes: dict[str, Any] = field(default_factory=dict)
    refresh_tokens: dict[str, list[str]] = field(default_factory=dict)
    access_tokens: list[str] = field(default_factory=list)
    lasting: bool = True  # whether a refresh token is given out

    def validate_client_id(self, client_id: str, request: Any, *_: Any, **__: Any) -> bool:
        return client_id == CLIENT_ID

    def validate_redirect_uri(self, client_id: str, redirect_uri: str, request: Any, *_: Any, **__: Any) -> bool:
        return redirect_uri == self.redirect_uri

    def validate_response_type(self, client_id: str, response_type: str, *_: Any, **__: Any) -> bool:
        return response_type == "code"

    def validate_scopes(self, client_id: str, scopes: list[str], *_: Any, **__: Any) -> bool:
        return all(one.startswith("https://") or one == "offline_access" for one in scopes)

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        return True

    def save_authorization_code(self, client_id: str, code: dict[str, str], request: Any, *_: Any, **__: Any) -> None:
        self.codes[code["code"]] = request

    def get_code_challenge(self, code: str, request: Any) -> str:
        return str(self.codes[code].code_challenge)

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        return str(self.codes[code].code_challenge_method)

    def authenticate_client(self, request: Any, *_: Any, **__: Any) -> bool:
        request.client = _Application()
        return bool((request.client_id, request.client_secret) == (CLIENT_ID, CLIENT_SECRET))

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *_: Any, **__: Any) -> bool:
        if code not in self.codes:
            return False
        request.scopes, request.user = self.codes[code].scopes, "customer"
        return True

    def confirm_redirect_uri(self, client_id: str, code: str, redirect_uri: str, *_: Any, **__: Any) -> bool:
        return bool(redirect_uri == self.codes[code].redirect_uri)

    def validate_grant_type(self, client_id: str, grant_type: str, *_: Any, **__: Any) -> bool:
        return grant_type in ("authorization_code", "refresh_token")

    def save_bearer_token(self, token: dict[str, Any], request: Any, *_: Any, **__: Any) -> None:
        self.access_tokens.append(token["access_token"])
        if not self.lasting:
            token.pop("refresh_token", None)
        elif "refresh_token" in token:
            self.refresh_tokens[token["refresh_token"]] = request.scopes

    def invalidate_authorization_code(self, client_id: str, code: str, *_: Any, **__: Any) -> None:
        del self.codes[code]

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *_: Any, **__: Any) -> bool:
        request.user = "customer"
        return refresh_token in self.refresh_tokens

    def get_original_scopes(self, refresh_token: str, request: Any, *_: Any, **__: Any) -> list[str]:
        return self.refresh_tokens[refresh_token]


class _Application:
    client_id = CLIENT_ID


class OAuthProvider:
    """Listens with TLS on a free port of 127.0.0.1. `transport` leads there, whatever provider is meant; `asked` are
    the addresses that were asked for.
    """

    def __init__(self, *, certificate: Path, redirect_uri: str) -> None:
        self.books = Books(redirect_uri)
        self.asked: list[str] = []
        self._trust = ssl.create_default_context(cafile=str(certificate))
        self._server = _Server(("127.0.0.1", 0), _Dialogue)
        self._server.endpoint = WebApplicationServer(self.books)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def transport(self) -> httpx.BaseTransport:
        inner = httpx.HTTPTransport(verify=self._trust)

        def lead(request: httpx.Request) -> httpx.Response:
            self.asked.append(f"{request.url.scheme}://{request.url.host}{request.url.path}")
            request.url = request.url.copy_with(host="127.0.0.1", port=self._server.server_address[1])
            return inner.handle_request(request)

        return httpx.MockTransport(lead)

    def agree(self, page: str) -> str:
        """Follow the link to the provider as its customer does, and agree; the address they are sent back to."""
        with httpx.Client(transport=self.transport()) as client:
            return client.get(page).headers["Location"]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    endpoint: Any


class _Dialogue(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        uri = f"https://localhost{self.path}"
        try:
            scopes, credentials = self.server.endpoint.validate_authorization_request(uri)
            headers, body, status = self.server.endpoint.create_authorization_response(
                uri, scopes=scopes, credentials=credentials
            )
        except OAuth2Error as refused:
            headers, body, status = {"Location": refused.in_uri(urlsplit(uri).query)}, "", 302
        self._answer(headers, body, status)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        uri = f"https://localhost{self.path}"
        self._answer(*self.server.endpoint.create_token_response(uri, "POST", body, dict(self.headers)))

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    def _answer(self, headers: dict[str, str], body: str | None, status: int) -> None:
        self.send_response(status)
        content = (body or "").encode()
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
