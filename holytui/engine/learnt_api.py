"""The API of a model where the configuration leaves it open (`api = "auto"`), remembered in the history."""

from __future__ import annotations

from dataclasses import replace

from holytui.config.schema import Api
from holytui.store.history import History
from holytui.wire.request import Endpoint


def with_learnt_api(endpoint: Endpoint, model: str, history: History) -> Endpoint:
    """Return `endpoint` with the API that `model` was seen to need. Raises StoreError."""
    if endpoint.api is not Api.AUTO or history.recall(_key(endpoint.base_url, model)) != Api.RESPONSES:
        return endpoint
    return replace(endpoint, api=Api.RESPONSES)


def remember_responses_api(base_url: str, model: str, history: History) -> None:
    """Have `model` asked by the Responses API from now on. Raises StoreError."""
    history.remember(_key(base_url, model), Api.RESPONSES)


def _key(base_url: str, model: str) -> str:
    return f"api {base_url.rstrip('/')} {model}"
