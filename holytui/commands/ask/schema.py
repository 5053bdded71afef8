"""Structured answers of `holytui ask --schema`: a JSON schema that is sent along, and checked afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holytui.engine.answer_schema import instruction
from holytui.errors import SchemaUnusable
from holytui.i18n import _
from holytui.text import sanitize_line

MAX_FILE = 1_000_000
"""Bytes of a schema file."""
_LONGEST_ERROR = 300
_FENCED = re.compile(r"\A```[\w-]*[ \t]*\n(.*?)\n?[ \t]*```\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """An answer compared with a schema."""

    json_text: str = field(repr=False)
    """The JSON of the answer, without a Markdown fence around it."""
    data: object = field(default=None, repr=False)
    error: str = ""
    """Why it does not match, for a person and for the model; empty if it does."""


class AnswerSchema:
    """A JSON schema that answers must match."""

    def __init__(self, schema: Mapping[str, object], validator: Any) -> None:
        self.schema = schema
        self._validator = validator

    @classmethod
    def read(cls, file: Path) -> AnswerSchema:
        """Read a schema. Raises SchemaUnusable, also if `jsonschema` is not installed."""
        try:
            import jsonschema
            from referencing import Registry
        except ImportError as exc:
            raise SchemaUnusable(
                _("--schema needs the package jsonschema"), _('Install it with holytui: pip install "holytui[schema]"')
            ) from exc
        schema = _read(file)
        try:
            kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
            kind.check_schema(schema)
        except jsonschema.SchemaError as exc:
            place = exc.json_path
            reason = sanitize_line(exc.message)[:_LONGEST_ERROR]
            title = _("{file} is not a JSON schema: {place}: {reason}")
            raise SchemaUnusable(title.format(file=sanitize_line(str(file)), place=place, reason=reason)) from exc
        # an empty registry: no reference is fetched from the network
        return cls(schema, kind(schema, registry=Registry()))

    def check(self, text: str) -> CheckedAnswer:
        """Compare an answer with the schema."""
        stripped = text.strip()
        fenced = _FENCED.match(stripped)
        json_text = fenced[1] if fenced is not None else stripped
        try:
            data = json.loads(json_text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as exc:
            return CheckedAnswer(json_text, error=_("it is not JSON: {reason}").format(reason=_reason(exc)))
        return CheckedAnswer(json_text, data, self._mismatch(data))

    def _mismatch(self, data: object) -> str:
        from jsonschema.exceptions import best_match

        try:
            error = best_match(self._validator.iter_errors(data))
        except Exception as exc:  # noqa: BLE001 - a schema can fail in many ways while it is applied, as with a bad $ref
            return _("the schema cannot be applied: {reason}").format(reason=_reason(exc))
        return "" if error is None else f"{error.json_path}: {sanitize_line(error.message)[:_LONGEST_ERROR]}"

    def repeated_question(self, error: str) -> str:
        """Return the message that asks for the answer again; in English, which models follow best."""
        return f"That answer is not valid: {error}\n{instruction(self.schema)}"


def _read(file: Path) -> Mapping[str, object]:
    name = sanitize_line(str(file))
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_FILE + 1)
    except OSError as exc:
        reason = sanitize_line(exc.strerror or type(exc).__name__)
        raise SchemaUnusable(_("{file} cannot be read: {reason}").format(file=name, reason=reason)) from exc
    if len(raw) > MAX_FILE:
        raise SchemaUnusable(_("{file} is longer than 1 MB").format(file=name))
    try:
        schema = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except json.JSONDecodeError as exc:
        title = _("{file} is not JSON: line {line}, column {column}: {reason}")
        raise SchemaUnusable(title.format(file=name, line=exc.lineno, column=exc.colno, reason=exc.msg)) from exc
    except (ValueError, RecursionError) as exc:
        raise SchemaUnusable(_("{file} is not JSON: {reason}").format(file=name, reason=_reason(exc))) from exc
    if not isinstance(schema, dict):
        raise SchemaUnusable(_("{file} is not a JSON schema: it must be an object").format(file=name))
    return schema


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def _reason(exc: Exception) -> str:
    if isinstance(exc, RecursionError):
        return _("nested too deeply")
    return sanitize_line(str(exc))[:_LONGEST_ERROR]
