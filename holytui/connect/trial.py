"""The live test of a provider: each step from its name to a streamed answer, as findings of a check."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import MappingProxyType

from holytui.config.redact import carries_key
from holytui.config.schema import Config, Provider, Stream
from holytui.engine.check.check_target import CONNECT_LIMIT, CheckTarget
from holytui.engine.check.checkup import CheckClient
from holytui.engine.check.continuation_probe import ContinuationProbe
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus, as_hints, seconds, skipped
from holytui.engine.ports import Keys
from holytui.engine.resume.strategy import Strategy
from holytui.engine.turn.retry import FaultClass, classify
from holytui.errors import KeyUnavailable
from holytui.faults import Fault, FaultKind
from holytui.i18n import _, ngettext
from holytui.models import ModelRef
from holytui.providers.resolve import resolve
from holytui.secret import Secret, scrub
from holytui.text import sanitize_line
from holytui.wire.transport.addresses import proxy_name

LIST_SECONDS = 15.0
"""Time limit of the list of models."""
_MAX_MESSAGE = 200
"""Characters of a server's message."""
_TLS = frozenset({FaultKind.TLS, FaultKind.NO_TLS})
_CONNECT = frozenset(
    {FaultKind.REFUSED, FaultKind.UNREACHABLE, FaultKind.CONNECT_TIMEOUT, FaultKind.PROXY, FaultKind.SETUP}
)
_STEPS = (CheckTopic.NAME, CheckTopic.CONNECTION, CheckTopic.TLS, CheckTopic.HTTP, CheckTopic.KEY, CheckTopic.MODELS)
_UNLISTED = (404, 405, 501)
"""Statuses of a server that has no list of models."""


class Trial:
    """Tests one provider, first up to its list of models (`reach`), then with an answer (`answer`).

    Blocks the thread that iterates; closing the client ends it.
    """

    def __init__(
        self,
        provider: Provider,
        keys: Keys,
        client: CheckClient,
        stream: Stream | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._keys = keys
        self._client = client
        self._stream = stream or Stream()
        self._clock = clock
        self._key: Secret | None = None
        self.models: tuple[str, ...] = ()
        """The endpoint's own list; empty if it gave none."""
        self.better_url = ""
        """The base URL that was probably meant, after a failure."""
        self.failed: CheckTopic | None = None
        """The step that failed."""

    def reach(self) -> Iterator[Finding]:
        """Yield a finding for each step up to the list of models. Raises ProviderBlocked."""
        target = self._target("-")
        began = self._clock()
        fault = self._client.probe(target.endpoint, CONNECT_LIMIT)
        if fault is not None:
            step = CheckTopic.NAME if fault.kind is FaultKind.DNS else CheckTopic.CONNECTION
            yield from self._failed_at(step, target, fault)
            return
        took = round((self._clock() - began) * 1000)
        yield self._reached(CheckTopic.NAME, target)
        yield replace(
            self._reached(CheckTopic.CONNECTION, target),
            text=_("{host} answers in {ms} ms").format(host=proxy_name(target.endpoint) or target.host, ms=took),
        )
        try:
            self._key = self._keys.get()
        except KeyUnavailable as error:
            self.failed = CheckTopic.KEY
            yield from (skipped(CheckTopic.TLS), skipped(CheckTopic.HTTP))
            yield Finding(FindingStatus.FAILED, CheckTopic.KEY, error.title, as_hints(error.hint))
            yield skipped(CheckTopic.MODELS)
            return
        listed = self._client.list_models(target.endpoint, self._key, LIST_SECONDS)
        if isinstance(listed, Fault):
            yield from self._after_fault(target, listed)
            return
        self.models = tuple(listed)
        yield from (self._reached(step, target) for step in _STEPS[2:5])
        yield self._listed()

    def answer(self, model: str) -> Iterator[Finding]:
        """Yield findings for the first token and the stream of an answer. Raises ProviderBlocked."""
        target = self._target(model)
        self.failed = None
        try:
            self._key = self._keys.get()
        except KeyUnavailable as error:
            self.failed = CheckTopic.KEY
            yield Finding(FindingStatus.FAILED, CheckTopic.KEY, error.title, as_hints(error.hint))
            yield from (skipped(CheckTopic.FIRST_TOKEN), skipped(CheckTopic.STREAMING))
            return
        probe = ContinuationProbe(target, self._client, None, self._key, self._clock)
        finding = probe.request()
        response = probe.response
        fault = response.fault if response is not None else None
        if response is None or not response.arrivals:
            refused = fault is not None and classify(fault) is FaultClass.EXPIRED_KEY
            self.failed = CheckTopic.KEY if refused else CheckTopic.FIRST_TOKEN
            if fault is not None and self._asks_for_key(fault):
                yield self._refused(fault)
            else:
                yield replace(finding, status=FindingStatus.FAILED, topic=self.failed)
            yield skipped(CheckTopic.STREAMING)
            return
        yield Finding(
            FindingStatus.OK,
            CheckTopic.FIRST_TOKEN,
            _("after {time}").format(time=seconds(response.arrivals[0])),
        )
        if finding.status is FindingStatus.FAILED:
            self.failed = CheckTopic.STREAMING
        first = _("first token after {time}").format(time=seconds(response.arrivals[0]))
        yield replace(finding, topic=CheckTopic.STREAMING, text=finding.text.removeprefix(f"{first}, "))

    def _target(self, model: str) -> CheckTarget:
        ref = ModelRef(self._provider.name, model)
        config = Config(providers=MappingProxyType({self._provider.name: self._provider}))
        resolved = resolve(config, ref)
        return CheckTarget(resolved, resolved.endpoint, self._keys, Strategy(), resolved.stream(self._stream))

    def _after_fault(self, target: CheckTarget, fault: Fault) -> Iterator[Finding]:
        """Findings for a list of models that failed."""
        step = _step_of(fault)
        if step is not CheckTopic.MODELS:
            yield from self._failed_at(step, target, fault, begin=2)
            return
        yield from (self._reached(each, target) for each in _STEPS[2:5])
        problem = target.problem(fault)
        text = _("the endpoint does not list its models: {reason}").format(reason=problem.title)
        self.better_url = fault.better_url
        if fault.better_url:
            self.failed = step
            hint = _('Try base_url = "{url}".').format(url=fault.better_url)
            yield Finding(FindingStatus.FAILED, step, text, (hint,))
        else:
            yield Finding(FindingStatus.WARNING, step, text, (_("Type the name of a model."),))

    def _failed_at(self, step: CheckTopic, target: CheckTarget, fault: Fault, begin: int = 0) -> Iterator[Finding]:
        at = _STEPS.index(step)
        self.failed = step
        self.better_url = fault.better_url
        for each in _STEPS[begin:at]:
            # nothing was sent where a key would have gone in clear text
            yield skipped(each) if fault.kind is FaultKind.INSECURE else self._reached(each, target)
        yield self._refused(fault) if self._asks_for_key(fault) else target.failure(step, fault)
        yield from (skipped(each) for each in _STEPS[at + 1 :])

    def _asks_for_key(self, fault: Fault) -> bool:
        """Whether the server asked for a key, and none was sent."""
        return self._key is None and classify(fault) is FaultClass.EXPIRED_KEY

    def _refused(self, fault: Fault) -> Finding:
        text = sanitize_line(scrub(fault.message))[:_MAX_MESSAGE]
        return Finding(FindingStatus.FAILED, CheckTopic.KEY, _("the server asks for a key"), as_hints(text))

    def _reached(self, step: CheckTopic, target: CheckTarget) -> Finding:
        host = target.host
        match step:
            case CheckTopic.NAME:
                text = _("{host} was found").format(host=proxy_name(target.endpoint) or host)
            case CheckTopic.CONNECTION:
                text = _("{host} answers").format(host=proxy_name(target.endpoint) or host)
            case CheckTopic.TLS:
                return self._tls(target)
            case CheckTopic.HTTP:
                text = _("{host} speaks HTTP").format(host=host)
            case _:
                return self._key_finding(target)
        return Finding(FindingStatus.OK, step, text)

    def _tls(self, target: CheckTarget) -> Finding:
        if target.endpoint.base_url.lower().startswith("https:"):
            return Finding(
                FindingStatus.OK, CheckTopic.TLS, _("the certificate of {host} is trusted").format(host=target.host)
            )
        if target.is_local:
            return Finding(FindingStatus.OK, CheckTopic.TLS, _("not needed: the server is on this machine"))
        text = _("not used: questions and answers go over the network in clear text")
        return Finding(FindingStatus.WARNING, CheckTopic.TLS, text)

    def _key_finding(self, target: CheckTarget) -> Finding:
        if self._key is not None or carries_key(target.endpoint.headers):
            text = _("from {place}").format(place=self._keys.describe()) if self._key is not None else _("in a header")
            return Finding(FindingStatus.OK, CheckTopic.KEY, text)
        return Finding(FindingStatus.OK, CheckTopic.KEY, _("none; the server asked for none so far"))

    def _listed(self) -> Finding:
        count = len(self.models)
        if not count:
            return Finding(
                FindingStatus.WARNING, CheckTopic.MODELS, _("the list is empty"), (_("Type the name of a model."),)
            )
        text = ngettext("{count} model is listed", "{count} models are listed", count).format(count=count)
        return Finding(FindingStatus.OK, CheckTopic.MODELS, text)


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
