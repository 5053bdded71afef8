"""Checks a model, from its address to how it resumes answers. Each step has a time limit; nothing is printed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from holytui.config.redact import plain_url
from holytui.engine.check.check_target import CheckTarget
from holytui.engine.check.continuation_probe import ContinuationProbe
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus, as_hints, skipped
from holytui.engine.check.reach import CheckClient, ReachSteps
from holytui.i18n import _
from holytui.store.history import History
from holytui.wire.transport.addresses import proxy_of

_AFTER = (CheckTopic.FIRST_TOKEN, CheckTopic.STREAMING, CheckTopic.USAGE, CheckTopic.CONTINUATION)


class Checkup:
    """Checks one target. `on_begin` is called before each step; `clock` is in seconds. Without a `history`, how
    answers are continued is not stored."""

    def __init__(
        self,
        subject: CheckTarget,
        client: CheckClient,
        history: History | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_begin: Callable[[CheckTopic], None] = lambda _topic: None,
    ) -> None:
        self._subject = subject
        self._client = client
        self._history = history
        self._clock = clock
        self._on_begin = on_begin

    def findings(self) -> Iterator[Finding]:
        """Yield each finding as soon as it is available. Steps that cannot run are skipped."""
        try:
            proxy = plain_url(proxy_of(self._subject.endpoint))
        except ValueError:
            yield self._invalid()
            return
        yield self._address()
        yield self._proxy(proxy)
        name = self._subject.resolved.model.name
        reach = ReachSteps(self._subject, self._client, self._clock, model=name, on_begin=self._on_begin)
        yield from reach.findings()
        if reach.failed is not None:
            yield from map(skipped, _AFTER)
            return
        probe = ContinuationProbe(self._subject, self._client, self._history, reach.key, self._clock)
        self._on_begin(CheckTopic.FIRST_TOKEN)
        yield from probe.answer()
        self._on_begin(CheckTopic.CONTINUATION)
        yield probe.continuation()

    def _invalid(self) -> Finding:
        text = _("{model}: {url} is not a valid address").format(
            model=self._subject.resolved.ref, url=plain_url(self._subject.endpoint.url)
        )
        return Finding(FindingStatus.FAILED, CheckTopic.MODEL, text, (_("Check base_url in the configuration."),))

    def _address(self) -> Finding:
        subject, endpoint = self._subject, self._subject.endpoint
        url = plain_url(endpoint.base_url if endpoint.unix is not None else endpoint.url)
        text = _("{model} at {url}").format(model=subject.resolved.ref, url=url)
        vision = _("It accepts images (vision = true).") if subject.resolved.model.vision else ""
        return Finding(FindingStatus.OK, CheckTopic.MODEL, text, as_hints(vision))

    def _proxy(self, proxy: str) -> Finding:
        if not proxy:
            return Finding(FindingStatus.OK, CheckTopic.PROXY, _("none, the connection is direct"))
        if self._subject.endpoint.proxy:  # `none` has none
            text = _("{proxy}, by the configuration").format(proxy=proxy)
        else:
            text = _("{proxy}, by the environment").format(proxy=proxy)
        return Finding(FindingStatus.OK, CheckTopic.PROXY, text)
