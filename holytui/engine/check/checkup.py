"""Checks a model, from its address to how it resumes answers. Each step has a time limit; nothing is printed."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from holytui.config.presets import GUIDE
from holytui.config.redact import carries_key, plain_url
from holytui.engine.check.check_target import CONNECT_LIMIT, CheckTarget
from holytui.engine.check.continuation_probe import ContinuationProbe
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus, as_hints, skipped
from holytui.engine.ports import Client
from holytui.errors import KeyUnavailable
from holytui.faults import Fault, FaultKind
from holytui.i18n import _, ngettext
from holytui.secret import Secret
from holytui.store.history import History
from holytui.text import nearest
from holytui.wire.request import Endpoint
from holytui.wire.transport.addresses import proxy_name, proxy_of

_CONNECTION = frozenset({FaultKind.TLS, FaultKind.NO_TLS, FaultKind.WANTS_TLS, FaultKind.PROXY, FaultKind.SETUP})
"""Faults of the model list that every request would have."""
_LIST_TIMEOUT = 15.0
"""Time limit of the model list, in seconds."""


class CheckClient(Client, Protocol):
    """A client that also lists an endpoint's models (`wire.client.ChatClient`)."""

    def list_models(self, endpoint: Endpoint, key: Secret | None, timeout: float) -> list[str] | Fault:
        """Return the names of the models."""
        ...


class Checkup:
    """Checks one target. `on_begin` is called before each step; `clock` is in seconds."""

    def __init__(
        self,
        subject: CheckTarget,
        client: CheckClient,
        history: History,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_begin: Callable[[CheckTopic], None] = lambda _topic: None,
    ) -> None:
        self._subject = subject
        self._client = client
        self._history = history
        self._clock = clock
        self._on_begin = on_begin
        self._key: Secret | None = None

    def findings(self) -> Iterator[Finding]:
        """Yield each finding as soon as it is available. Steps that cannot run are skipped."""
        yield (address := self._address())
        if address.status is FindingStatus.FAILED:
            return
        self._on_begin(CheckTopic.KEY)
        yield (key := self._fetch_key())
        self._on_begin(CheckTopic.CONNECTION)
        connection, listed = self._connect()
        yield connection
        if FindingStatus.FAILED in (key.status, connection.status):
            yield from (skipped(CheckTopic.REQUEST), skipped(CheckTopic.CONTINUATION))
        else:
            probe = ContinuationProbe(self._subject, self._client, self._history, self._key, self._clock)
            self._on_begin(CheckTopic.REQUEST)
            yield probe.request()
            self._on_begin(CheckTopic.CONTINUATION)
            yield probe.continuation()
        yield skipped(CheckTopic.MODELS) if connection.status is FindingStatus.FAILED else self._models(listed)

    def _address(self) -> Finding:
        name, endpoint = str(self._subject.resolved.ref), self._subject.endpoint
        url = plain_url(endpoint.base_url if endpoint.unix is not None else endpoint.url)
        try:
            proxy = plain_url(proxy_of(self._subject.endpoint))
        except ValueError:
            hint = _("Check base_url in the configuration.")
            return Finding(
                FindingStatus.FAILED,
                CheckTopic.MODEL,
                _("{model}: {url} is not a valid address").format(model=name, url=url),
                (hint,),
            )
        if proxy:
            text = _("{model} at {url}, through the proxy {proxy}").format(model=name, url=url, proxy=proxy)
        else:
            text = _("{model} at {url}, directly").format(model=name, url=url)
        vision = _("It accepts images (vision = true).") if self._subject.resolved.model.vision else ""
        return Finding(FindingStatus.OK, CheckTopic.MODEL, text, as_hints(vision))

    def _fetch_key(self) -> Finding:
        keys = self._subject.keys
        try:
            self._key = keys.get()
        except KeyUnavailable as error:
            return Finding(FindingStatus.FAILED, CheckTopic.KEY, error.title, as_hints(error.hint))
        if self._subject.resolved.ref.provider == GUIDE:
            return Finding(FindingStatus.OK, CheckTopic.KEY, _("created by the built-in guide"))
        if self._key is not None:
            return Finding(FindingStatus.OK, CheckTopic.KEY, _("from {place}").format(place=keys.describe()))
        endpoint = self._subject.endpoint
        if self._subject.is_local or carries_key(endpoint.headers, endpoint.query):
            return Finding(FindingStatus.OK, CheckTopic.KEY, _("none is configured; the server may need none"))
        place = f"[providers.{endpoint.provider}]"
        hint = _("If the server needs one, set api_key_env, api_key_file or api_key_command in {place}.")
        return Finding(FindingStatus.WARNING, CheckTopic.KEY, _("none is configured"), (hint.format(place=place),))

    def _connect(self) -> tuple[Finding, list[str] | Fault]:
        """Connect, and request the model list, which costs nothing."""
        began = self._clock()
        fault = self._client.probe(self._subject.endpoint, CONNECT_LIMIT)
        took = round((self._clock() - began) * 1000)
        if fault is not None:
            return self._subject.failure(CheckTopic.CONNECTION, fault), fault
        listed = self._list_models()
        if isinstance(listed, Fault) and listed.kind in _CONNECTION:
            return self._subject.failure(CheckTopic.CONNECTION, listed), listed
        return Finding(FindingStatus.OK, CheckTopic.CONNECTION, self._connection_text(took)), listed

    def _connection_text(self, took: int) -> str:
        proxy, host = proxy_name(self._subject.endpoint), self._subject.host
        secure = self._subject.endpoint.base_url.lower().startswith("https:")
        match bool(proxy), secure:
            case True, True:
                text = _("the proxy {proxy} answers in {ms} ms, and the certificate of {host} behind it is trusted")
            case True, False:
                text = _("the proxy {proxy} answers in {ms} ms; {host} is asked through it")
            case False, True:
                text = _("{host} was found and answers in {ms} ms, and its certificate is trusted")
            case _:
                text = _("{host} was found and answers in {ms} ms")
        return text.format(proxy=proxy, host=host, ms=took)

    def _list_models(self) -> list[str] | Fault:
        """List the models, with a time limit also for a server that sends single bytes."""
        result: queue.SimpleQueue[list[str] | Fault] = queue.SimpleQueue()

        def work() -> None:
            result.put(self._client.list_models(self._subject.endpoint, self._key, _LIST_TIMEOUT))

        threading.Thread(target=work, name="holytui-check", daemon=True).start()
        try:
            return result.get(timeout=_LIST_TIMEOUT)
        except queue.Empty:
            return Fault(FaultKind.IDLE)

    def _models(self, listed: list[str] | Fault) -> Finding:
        if isinstance(listed, Fault):
            problem = self._subject.problem(listed)
            text = _("the endpoint does not list its models: {reason}").format(reason=problem.title)
            return Finding(
                FindingStatus.WARNING, CheckTopic.MODELS, text, (_("A model can be used even if it is not listed."),)
            )
        name = self._subject.resolved.model.name
        count = ngettext("{count} model is listed", "{count} models are listed", len(listed)).format(count=len(listed))
        if any(one in (name, f"models/{name}", f"{name}:latest") for one in listed):
            return Finding(
                FindingStatus.OK, CheckTopic.MODELS, _("{count}, {name} among them").format(count=count, name=name)
            )
        meant = nearest(name, listed)
        hint = _('Did you mean "{name}"?').format(name=meant) if meant else _("Check the model's name.")
        text = _("{count}, {name} not among them").format(count=count, name=name)
        return Finding(FindingStatus.WARNING, CheckTopic.MODELS, text, (hint,))
