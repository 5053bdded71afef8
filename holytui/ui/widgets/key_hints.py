"""One line with the keys that help where the focus is."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from holytui.i18n import _
from holytui.keymap import ACTIONS, Keymap, Where, display_key


class KeyHints(Widget):
    """The footer actions of the place that has the focus, then those of the app, as many as fit."""

    where: reactive[Where] = reactive(Where.PROMPT, repaint=True)

    def __init__(self, keymap: Keymap) -> None:
        super().__init__(id="hints")
        self._keymap = keymap

    def render(self) -> Content:
        """`Enter Send  Esc Stop …`."""
        return hints(self._keymap, self.where, max(1, self.size.width))


def hints(keymap: Keymap, where: Where, width: int) -> Content:
    """The keys of `where`, then of the app, in the order of the table, as many whole ones as fit `width`."""
    actions = [action for action in ACTIONS if action.footer and action.where is where]
    actions += [action for action in ACTIONS if action.footer and action.where is Where.APP]
    out = Content("")
    for action in actions:
        keys = keymap.of(action.id)
        if not keys:
            continue
        shown = display_key(keys[0]) + ("…" + display_key(keys[-1]) if keys[0].isdigit() and len(keys) > 1 else "")
        item = Content.assemble((shown, "bold $primary"), " ", (_(action.label), "$muted"))
        if out.cell_length + item.cell_length + 2 > width:
            break
        out = out + Content("  ") + item if out else item
    return out
