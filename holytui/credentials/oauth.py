"""Access tokens by OAuth 2.0 refresh tokens (RFC 6749 section 6)."""

from __future__ import annotations

import fcntl
import logging
import os
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import httpx

from holytui import paths
from holytui.config.constraints import host_of, is_loopback, is_secure
from holytui.config.schema import OAuth, Provider
from holytui.credentials.command import Run, command_output
from holytui.credentials.sources import Fstat, Key, checked, read_private
from holytui.errors import KeyUnavailable
from holytui.i18n import _
from holytui.secret import Secret, scrub
from holytui.text import sanitize_line
from holytui.wire.transport.addresses import proxy_for
from holytui.wire.transport.connections import socks_missing

_log = logging.getLogger(__name__)
_LOCK_TRIES = 300
_LOCK_PAUSE = 0.05


class FromOAuth:
    """Trades the refresh token for an access token, and keeps the new refresh token if one comes with it."""

    by_command: ClassVar[bool] = True
    """An expired access token is answered with 403 by some gateways, too."""

    def __init__(
        self,
        provider: Provider,
        oauth: OAuth,
        *,
        environ: Mapping[str, str],
        run: Run,
        clock: Callable[[], float],
        transport: httpx.BaseTransport | None = None,
        fstat: Fstat = os.fstat,
    ) -> None:
        self._provider = provider
        self._oauth = oauth
        self._environ = environ
        self._run = run
        self._clock = clock
        self._transport = transport
        self._fstat = fstat
        self._rotated: Secret | None = None
        self._rotated_from: Secret | None = None

    def fetch(self) -> Key:
        """A new access token. Raises KeyUnavailable."""
        if not is_secure(self._oauth.token_url):
            raise KeyUnavailable(
                _("token_url of {name} is not https").format(name=self._provider.name),
                _("A refresh token is sent over https, or to this machine, only"),
            )
        with self._alone():
            refresh_token = self._refresh_token()
            answer = self._post(refresh_token)
            new = answer.get("refresh_token")
            if isinstance(new, str) and new and new != refresh_token.reveal():
                self._keep(checked(new, self._host()), refresh_token)  # first of all: the old one may be void by now
        token, seconds = answer.get("access_token"), _seconds(answer.get("expires_in"))
        if not isinstance(token, str) or not token:
            raise KeyUnavailable(_("{host} answered without an access token").format(host=self._host()), self.fix())
        return Key(checked(token, self._host()), None if seconds is None else self._clock() + seconds)

    def where(self) -> str:
        """Where it comes from, in words."""
        return _("OAuth at {host}, with the refresh token from {place}").format(host=self._host(), place=self._place())

    def fix(self) -> str:
        """What to do when it does not work."""
        return _("Log in again and put the new refresh token into {place}").format(place=self._place())

    def _place(self) -> str:
        if self._oauth.refresh_token_file:
            return self._oauth.refresh_token_file
        command = self._oauth.refresh_token_command
        return _("command {command}").format(command=sanitize_line(command[0]) if command else "?")

    def _host(self) -> str:
        return host_of(self._oauth.token_url) or "?"

    def _refresh_token(self) -> Secret:
        """The token as its place gives it, or the one that has replaced it."""
        if self._oauth.refresh_token_file:
            told = checked(read_private(Path(self._oauth.refresh_token_file), self._fstat), self._place())
        else:
            output = command_output(self._oauth.refresh_token_command, self._run)
            told = checked(output.splitlines()[0], self._place())
        if self._rotated is not None and told == self._rotated_from:
            return self._rotated
        return told

    def _keep(self, new: Secret, old: Secret) -> None:
        """Write a rotated refresh token back: the old one is worthless from now on."""
        file = self._oauth.refresh_token_file
        if self._rotated is None or old != self._rotated:
            self._rotated_from = old
        self._rotated = new
        if not file:
            return  # a command cannot take it back; it lives as long as this process
        try:
            paths.write_private(Path(file).resolve(), new.reveal().encode() + b"\n")
        except OSError as exc:
            reason = sanitize_line(exc.strerror or type(exc).__name__)
            _log.warning("the new refresh token of %s was not written: %s", self._provider.name, reason)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process trades the same file's token meanwhile: the second use of a rotated one ends the login."""
        file = self._oauth.refresh_token_file
        if not file:
            yield
            return
        path = Path(file).resolve()
        try:
            handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            yield  # a folder that cannot be written to: nothing is rotated there either
            return
        try:
            pause = threading.Event()
            for _try in range(_LOCK_TRIES):  # a stopped process may hold it for ever, so wait for a while only
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    pause.wait(_LOCK_PAUSE)
            yield
        finally:
            os.close(handle)

    def _post(self, refresh_token: Secret) -> Mapping[str, object]:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token.reveal(),
            "client_id": self._oauth.client_id,
        }
        if self._oauth.scope:
            form["scope"] = self._oauth.scope
        if name := self._oauth.client_secret_env:
            secret = self._environ.get(name, "")
            if not secret:
                raise KeyUnavailable(
                    _("{name} is not set").format(name=name), _("It holds the client secret for OAuth")
                )
            form["client_secret"] = Secret(secret).reveal()
        try:
            with self._client() as client:
                response = client.post(self._oauth.token_url, data=form, headers={"Accept": "application/json"})
        except (ImportError, ValueError) as exc:  # the proxy needs a package that is missing, or is no address
            reason = socks_missing().message if isinstance(exc, ImportError) else _("the address of the proxy is not valid")
            title = _("{host} gave no access token: {reason}").format(host=self._host(), reason=reason)
            raise KeyUnavailable(title, _("Check the provider's proxy setting and HTTPS_PROXY.")) from exc
        except (httpx.HTTPError, ssl.SSLError, OSError) as exc:
            reason = scrub(sanitize_line(str(exc))) or type(exc).__name__
            title = _("{host} gave no access token: {reason}").format(host=self._host(), reason=reason)
            raise KeyUnavailable(title, _("Check the connection and try again"), transient=True) from exc
        return self._answer(response)

    def _client(self) -> httpx.Client:
        local = is_loopback(self._host())
        direct = local or self._transport is not None
        proxy = "" if direct else proxy_for(self._oauth.token_url, self._provider.proxy)
        verify: ssl.SSLContext | bool = False
        if self._provider.ca_file:
            verify = ssl.create_default_context(cafile=self._provider.ca_file)
        elif not local or self._oauth.token_url.lower().startswith("https:"):
            verify = httpx.create_ssl_context()
        return httpx.Client(
            transport=self._transport,
            proxy=proxy or None,
            verify=verify,
            trust_env=False,  # its proxy and certificates are settled above
            timeout=10.0,
            follow_redirects=False,  # the token is for this address alone
        )

    def _answer(self, response: httpx.Response) -> Mapping[str, object]:
        try:
            told = response.json()
        except (ValueError, RecursionError):
            told = None
        if response.status_code == httpx.codes.OK and isinstance(told, dict):
            return told
        code = told.get("error") if isinstance(told, dict) else None
        detail = told.get("error_description") if isinstance(told, dict) else None
        said = ", ".join(scrub(sanitize_line(str(part)))[:200] for part in (code, detail) if part)
        title = _("{host} refused to renew the access ({reason})").format(
            host=self._host(), reason=said or f"HTTP {response.status_code}"
        )
        if response.status_code >= 500 or response.status_code == 429:
            raise KeyUnavailable(title, _("Try again later"), transient=True)
        raise KeyUnavailable(title, self.fix())


def _seconds(told: object) -> float | None:
    """`expires_in`, which some servers send as a text; None if it says nothing."""
    try:
        seconds = float(str(told))
    except ValueError:
        return None
    return seconds if 0 < seconds < 1e9 else None
