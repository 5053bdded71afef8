"""Structured answers: the request for an answer that matches a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Mapping

from holytui.wire.request import OptionalParams

_NAMES = ("response_format", "json_schema", "text.format", "structured output", "structured outputs")
"""Names in messages of servers that refuse it."""


def schema_params(schema: Mapping[str, object]) -> OptionalParams:
    """Return the parameters for an answer by `schema`; a server that refuses them gets an instruction instead."""
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    return OptionalParams("response_format", {"response_format": wanted}, instruction(schema), _NAMES)


def instruction(schema: Mapping[str, object]) -> str:
    """Return the text that asks for an answer by `schema`; in English, which models follow best."""
    text = json.dumps(schema, ensure_ascii=False)
    return f"Answer with a single JSON value that matches this JSON schema, and with nothing else:\n{text}"
