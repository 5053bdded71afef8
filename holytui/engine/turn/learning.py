"""What a turn learns about its endpoint: the API that it needs, and how it continues answers."""

from __future__ import annotations

from dataclasses import replace

from holytui.engine.resume.strategy import ResumeMode, Strategy, refuses_prefill
from holytui.engine.turn.effects import Effect, Remember, RememberApi
from holytui.engine.turn.retry import needs_responses
from holytui.faults import Fault


class LearntStrategy:
    """The strategy of a turn and its changes. Methods return effects and carry out none."""

    def __init__(self, strategy: Strategy, responses: Strategy | None) -> None:
        """`responses`: the strategy for the Responses API, if that may be asked instead of chat completions."""
        self.current = strategy
        self._responses = responses
        self._switched = False

    def switch_api(self, fault: Fault) -> bool:
        """Switch to the Responses API, once, if `fault` refuses chat completions in favour of it."""
        if self._responses is None or not needs_responses(fault):
            return False
        self.current, self._responses, self._switched = self._responses, None, True
        return True

    def accepted(self) -> list[Effect]:
        """Store the API after a switch: the endpoint has accepted a request."""
        return [RememberApi()] if self._switched else []

    def echoed(self, echoed: bool | None) -> list[Effect]:
        """Store whether the server repeats a prefill, if that is new."""
        if echoed is None or not self.current.exact or echoed is self.current.prefill.echoes:
            return []
        profile = replace(self.current.profile, mode=ResumeMode.PREFILL, echoes=echoed)
        self.current = replace(self.current, profile=profile)
        return [Remember(profile)]

    def streams(self, *, kept: bool, only_if_unknown: bool = False) -> list[Effect]:
        """Store whether the server keeps streams, if that is new."""
        known = self.current.profile.streams
        if not self.current.learns_streams or known is kept:
            return []
        if only_if_unknown and (known is not None or self.current.reattach is not None):
            return []
        self.current = self.current.with_streams(kept)
        return [Remember(self.current.profile)]

    def prefill_failed(self, fault: Fault) -> list[Effect]:
        """Use no prefill in this turn; store that if the endpoint refuses it in so many words."""
        self.current = self.current.without_prefill()
        return [Remember(self.current.profile)] if refuses_prefill(fault) else []
