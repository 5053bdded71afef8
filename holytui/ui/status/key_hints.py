"""One line with the keys of the focused part."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from holytui.i18n import _
from holytui.keymap import ACTIONS, Action, Keymap, Where, display_key

_QUIT = "app.quit"
_STOP = "chat.stop"
_PENDING = 4
"""Columns of the keys of an incomplete command, so that the rest does not move."""
_GAP = 2


class KeyHints(Widget):
    """The footer actions of the focused part, then those of the app, as many as fit."""

    where: reactive[Where] = reactive(Where.PROMPT, repaint=True)
    mode: reactive[str] = reactive("", repaint=True)
    """The mode of the prompt, such as `NORMAL`, shown while the prompt has the focus; empty without modes."""
    pending: reactive[str] = reactive("", repaint=True)
    """The keys of an incomplete command."""

    def __init__(self, keymap: Keymap) -> None:
        super().__init__(id="hints")
        self._keymap = keymap

    def configure(self, keymap: Keymap) -> None:
        """Show other keys, and labels in another language."""
        self._keymap = keymap
        self.refresh()

    def render(self) -> Content:
        """`Enter Send  Esc Stop …`."""
        width = max(1, self.size.width)
        if not self.mode or self.where is not Where.PROMPT:
            return hints(self._keymap, self.where, width)
        mode = Content.assemble((self.mode, "bold $primary"), " ", self.pending.ljust(_PENDING), " ")
        return mode + hints(self._keymap, self.where, max(1, width - mode.cell_length), hidden=self._hidden())

    def _hidden(self) -> frozenset[str]:
        """Actions whose key has another meaning in the mode."""
        if self.mode == "NORMAL" and not self.pending:
            return frozenset()
        return frozenset((_STOP,) if self.mode == "INSERT" else (_STOP, "prompt.send"))


def hints(keymap: Keymap, where: Where, width: int, *, hidden: frozenset[str] = frozenset()) -> Content:
    """The keys of `where`, then of the app, in the order of the table, as many as fit `width`, without `hidden`. The
    key that quits is always among them, as users cannot guess it."""
    actions = [action for action in ACTIONS if action.footer and action.where is where]
    actions += [action for action in ACTIONS if action.footer and action.where is Where.APP]
    named = ((action.id, _item(keymap, action)) for action in dict.fromkeys(actions) if action.id not in hidden)
    items = [(action_id, item) for action_id, item in named if item is not None and item.cell_length <= width]
    room = width - sum(item.cell_length + _GAP for action_id, item in items if action_id == _QUIT)
    shown: list[Content] = []
    full = False
    for action_id, item in items:
        if action_id != _QUIT:
            room -= item.cell_length + (_GAP if shown else 0)
            full = full or room < 0
        if action_id == _QUIT or not full:
            shown.append(item)
    return Content(" " * _GAP).join(shown)


def _item(keymap: Keymap, action: Action) -> Content | None:
    keys = keymap.keys_for(action.id)
    if not keys:
        return None
    shown = display_key(keys[0]) + ("…" + display_key(keys[-1]) if keys[0].isdigit() and len(keys) > 1 else "")
    return Content.assemble((shown, "bold $primary"), " ", (_(action.label), "$muted"))
