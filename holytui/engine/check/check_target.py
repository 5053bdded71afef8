"""The subject of a check: a model, and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass, replace

from holytui.config.redact import plain_url
from holytui.config.schema import Api, Stream
from holytui.config.urls import is_local_url
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus, as_hints
from holytui.engine.ports import Keys
from holytui.engine.resume.strategy import Strategy
from holytui.engine.turn import problems
from holytui.faults import Fault
from holytui.hints import KEYLESS
from holytui.models import Problem
from holytui.providers.resolve import Resolved
from holytui.wire.request import Endpoint, Timeouts

CONNECT_LIMIT = 5.0
"""Time limit of a connection, in seconds."""
REQUEST_LIMIT = 60.0
"""Time limit of one request in seconds, regardless of the configuration."""
_TOKEN_LIMIT = 15.0
"""Seconds without a token after which an answer counts as stalled."""


@dataclass(frozen=True, slots=True)
class CheckTarget:
    """The model to check."""

    resolved: Resolved
    endpoint: Endpoint
    keys: Keys
    strategy: Strategy
    stream: Stream

    def by_responses_api(self) -> CheckTarget:
        """The same model, asked by the Responses API."""
        strategy = self.strategy.for_responses_api(background=self.resolved.background)
        return replace(self, endpoint=replace(self.endpoint, api=Api.RESPONSES), strategy=strategy)

    @property
    def host(self) -> str:
        """Host and port."""
        if self.endpoint.unix is not None:
            return self.endpoint.host
        return plain_url(self.endpoint.base_url).partition("://")[2].partition("/")[0]

    @property
    def is_local(self) -> bool:
        """The server runs on this machine."""
        return is_local_url(self.endpoint.base_url)

    @property
    def timeouts(self) -> Timeouts:
        """The configured timeouts within the limits of a check."""
        stream = self.stream
        return Timeouts(
            min(stream.connect_timeout, CONNECT_LIMIT * 2),
            min(stream.idle_timeout, REQUEST_LIMIT),
            min(stream.first_token_timeout, REQUEST_LIMIT),
            min(stream.token_timeout, _TOKEN_LIMIT),
        )

    def problem(self, fault: Fault) -> Problem:
        """The problem for `fault`, without key names."""
        problem = problems.problem_for(fault, host=self.host, key_place=self.keys.describe())
        return replace(problem, hint=KEYLESS.render(problem.hint))

    def failure(self, topic: CheckTopic, fault: Fault) -> Finding:
        """The finding for `fault`."""
        problem = self.problem(fault)
        return Finding(FindingStatus.FAILED, topic, problem.title, as_hints(problem.hint))
