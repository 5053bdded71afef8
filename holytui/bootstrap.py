"""The parts of a running holytui, put together: configuration, history, engine. For the screen and for commands."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from holytui import paths
from holytui.config.schema import Config
from holytui.credentials.keyring import KeyRing, KeyRings
from holytui.engine.engine import Engine
from holytui.errors import HolytuiError, StoreError, StoreFull
from holytui.faults import Fault
from holytui.guide.faults import FAULTS
from holytui.i18n import _
from holytui.keymap import Keymap
from holytui.models import ModelRef, Problem
from holytui.providers.resolve import GUIDE, known_models, resolve, usable_presets
from holytui.store import registry
from holytui.store.history import History
from holytui.wire.client import ChatClient

_MEMORY = "/dev/shm"  # noqa: S108 - the folder that is made in it is private and has a name nobody can guess
_WITHOUT_USAGE = "endpoints without stream_options"


@dataclass(frozen=True, slots=True)
class Services:
    """What a screen or a command works with. A context manager: leaving it closes all of them."""

    config: Config
    keymap: Keymap
    history: History
    engine: Engine
    client: ChatClient
    keyrings: KeyRings
    problems: tuple[str, ...]
    """Sentences about the configuration and the history that the user should see."""
    temporary: tempfile.TemporaryDirectory[str] | None = None
    """Where the history is if nothing is to be kept."""

    def close(self, patience: float = 2.0) -> None:
        """Stop what runs (its text is kept), keep what was learnt, and let go of the history."""
        try:
            self.engine.close(patience)
            if self.client.without_usage:
                self.history.remember(_WITHOUT_USAGE, "\n".join(sorted(self.client.without_usage)))
        finally:
            try:
                self.history.close()
            finally:
                if self.temporary is not None:
                    self.temporary.cleanup()

    def __enter__(self) -> Services:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


Opening = Callable[[], Services]
"""How to open them; called off the screen's loop, as a locked file may take seconds."""


def open_history(
    path: Path | None = None,
    on_write_problem: Callable[[Problem | None], None] | None = None,
    *,
    read_only: bool = False,
) -> History:
    """Open the user's history; with `read_only`, also one that cannot be written. Raises StoreError."""
    location = path or paths.history_file()
    return registry.open_history(location, on_write_problem=on_write_problem, read_only=read_only)


def open_services(
    config: Config,
    keys: Keymap,
    problems: tuple[str, ...],
    *,
    shown_keys: Mapping[str, str] | None = None,
    save: bool = True,
    fall_back: bool = False,
) -> Services:
    """Open the history (one that is gone afterwards if not `save`) and build the engine over it.

    `shown_keys` are the keys as the built-in guide is to call them. With `fall_back`, a history that cannot be opened
    is replaced by one that is gone afterwards, and the last of `problems` says so. Raises StoreError when no history
    can be opened.
    """
    engine: Engine | None = None

    def on_write_problem(problem: Problem | None) -> None:
        if engine is not None:
            engine.store_trouble(problem)

    def guide() -> GuideServer:
        return GuideServer(shown_keys or {})

    from holytui.guide.server import GuideServer

    told: tuple[str, ...] = ()
    temporary = None if save else _folder_in_memory()
    try:
        history = open_history(_history_in(temporary), on_write_problem)
    except StoreError as error:
        if temporary is not None or not fall_back:
            raise
        temporary = _folder_in_memory()
        history = open_history(_history_in(temporary), on_write_problem)
        told = (unsaved(error),)
    client = ChatClient(without_usage=(history.recall(_WITHOUT_USAGE) or "").split())
    keyrings = KeyRings()
    engine = Engine(config, history, client, keyrings.of, guide)
    warnings = history.maintenance.warnings if history.maintenance is not None else ()
    problems = (*problems, *warnings, *told)
    return Services(config, keys, history, engine, client, keyrings, problems, temporary)


def unsaved(error: StoreError) -> str:
    """What to tell when there is no history but one that is gone afterwards."""
    return _("Nothing is kept after holytui ends: copy or export what you need. {reason}").format(reason=error)


def _folder_in_memory() -> tempfile.TemporaryDirectory[str]:
    """A private folder that goes with this process; in memory where the system has a place for that."""
    with suppress(OSError):
        return tempfile.TemporaryDirectory(prefix="holytui-", dir=_MEMORY)
    try:
        return tempfile.TemporaryDirectory(prefix="holytui-")
    except OSError as exc:
        raise StoreFull(
            _("Not even a temporary folder can be made: {reason}").format(reason=exc.strerror),
            _("Free some space, or name a folder that can be written with TMPDIR."),
        ) from exc


def _history_in(folder: tempfile.TemporaryDirectory[str] | None) -> Path | None:
    return None if folder is None else Path(folder.name) / "history.db"


def model_names(config: Config) -> list[str]:
    """Every model that can be picked by name: configured ones, the guide and its faults."""
    names = [str(ref) for ref in known_models(config)]
    names += [str(ModelRef(GUIDE, name)) for name in FAULTS]
    return list(dict.fromkeys(names))


def server_models(services: Services, provider: str, timeout: float = 10.0) -> list[str] | Fault:
    """The models that the server of `provider` has, as it names them. Blocks on the network; `timeout` in seconds.

    Raises ModelUnknown for a provider that is not known, KeyUnavailable.
    """
    resolved = resolve(services.config, ModelRef(provider, "models"))
    key = services.keyrings.of(resolved.provider).get()
    return services.client.list_models(resolved.endpoint, key, timeout)


def missing_key(config: Config, model: str, environ: Mapping[str, str] = os.environ) -> str:
    """A sentence if `model` cannot be asked, as the variable that its provider's key should be in is not set."""
    try:
        provider = resolve(config, model or config.default_model).provider
    except HolytuiError:
        return ""  # that is told when it is asked
    return KeyRing(provider, environ=environ).unset()


def ready_providers(config: Config) -> list[str]:
    """Well-known providers that are not configured but whose key is in the environment."""
    return [preset.name for preset in usable_presets(config)]
