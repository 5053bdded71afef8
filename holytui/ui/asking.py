"""Putting a question: its files are read, its conversation is found or made, and the engine is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from holytui.engine.context import system_prompt
from holytui.engine.engine import StartedTurn
from holytui.engine.services import Services
from holytui.i18n import ngettext
from holytui.models import Message
from holytui.text import sanitize_line
from holytui.ui import attachments
from holytui.wire.providers import resolve

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(slots=True)
class Place:
    """The conversation that is open. It has no id until its first question is on disk; those that are put meanwhile
    wait for it."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a conversation that does not exist yet is to have; `system` None: as the configuration says."""

    system: str | None = None
    params: Mapping[str, object] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Question:
    """What was sent, with all that was so when Enter was pressed."""

    text: str
    paths: Sequence[str]
    place: Place
    model: str
    settings: Settings = Settings()
    editing: Message | None = None
    """The question that this one takes the place of, on a new branch."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer is on its way; `notice` is what to tell of the question's files, or empty."""

    started: StartedTurn
    notice: str


def put(services: Services, question: Question) -> Asked:
    """Blocks on the disk. Raises NotAttached, ModelUnknown, StoreError; then nothing was asked."""
    files, missing = attachments.gather(question.paths, Path.cwd())
    text = attachments.with_files(question.text, files)
    editing = question.editing
    engine = services.engine
    if editing is not None:
        started = engine.ask(
            text, conversation_id=editing.conversation_id, model=question.model, parent_id=editing.parent_id
        )
    elif question.place.id:
        started = engine.ask(text, conversation_id=question.place.id, model=question.model)
    elif question.settings.params:
        started = engine.ask(text, conversation_id=_prepared(services, question), model=question.model)
    else:
        started = engine.ask(text, model=question.model, system=question.settings.system)
    question.place.id = started.conversation_id
    return Asked(started, _notice(files, missing))


def _prepared(services: Services, question: Question) -> str:
    """A conversation with parameters of its own, still without a title; the engine gives it that of the question."""
    config, settings = services.config, question.settings
    wanted = config.system if settings.system is None else settings.system
    resolve(config, question.model)  # before anything is made
    made = services.history.create_conversation(
        title="", model=question.model, system=system_prompt(wanted, config.prompts)
    )
    services.history.update_conversation(made.id, params=dict(settings.params))
    return made.id


def _notice(files: Sequence[attachments.Attachment], missing: Sequence[str]) -> str:
    parts = []
    if files:
        parts.append(
            ngettext("{count} file sent along", "{count} files sent along", len(files)).format(count=len(files))
        )
    if missing:
        names = ", ".join(sanitize_line(f"@{path}") for path in missing)
        words = ngettext("{names}: no such file, sent as text", "{names}: no such files, sent as text", len(missing))
        parts.append(words.format(names=names))
    return " · ".join(parts)
