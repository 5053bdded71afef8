"""Bindings of Textual for the keymap of the user.

Textual's own `set_keymap` cannot give one action several keys with different arguments, and drops a default binding
without a word when keys clash; `holytui.keymap` has checked them already.
"""

from __future__ import annotations

from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.events import Key, Paste
from textual.keys import _character_to_key
from textual.widget import Widget

from holytui.hints import ActionNames
from holytui.i18n import _
from holytui.keymap import ACTIONS, Action, Keymap, Where, display_key
from holytui.ui.slash_commands import name_of


def install(node: DOMNode, keymap: Keymap, where: Where) -> None:
    """Bind the keys of `where` on `node`, in place of those bound before. Bindings of its class stay, except for keys
    of `where` or of the whole app.

    No binding has priority: a priority binding overtakes keys typed before it that still wait for their widget.

    An action `area.verb` calls the node's `action_area_verb()`, or `action_ask("area.verb", number)` where it has no
    such method. Of an action with several numbered keys (`message.copy_code`) the first key
    gives number 1, the second 2, and so on; else it is 0.
    """
    actions = [action for action in ACTIONS if action.where is where]
    ours = [binding for action in actions for binding in _bindings(node, action, keymap)]
    everywhere = [action for action in ACTIONS if action.where is Where.APP]
    taken = {binding.key for binding in ours}
    taken |= {textual_key(key) for action in everywhere for key in keymap.keys_for(action.id)}
    kept = [binding for key, binding in type(node)._merge_bindings() if key not in taken]
    node._bindings = BindingsMap([*kept, *ours])


def _bindings(node: DOMNode, action: Action, keymap: Keymap) -> list[Binding]:
    numbered = "".join(action.keys).isdigit()
    name = action.id.replace(".", "_")
    own = hasattr(node, f"action_{name}")
    return [
        Binding(
            textual_key(key),
            name if own else f"ask({action.id!r}, {number if numbered else 0})",
            _(action.label),
            show=action.footer and number == 1,
            key_display=display_key(key),
            tooltip=_(action.help),
            id=f"{action.id}.{number}",
        )
        for number, key in enumerate(keymap.keys_for(action.id), 1)
    ]


async def run_in_order(widget: Widget, event: Key) -> None:
    """Run the action that a key is bound to on `widget` or its screen before the next key is handled. If the focus has
    moved since the key was sent, forward the key to the focused widget.

    Textual runs bindings only after the key has gone up to the app, so of a burst such as an input method's `a`,
    backspace, `â` the letters would be in the text before the backspace: it would delete the wrong one.
    """
    if forwarded(widget, event):
        return
    for node in (widget, widget.screen):
        actions = [binding.action for binding in node._bindings.key_to_bindings.get(event.key, ())]
        if actions:
            event.stop()
            event.prevent_default()
            for action in actions:
                await node.run_action(action)
            return


def forwarded(widget: Widget, event: Key | Paste) -> bool:
    """Forward an event to the focused widget if the focus has moved since it was sent; returns whether it was."""
    screen = widget.app.screen
    target = screen.focused or screen
    if target is widget or (screen is widget.screen and screen.focused is None):
        return False
    event.stop()
    event.prevent_default()
    target._forward_event(fresh_copy(event))
    return True


def fresh_copy(event: Key | Paste) -> Key | Paste:
    """A copy of an event, as Textual forwards each event only once."""
    return Key(event.key, event.character) if isinstance(event, Key) else Paste(event.text)


def textual_key(key: str) -> str:
    """Textual's name of a key: `}` is `right_curly_bracket`."""
    return _character_to_key(key) if len(key) == 1 else key


_TYPED = frozenset({"space", "slash"})
"""Keys with a name that write a character."""


def names(keymap: Keymap, where: Where) -> ActionNames:
    """ActionNames of actions for hints while `where` has the focus: a key that works there, else the slash command."""
    actions = {action.id: _key_at(keymap, action, where) for action in ACTIONS}
    return ActionNames(
        keys={action_id: display_key(key) for action_id, key in actions.items() if key},
        commands={action.id: name_of(action.id) for action in ACTIONS},
        press=_("press {key}"),
        type=_("type {key}"),
    )


def _key_at(keymap: Keymap, action: Action, where: Where) -> str:
    """The first key of `action` that works while `where` has the focus, or empty."""
    if action.where not in (where, Where.APP):
        return ""
    return next((key for key in keymap.keys_for(action.id) if _reaches(keymap, action, key, where)), "")


def _reaches(keymap: Keymap, action: Action, key: str, where: Where) -> bool:
    if action.where is where:
        return True
    if where is Where.PROMPT and (len(key) == 1 or key in _TYPED):
        return False
    return not any(key in keymap.keys_for(other.id) for other in ACTIONS if other.where is where)


def shown_keys(keymap: Keymap, between: str = "") -> dict[str, str]:
    """The keys of each action, such as `"Ctrl+J or Alt+Enter"`, or else its slash command."""
    between = between or _(" or ")
    return {
        action.id: between.join(map(display_key, keymap.keys_for(action.id))) or name_of(action.id) or "–"
        for action in ACTIONS
    }
