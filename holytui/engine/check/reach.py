"""The steps to an endpoint up to its list of models, each with a finding."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from holytui.config.presets import GUIDE
from holytui.config.redact import carries_key
from holytui.engine.check.check_target import CONNECT_LIMIT, CheckTarget
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus, as_hints, skipped
from holytui.engine.ports import Client
from holytui.engine.turn.retry import FaultClass, classify
from holytui.errors import KeyUnavailable
from holytui.faults import Fault, FaultKind
from holytui.i18n import _, ngettext
from holytui.secret import Secret, scrub
from holytui.text import nearest, sanitize_line
from holytui.wire.request import Endpoint
from holytui.wire.transport.addresses import proxy_name
from holytui.wire.transport.peer_certificate import PeerCertificate

LIST_SECONDS = 15.0
"""Time limit of the list of models."""
STEPS = (CheckTopic.NAME, CheckTopic.CONNECTION, CheckTopic.TLS, CheckTopic.HTTP, CheckTopic.KEY, CheckTopic.MODELS)
_MAX_MESSAGE = 200
"""Characters of a server's message."""
_SOON = 14 * 86_400.0
"""Seconds before its expiry at which a certificate gets a warning."""
_TLS = frozenset({FaultKind.TLS, FaultKind.NO_TLS})
_CONNECT = frozenset(
    {FaultKind.REFUSED, FaultKind.UNREACHABLE, FaultKind.CONNECT_TIMEOUT, FaultKind.PROXY, FaultKind.SETUP}
)
_UNLISTED = (404, 405, 501)
"""Statuses of a server that has no list of models."""


class CheckClient(Client, Protocol):
    """A client that also lists an endpoint's models (`wire.client.ChatClient`)."""

    def list_models(self, endpoint: Endpoint, key: Secret | None, timeout: float) -> list[str] | Fault:
        """Return the names of the models."""
        ...

    def certificate(self, endpoint: Endpoint) -> PeerCertificate | None:
        """Return the server's certificate as of the last `list_models`."""
        ...


class ReachSteps:
    """Checks `STEPS` once. Blocks the thread that iterates `findings`; closing the client ends it.

    With the name of a `model` this is the check of a configured provider: a server may refuse its list and answer
    questions all the same, so that a refused list is only a warning. Without one, the name is still to be chosen.
    """

    def __init__(
        self,
        target: CheckTarget,
        client: CheckClient,
        clock: Callable[[], float] = time.monotonic,
        *,
        model: str = "",
        on_begin: Callable[[CheckTopic], None] = lambda _topic: None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._target = target
        self._client = client
        self._clock = clock
        self._model = model
        self._on_begin = on_begin
        self._wall = wall
        self.key: Secret | None = None
        self.models: tuple[str, ...] = ()
        """The endpoint's own list; empty if it gave none."""
        self.better_url = ""
        """The base URL that was probably meant, after a failure."""
        self.failed: CheckTopic | None = None
        """The step that failed."""

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each step."""
        target = self._target
        self._on_begin(CheckTopic.CONNECTION)
        began = self._clock()
        fault = self._client.probe(target.endpoint, CONNECT_LIMIT)
        if fault is not None:
            step = CheckTopic.NAME if fault.kind is FaultKind.DNS else CheckTopic.CONNECTION
            yield from self._failed_at(step, fault)
            return
        took = round((self._clock() - began) * 1000)
        yield self._reached(CheckTopic.NAME)
        yield replace(
            self._reached(CheckTopic.CONNECTION),
            text=_("{host} answers in {ms} ms").format(host=proxy_name(target.endpoint) or target.host, ms=took),
        )
        self._on_begin(CheckTopic.KEY)
        try:
            self.key = target.keys.get()
        except KeyUnavailable as error:
            yield from self._without_key(error)
            return
        self._on_begin(CheckTopic.MODELS)
        listed = self._list_models()
        if isinstance(listed, Fault):
            yield from self._after_fault(listed)
            return
        self.models = tuple(listed)
        yield from (self._reached(step) for step in STEPS[2:5])
        yield self._listed()

    def _without_key(self, error: KeyUnavailable) -> Iterator[Finding]:
        self.failed = CheckTopic.KEY
        listed = self._list_models() if self._model else None
        fault = listed if isinstance(listed, Fault) else None
        step = _step_of(fault) if fault is not None else CheckTopic.KEY
        if listed is None:
            yield from (skipped(CheckTopic.TLS), skipped(CheckTopic.HTTP))
        elif fault is not None and step in (CheckTopic.TLS, CheckTopic.CONNECTION, CheckTopic.NAME):
            yield self._target.failure(CheckTopic.TLS, fault)
            yield skipped(CheckTopic.HTTP)
        elif fault is not None and step is CheckTopic.HTTP and fault.status is None:
            yield self._reached(CheckTopic.TLS)
            yield self._target.failure(CheckTopic.HTTP, fault)
        else:
            yield from (self._reached(CheckTopic.TLS), self._reached(CheckTopic.HTTP))
        yield Finding(FindingStatus.FAILED, CheckTopic.KEY, error.title, as_hints(error.hint))
        yield skipped(CheckTopic.MODELS)

    def _list_models(self) -> list[str] | Fault:
        """List the models, with a time limit also for a server that sends single bytes."""
        result: queue.SimpleQueue[list[str] | Fault] = queue.SimpleQueue()

        def work() -> None:
            result.put(self._client.list_models(self._target.endpoint, self.key, LIST_SECONDS))

        threading.Thread(target=work, name="holytui-check", daemon=True).start()
        try:
            return result.get(timeout=LIST_SECONDS)
        except queue.Empty:
            return Fault(FaultKind.IDLE)

    def _after_fault(self, fault: Fault) -> Iterator[Finding]:
        """Findings for a list of models that failed."""
        step = _step_of(fault)
        if self._model and self._may_answer(fault, step):
            step = CheckTopic.MODELS
        if step is not CheckTopic.MODELS:
            yield from self._failed_at(step, fault, begin=2)
            return
        yield from (self._reached(each) for each in STEPS[2:5])
        problem = self._target.problem(fault)
        text = _("the endpoint does not list its models: {reason}").format(reason=problem.title)
        self.better_url = fault.better_url
        if self._model:
            hint = _("A model can be used even if it is not listed.")
            better = _('Try base_url = "{url}".').format(url=fault.better_url) if fault.better_url else ""
            yield Finding(FindingStatus.WARNING, step, text, (*as_hints(better), hint))
        elif fault.better_url:
            self.failed = step
            hint = _('Try base_url = "{url}".').format(url=fault.better_url)
            yield Finding(FindingStatus.FAILED, step, text, (hint,))
        else:
            yield Finding(FindingStatus.WARNING, step, text, (_("Type the name of a model."),))

    def _may_answer(self, fault: Fault, step: CheckTopic) -> bool:
        """Whether a server that failed to list its models may still answer a question."""
        if step is CheckTopic.KEY:
            # a restricted key may not list models, and a source may have a newer key than the one that expired
            renews = classify(fault) is FaultClass.EXPIRED_KEY and self._target.keys.supplied_by_command
            return fault.status == 403 or renews
        return step is CheckTopic.HTTP and fault.kind is not FaultKind.WANTS_TLS

    def _failed_at(self, step: CheckTopic, fault: Fault, begin: int = 0) -> Iterator[Finding]:
        at = STEPS.index(step)
        self.failed = step
        self.better_url = fault.better_url
        for each in STEPS[begin:at]:
            # nothing was sent where a key would have gone in clear text
            yield skipped(each) if fault.kind is FaultKind.INSECURE else self._reached(each)
        yield self.refused(fault) if self.asks_for_key(fault) else self._target.failure(step, fault)
        yield from (skipped(each) for each in STEPS[at + 1 :])

    def asks_for_key(self, fault: Fault) -> bool:
        """Whether the server asked for a key, and none was sent."""
        return self.key is None and classify(fault) is FaultClass.EXPIRED_KEY

    def refused(self, fault: Fault) -> Finding:
        """The finding for a server that asked for a key."""
        text = sanitize_line(scrub(fault.message))[:_MAX_MESSAGE]
        hints = as_hints(text)
        if self._model:
            place = f"[providers.{self._target.endpoint.provider}]"
            hint = _("Set api_key_env, api_key_file or api_key_command in {place}.").format(place=place)
            hints = (*hints, hint)
        return Finding(FindingStatus.FAILED, CheckTopic.KEY, _("the server asks for a key"), hints)

    # -- the steps that succeeded

    def _reached(self, step: CheckTopic) -> Finding:
        host, proxy = self._target.host, proxy_name(self._target.endpoint)
        match step:
            case CheckTopic.NAME:
                text = _("{host} was found").format(host=proxy or host)
            case CheckTopic.CONNECTION:
                text = _("{host} answers").format(host=proxy or host)
            case CheckTopic.TLS:
                return self._tls()
            case CheckTopic.HTTP:
                text = _("{host} speaks HTTP").format(host=host)
            case _:
                return self._key_finding()
        return Finding(FindingStatus.OK, step, text)

    def _tls(self) -> Finding:
        target = self._target
        if target.endpoint.base_url.lower().startswith("https:"):
            return self._certificate(self._client.certificate(target.endpoint))
        if target.is_local:
            return Finding(FindingStatus.OK, CheckTopic.TLS, _("not needed: the server is on this machine"))
        text = _("not used: questions and answers go over the network in clear text")
        return Finding(FindingStatus.WARNING, CheckTopic.TLS, text)

    def _certificate(self, found: PeerCertificate | None) -> Finding:
        text = _("the certificate of {host} is trusted").format(host=self._target.host)
        parts = [text]
        hints: tuple[str, ...] = ()
        if found is not None:
            parts[0] = f"{found.protocol}, {text}" if found.protocol else text
            if found.issuer:
                parts.append(_("issued by {name}").format(name=sanitize_line(found.issuer)))
            if found.expires is not None:
                day = datetime.fromtimestamp(found.expires).astimezone().date().isoformat()
                parts.append(_("valid until {day}").format(day=day))
                if found.expires - self._wall() < _SOON:
                    hints = (_("The certificate expires soon; the server's operator must renew it."),)
        if self._target.endpoint.ca_file:
            parts.append(_("checked with {file}").format(file=sanitize_line(self._target.endpoint.ca_file)))
        return Finding(FindingStatus.WARNING if hints else FindingStatus.OK, CheckTopic.TLS, ", ".join(parts), hints)

    def _key_finding(self) -> Finding:
        target = self._target
        if target.resolved.ref.provider == GUIDE:
            return Finding(FindingStatus.OK, CheckTopic.KEY, _("created by the built-in guide"))
        if self.key is not None or carries_key(target.endpoint.headers, target.endpoint.query):
            text = (
                _("from {place}").format(place=target.keys.describe())
                if self.key is not None
                else _("in a header or parameter")
            )
            return Finding(FindingStatus.OK, CheckTopic.KEY, text)
        return Finding(FindingStatus.OK, CheckTopic.KEY, _("none; the server asked for none so far"))

    def _listed(self) -> Finding:
        count = len(self.models)
        text = ngettext("{count} model is listed", "{count} models are listed", count).format(count=count)
        if not count:
            hint = _("A model can be used even if it is not listed.") if self._model else _("Type the name of a model.")
            return Finding(FindingStatus.WARNING, CheckTopic.MODELS, _("the list is empty"), (hint,))
        name = self._model
        if not name:
            return Finding(FindingStatus.OK, CheckTopic.MODELS, text)
        if any(one in (name, f"models/{name}", f"{name}:latest") for one in self.models):
            words = _("{count}, {name} among them").format(count=text, name=name)
            return Finding(FindingStatus.OK, CheckTopic.MODELS, words)
        meant = nearest(name, list(self.models))
        hint = _('Did you mean "{name}"?').format(name=meant) if meant else _("Check the model's name.")
        words = _("{count}, {name} not among them").format(count=text, name=name)
        return Finding(FindingStatus.WARNING, CheckTopic.MODELS, words, (hint,))


def _step_of(fault: Fault) -> CheckTopic:
    """Return the step at which `fault` occurred."""
    if fault.kind in _TLS:
        return CheckTopic.TLS
    if fault.kind is FaultKind.DNS:
        return CheckTopic.NAME
    if fault.kind in _CONNECT:
        return CheckTopic.CONNECTION
    if fault.kind is FaultKind.INSECURE or fault.status == 403 or classify(fault) is FaultClass.EXPIRED_KEY:
        return CheckTopic.KEY
    if fault.kind is FaultKind.NOT_A_STREAM or fault.status in _UNLISTED:
        return CheckTopic.MODELS
    return CheckTopic.HTTP
