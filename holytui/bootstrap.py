"""Builds the services of a running holytui, for the screen and for commands: history, engine, client, keys."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from holytui import paths
from holytui.config import redact
from holytui.config.schema import Config, Sharing
from holytui.credentials.keyring import KeyRing, KeyRings
from holytui.engine.engine import Engine
from holytui.engine.event_log import log_event
from holytui.errors import HolytuiError, SharingFailed, StoreError, StoreFull
from holytui.faults import Fault
from holytui.guide.faults import FAULTS
from holytui.i18n import _
from holytui.keymap import Keymap
from holytui.models import ModelRef, Problem
from holytui.providers.resolve import GUIDE, known_models, resolve
from holytui.secret import Secret
from holytui.store import registry
from holytui.store.history import History
from holytui.wire.client import ChatClient

if TYPE_CHECKING:
    from holytui.store.postgres.database import SharedDatabase
    from holytui.store.postgres.replicator import Replicator
    from holytui.store.values import SearchHit

_MEMORY_FOLDER = "/dev/shm"  # noqa: S108 - a private folder with a random name is created in it
_REFUSED_OPTIONS = "endpoints without stream_options"


@dataclass(frozen=True, slots=True)
class Services:
    """The services of a screen or a command. A context manager that closes them."""

    config: Config
    keymap: Keymap
    history: History
    engine: Engine
    client: ChatClient
    keyrings: KeyRings
    problems: tuple[str, ...]
    """Problems of the configuration and the history to show to the user."""
    temporary_folder: tempfile.TemporaryDirectory[str] | None = None
    """The folder of a temporary history; None for the user's history."""
    saving: bool = True
    """False: the user wants nothing to be saved."""
    sharing: Replicator | None = None
    """The exchange with a shared history; None if there is none."""

    @property
    def is_temporary(self) -> bool:
        """The history is deleted when the services are closed."""
        return self.temporary_folder is not None

    def close(self, timeout: float = 2.0) -> None:
        """Stop all answers (their text is kept), store what was learnt, and close the history."""
        try:
            self.engine.close(timeout)
            if self.client.refused_options:
                self.history.remember(_REFUSED_OPTIONS, "\n".join(sorted(self.client.refused_options)))
        finally:
            if self.sharing is not None:
                self.sharing.close()
            try:
                self.history.close()
            finally:
                if self.temporary_folder is not None:
                    self.temporary_folder.cleanup()

    def __enter__(self) -> Services:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


OpenServices = Callable[[], Services]
"""Opens the services; called off the event loop, as a locked file may block for seconds."""


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
    folder: tempfile.TemporaryDirectory[str] | None = None,
    fall_back: bool = False,
    share: bool = False,
) -> Services:
    """Open the history (a temporary one if not `save`, in `folder` if given) and create the engine.

    `share`: exchange changes with the shared history of the configuration, in the background.
    `shown_keys` are the key names that the built-in guide uses. With `fall_back`, a history that cannot be opened is
    replaced by a temporary one, and the last of `problems` says so. Raises StoreError if no history can be opened.
    """
    engine: Engine | None = None

    def on_write_problem(problem: Problem | None) -> None:
        if engine is not None:
            engine.store_trouble(problem)

    def guide() -> GuideServer:
        return GuideServer(shown_keys or {})

    from holytui.guide.server import GuideServer

    warnings: tuple[str, ...] = ()
    temporary_folder = None if save else folder or _make_temporary_folder()
    try:
        history = _open(temporary_folder, on_write_problem)
    except StoreError as error:
        if temporary_folder is not None or not fall_back:
            raise
        temporary_folder = _make_temporary_folder()
        history = _open(temporary_folder, on_write_problem)
        warnings = (temporary_history_warning(error),)
    client = ChatClient(refused_options=(history.recall(_REFUSED_OPTIONS) or "").splitlines())
    keyrings = KeyRings()
    engine = Engine(config, history, client, keyrings.ring_for, guide)
    engine.listen(log_event)
    if history.maintenance is not None:
        warnings = (*history.maintenance.warnings, *warnings)
    problems = (*problems, *warnings)
    sharing = start_sharing(config.history, history) if share and temporary_folder is None else None
    return Services(config, keys, history, engine, client, keyrings, problems, temporary_folder, save, sharing)


def start_sharing(settings: Sharing, history: History) -> Replicator | None:
    """Start the exchange with the shared history in the background; None if none is configured. Never blocks."""
    replica = history.replica
    if not settings.share or replica is None:
        return None
    # imported here, so that it costs nothing where nothing is shared
    from holytui.store.postgres.replicator import Replicator

    place = hashlib.sha256(redact.database(settings.share).encode()).hexdigest()[:16]
    sharing = Replicator(history, replica, partial(open_shared, settings), place=f"shared {place}")
    sharing.start()
    return sharing


def open_shared(settings: Sharing) -> SharedDatabase:
    """Connect to the shared history. Blocks on the network. Raises StoreError, KeyUnavailable."""
    from holytui.store.postgres import connection
    from holytui.store.postgres.database import SharedDatabase

    password = partial(_password, settings.share_password_command) if settings.share_password_command else None
    return SharedDatabase(connection.connect(settings.share, settings.share_tls, password))


def search_shared(settings: Sharing, query: str, limit: int) -> Sequence[SearchHit]:
    """Search the shared history. Raises StoreError, KeyUnavailable."""
    if not settings.share:
        raise SharingFailed(_("No shared history is configured"), _("Set share in [history] of the configuration."))
    shared = open_shared(settings)
    try:
        return shared.search(query, limit)
    finally:
        shared.close()


def _password(command: Sequence[str]) -> str:
    from holytui.credentials.command import command_output, run_command

    return Secret(command_output(command, run_command).splitlines()[0]).reveal()


def temporary_history_warning(error: StoreError) -> str:
    """The warning about a temporary history."""
    return _("This history is temporary and is lost when holytui ends: copy or export what you need. {reason}").format(
        reason=error
    )


def _make_temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Create a private folder that is deleted on exit; in memory where the system supports that."""
    with suppress(OSError):
        return tempfile.TemporaryDirectory(prefix="holytui-", dir=_MEMORY_FOLDER)
    try:
        return tempfile.TemporaryDirectory(prefix="holytui-")
    except OSError as exc:
        raise StoreFull(
            _("No temporary folder could be created: {reason}").format(reason=exc.strerror),
            _("Free some space, or set TMPDIR to a writable folder."),
        ) from exc


def _open(
    folder: tempfile.TemporaryDirectory[str] | None, on_write_problem: Callable[[Problem | None], None]
) -> History:
    """Open the user's history, or a temporary one in `folder`. Raises StoreError."""
    if folder is None:
        return open_history(on_write_problem=on_write_problem)
    location = f"{registry.TEMPORARY}://{folder.name}/history.db"
    return registry.open_history(location, on_write_problem=on_write_problem)


def model_names(config: Config) -> list[str]:
    """All models that can be chosen by name: configured ones, the guide and its fault models."""
    names = [str(ref) for ref in known_models(config)]
    names += [str(ModelRef(GUIDE, name)) for name in FAULTS]
    return list(dict.fromkeys(names))


def list_server_models(services: Services, provider: str, timeout: float = 10.0) -> list[str] | Fault:
    """List the models of `provider`'s server. Blocks on the network for at most `timeout` seconds.

    Raises ModelUnknown, KeyUnavailable.
    """
    resolved = resolve(services.config, ModelRef(provider, "models"))
    key = services.keyrings.ring_for(resolved.provider).get()
    return services.client.list_models(resolved.endpoint, key, timeout)


def missing_key(config: Config, model: str, environ: Mapping[str, str] = os.environ) -> str:
    """A warning if the environment variable with the key for `model` is not set; else empty."""
    try:
        provider = resolve(config, model or config.default_model).provider
    except HolytuiError:
        return ""  # reported when a question is asked
    return KeyRing(provider, environ=environ).missing_variable()
