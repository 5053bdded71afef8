"""The parts of a request that a server may refuse: stream options and optional parameters."""

from __future__ import annotations

from collections.abc import Container

from holytui.wire.request import ChatRequest, Endpoint, OptionalParams, StreamOption, stream_options
from holytui.wire.response.error_status import refuses_fields, refuses_stream_options

_ANY_FIELD = ("extra inputs are not permitted", "extra_forbidden", "unrecognized request argument")
"""Messages about unknown fields; they may not name the field."""


class SentOptions:
    """Options and parameters of a request that are still to be sent, without those that the server is known to refuse.

    A refused one is dropped, and the request is sent again. It is remembered once a request without it succeeds.
    """

    def __init__(self, endpoint: Endpoint, request: ChatRequest, refused: Container[str]) -> None:
        self._base_url = endpoint.base_url
        self._model = request.model
        self._optional = request.optional
        self._droppable = not request.prefilled
        new = request.reattach is None
        self.options: list[StreamOption] = stream_options(endpoint, refused) if new else []
        self.params: list[OptionalParams] = [
            part for part in request.optional if part.refusal(self._base_url, self._model) not in refused
        ]
        self._reports = new
        self._refusals: list[str] = []

    @property
    def left_out(self) -> tuple[str, ...]:
        """Names of the optional parameters that are not sent."""
        return tuple(part.name for part in self._optional if part not in self.params) if self._reports else ()

    @property
    def refusals(self) -> tuple[str, ...]:
        """Entries for a set of refused options: what was dropped from this request."""
        return tuple(self._refusals)

    def drop_refused(self, status: int, body: bytes) -> bool:
        """Drop what an error response refuses; return whether there is anything, so that sending again may help."""
        if self._droppable:
            named = next((part for part in self.params if refuses_fields(status, body, part.field_names)), None)
            if named is not None:
                self._drop(named)
                return True
        if self.options and refuses_stream_options(status, body):
            self._refusals.append(self.options.pop().refusal(self._base_url))
            return True
        if self._droppable and self.params and refuses_fields(status, body, _ANY_FIELD):
            self._drop(self.params[-1])
            return True
        return False

    def _drop(self, part: OptionalParams) -> None:
        self.params.remove(part)
        self._refusals.append(part.refusal(self._base_url, self._model))
