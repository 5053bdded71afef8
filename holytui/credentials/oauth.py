"""Access tokens from OAuth 2.0 refresh tokens (RFC 6749 section 6)."""

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
from holytui.config.schema import OAuth, Provider
from holytui.config.urls import host_of, is_loopback, is_secure
from holytui.credentials.command import Run, command_output
from holytui.credentials.sources import Fstat, Key, read_private, validate_key
from holytui.errors import KeyUnavailable
from holytui.i18n import _
from holytui.secret import Secret, scrub
from holytui.text import sanitize_line
from holytui.wire.transport.addresses import proxy_for
from holytui.wire.transport.certificates import CannotSend, CertificateFiles, tls_context
from holytui.wire.transport.connections import socks_missing

_log = logging.getLogger(__name__)
_LOCK_ATTEMPTS = 300
_LOCK_PAUSE = 0.05


class OAuthSource:
    """Exchange a refresh token for an access token, and store a rotated refresh token."""

    by_command: ClassVar[bool] = True
    """Some gateways answer 403 to an expired access token."""

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
        """Return a new access token. Raises KeyUnavailable."""
        if not is_secure(self._oauth.token_url):
            raise KeyUnavailable(
                _("token_url of {name} is not https").format(name=self._provider.name),
                _("A refresh token is sent only over https or to this machine"),
            )
        with self._exclusive_lock():
            refresh_token = self._refresh_token()
            answer = self._post(refresh_token)
            new = answer.get("refresh_token")
            if isinstance(new, str) and new and new != refresh_token.reveal():
                self._store_rotated(
                    validate_key(new, self._host()), refresh_token
                )  # before any check: the old one may be invalid already
        token, seconds = answer.get("access_token"), _lifetime(answer.get("expires_in"))
        if not isinstance(token, str) or not token:
            raise KeyUnavailable(_("{host} sent no access token").format(host=self._host()), self.remedy())
        return Key(validate_key(token, self._host()), None if seconds is None else self._clock() + seconds)

    def describe(self) -> str:
        """Return a description of the source for the user."""
        return _("OAuth at {host}, with the refresh token from {place}").format(
            host=self._host(), place=self._token_location()
        )

    def remedy(self) -> str:
        """Return the step that replaces a refused token."""
        return _("Log in again and put the new refresh token into {place}").format(place=self._token_location())

    def _token_location(self) -> str:
        if self._oauth.refresh_token_file:
            return self._oauth.refresh_token_file
        command = self._oauth.refresh_token_command
        return _("command {command}").format(command=sanitize_line(command[0]) if command else "?")

    def _host(self) -> str:
        return host_of(self._oauth.token_url) or "?"

    def _refresh_token(self) -> Secret:
        """Return the configured token, or the one that replaced it in this process."""
        if self._oauth.refresh_token_file:
            token = validate_key(
                read_private(Path(self._oauth.refresh_token_file), self._fstat), self._token_location()
            )
        else:
            output = command_output(self._oauth.refresh_token_command, self._run)
            token = validate_key(output.splitlines()[0], self._token_location())
        if self._rotated is not None and token == self._rotated_from:
            return self._rotated
        return token

    def _store_rotated(self, new: Secret, old: Secret) -> None:
        """Write a rotated refresh token back to its file, as the old one is invalid."""
        file = self._oauth.refresh_token_file
        if self._rotated is None or old != self._rotated:
            self._rotated_from = old
        self._rotated = new
        if not file:
            return  # a command cannot store it; it is kept for this process only
        try:
            paths.write_private(Path(file).resolve(), new.reveal().encode() + b"\n")
        except OSError as exc:
            reason = sanitize_line(exc.strerror or type(exc).__name__)
            _log.warning("the new refresh token of %s was not written: %s", self._provider.name, reason)

    @contextmanager
    def _exclusive_lock(self) -> Iterator[None]:
        """Lock the token file against other processes: a second use of a rotated token revokes the login."""
        file = self._oauth.refresh_token_file
        if not file:
            yield
            return
        path = Path(file).resolve()
        try:
            handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            yield  # the folder is not writable, so no token can be written back either
            return
        try:
            pause = threading.Event()
            for _try in range(_LOCK_ATTEMPTS):  # a stopped process may hold the lock for ever, so go on after 15 s
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
        except (ImportError, ValueError) as exc:  # socksio is not installed, or the proxy is not a valid URL
            reason = (
                socks_missing().message if isinstance(exc, ImportError) else _("the address of the proxy is not valid")
            )
            title = _("{host} gave no access token: {reason}").format(host=self._host(), reason=reason)
            raise KeyUnavailable(title, _("Check the provider's proxy setting and HTTPS_PROXY.")) from exc
        except CannotSend as exc:
            title = _("{host} gave no access token: {reason}").format(host=self._host(), reason=exc.fault.message)
            setting = exc.fault.param
            hint = _("Check {setting} of the provider in the configuration.").format(setting=setting)
            raise KeyUnavailable(title, hint) from exc
        except (httpx.HTTPError, ssl.SSLError, OSError) as exc:
            reason = scrub(sanitize_line(str(exc))) or type(exc).__name__
            title = _("{host} gave no access token: {reason}").format(host=self._host(), reason=reason)
            raise KeyUnavailable(title, _("Check the connection and try again"), transient=True) from exc
        return self._parse_response(response)

    def _client(self) -> httpx.Client:
        local = is_loopback(self._host())
        direct = local or self._transport is not None
        proxy = "" if direct else proxy_for(self._oauth.token_url, self._provider.proxy)
        verify: ssl.SSLContext | bool = False
        if not local or self._oauth.token_url.lower().startswith("https:"):
            provider = self._provider
            verify = tls_context(CertificateFiles(provider.ca_file, provider.client_cert, provider.client_key))
        return httpx.Client(
            transport=self._transport,
            proxy=proxy or None,
            verify=verify,
            trust_env=False,  # proxy and certificates are set above
            timeout=10.0,
            follow_redirects=False,  # the token is for this address only
        )

    def _parse_response(self, response: httpx.Response) -> Mapping[str, object]:
        try:
            payload = response.json()
        except (ValueError, RecursionError):
            payload = None
        if response.status_code == httpx.codes.OK and isinstance(payload, dict):
            return payload
        code = payload.get("error") if isinstance(payload, dict) else None
        detail = payload.get("error_description") if isinstance(payload, dict) else None
        reason = ", ".join(scrub(sanitize_line(str(part)))[:200] for part in (code, detail) if part)
        title = _("{host} refused to renew the access token ({reason})").format(
            host=self._host(), reason=reason or f"HTTP {response.status_code}"
        )
        if response.status_code >= 500 or response.status_code == 429:
            raise KeyUnavailable(title, _("Try again later"), transient=True)
        raise KeyUnavailable(title, self.remedy())


def _lifetime(expires_in: object) -> float | None:
    """Return `expires_in` in seconds; some servers send it as a string. None if it is not usable."""
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return None
    return seconds if 0 < seconds < 1e9 else None
