"""The live test of a provider: each step from its name to a streamed answer, as findings of a check."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import MappingProxyType

from holytui.config.schema import Config, Provider, Stream
from holytui.engine.check.check_target import CheckTarget
from holytui.engine.check.continuation_probe import ContinuationProbe
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus, as_hints, skipped
from holytui.engine.check.reach import CheckClient, ReachSteps
from holytui.engine.ports import Keys
from holytui.engine.resume.strategy import Strategy
from holytui.engine.turn.retry import FaultClass, classify
from holytui.errors import KeyUnavailable
from holytui.models import ModelRef
from holytui.providers.resolve import resolve
from holytui.secret import Secret


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
        steps = ReachSteps(self._target("-"), self._client, self._clock)
        for finding in steps.findings():
            self.models, self.better_url, self.failed = steps.models, steps.better_url, steps.failed
            yield finding
        self.models, self.better_url, self.failed = steps.models, steps.better_url, steps.failed

    def answer(self, model: str) -> Iterator[Finding]:
        """Yield findings for the first token, the stream and the usage of an answer. Raises ProviderBlocked."""
        target = self._target(model)
        self.failed = None
        try:
            self._key = self._keys.get()
        except KeyUnavailable as error:
            self.failed = CheckTopic.KEY
            yield Finding(FindingStatus.FAILED, CheckTopic.KEY, error.title, as_hints(error.hint))
            yield from map(skipped, (CheckTopic.FIRST_TOKEN, CheckTopic.STREAMING, CheckTopic.USAGE))
            return
        probe = ContinuationProbe(target, self._client, None, self._key, self._clock)
        for finding in probe.answer():
            if finding.topic is CheckTopic.FIRST_TOKEN and not (probe.response and probe.response.arrivals):
                yield self._no_token(finding, target, probe)
                continue
            if finding.status is FindingStatus.FAILED:
                self.failed = finding.topic
            yield finding

    def _no_token(self, finding: Finding, target: CheckTarget, probe: ContinuationProbe) -> Finding:
        """The finding for an answer without text; of the key, if that was refused."""
        fault = probe.response.fault if probe.response is not None else None
        refused = fault is not None and classify(fault) is FaultClass.EXPIRED_KEY
        self.failed = CheckTopic.KEY if refused else CheckTopic.FIRST_TOKEN
        if fault is not None and refused and self._key is None:
            return ReachSteps(target, self._client).refused(fault)
        return replace(finding, status=FindingStatus.FAILED, topic=self.failed)

    def _target(self, model: str) -> CheckTarget:
        ref = ModelRef(self._provider.name, model)
        config = Config(providers=MappingProxyType({self._provider.name: self._provider}))
        resolved = resolve(config, ref)
        return CheckTarget(resolved, resolved.endpoint, self._keys, Strategy(), resolved.stream(self._stream))
