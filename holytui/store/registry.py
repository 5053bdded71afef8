"""The kinds of histories, by the scheme of their location; each module is imported when its scheme is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from holytui.errors import StoreError
from holytui.i18n import _
from holytui.models import Problem
from holytui.store.history import History
from holytui.store.values import HistoryFacts

WriteProblemListener = Callable[[Problem | None], None]
"""Called from any thread when the journal cannot be written, and with None when it can be written again."""


class Opener(Protocol):
    """Opens a history."""

    def __call__(
        self, location: str, *, on_write_problem: WriteProblemListener | None = None, read_only: bool = False
    ) -> History:
        """Open the history at `location`, without its scheme; create it if there is none. Raises StoreError.

        `read_only`: one that cannot be written is opened as well.
        """
        ...


def _open_sqlite(
    location: str, *, on_write_problem: WriteProblemListener | None = None, read_only: bool = False
) -> History:
    from holytui.store.sqlite.history import SqliteHistory

    return SqliteHistory.open(Path(location), on_write_problem=on_write_problem, allow_read_only=read_only)


def _open_temporary(
    location: str, *, on_write_problem: WriteProblemListener | None = None, read_only: bool = False
) -> History:
    from holytui.store.sqlite.history import SqliteHistory

    return SqliteHistory(Path(location), on_write_problem=on_write_problem, read_only=read_only, spills=False)


_FILE = "sqlite"
TEMPORARY = "temporary"
"""The kind whose file is deleted after use: nothing of it is written elsewhere."""
_OPENERS: dict[str, Opener] = {_FILE: _open_sqlite, TEMPORARY: _open_temporary}


def register(scheme: str, opener: Opener) -> None:
    """Open locations that begin with `scheme://` by `opener`."""
    _OPENERS[scheme] = opener


def inspect_file(path: Path, *, in_use: bool = False) -> HistoryFacts:
    """Return facts about the history file at `path`. Changes nothing, never raises. `in_use`: by this process."""
    from holytui.store.sqlite import inspection

    return inspection.inspect_file(path, in_use=in_use)


def open_history(
    location: Path | str, *, on_write_problem: WriteProblemListener | None = None, read_only: bool = False
) -> History:
    """Open a history by its path, or by a location such as `sqlite:///home/me/history.db`. Raises StoreError."""
    if isinstance(location, Path):
        scheme, place = _FILE, str(location)
    else:
        scheme, _separator, place = location.partition("://")
    opener = _OPENERS.get(scheme)
    if opener is None:
        raise StoreError(
            _("There is no kind of history named {name}").format(name=scheme),
            _("Known kinds: {names}.").format(names=", ".join(sorted(_OPENERS))),
        )
    return opener(place, on_write_problem=on_write_problem, read_only=read_only)
