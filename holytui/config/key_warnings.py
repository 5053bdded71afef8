"""Why a key is not, or not everywhere, good for an action: shown while it is typed in the settings."""

from __future__ import annotations

from collections.abc import Sequence

from holytui.i18n import N_, _
from holytui.keymap import ACTIONS, Action, Keymap, Where, display_key

_SENT_AS = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
    "ctrl+[": "escape",
}
_TAKEN = {
    "ctrl+s": N_("{key} stops the output of some terminals"),
    "ctrl+q": N_("{key} restarts the output of some terminals"),
    "ctrl+z": N_("{key} suspends programs"),
    "ctrl+b": N_("tmux takes {key}"),
    "ctrl+a": N_("screen takes {key}"),
}
_NAMED = frozenset(
    {"escape", "enter", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown"}
    | {"up", "down", "left", "right", "slash", "backslash", *(f"f{number}" for number in range(1, 25))}
)
_MODIFIERS = frozenset({"ctrl", "alt", "shift"})


def is_key_name(key: str) -> bool:
    """Whether a key is written as the configuration expects: `ctrl+k`, `f11`, `x`."""
    if len(key) == 1:
        return key.isprintable() and not key.isspace()
    *modifiers, last = key.split("+")
    # with a modifier also the names of signs, such as ctrl+backslash or ctrl+left_square_bracket
    known = last in _NAMED or (bool(modifiers) and (len(last) == 1 or last.replace("_", "").isalpha()))
    return known and len(set(modifiers)) == len(modifiers) and _MODIFIERS.issuperset(modifiers)


def taken_by(action: Action, keys: Sequence[str], keymap: Keymap) -> Action | None:
    """The action of the same part of the screen that has one of `keys` already, or None."""
    for other in ACTIONS:
        if other.id != action.id and other.where is action.where and set(keys) & set(keymap.keys_for(other.id)):
            return other
    return None


def key_warnings(action: Action, keys: Sequence[str], keymap: Keymap) -> list[str]:
    """Return the problems of `keys` for `action`, the worst first."""
    found = []
    if (other := taken_by(action, keys, keymap)) is not None:
        key = next(key for key in keys if key in keymap.keys_for(other.id))
        text = _("{key} belongs to “{action}” ({id}): change that one first")
        found.append(text.format(key=display_key(key), action=_(other.label), id=other.id))
    for key in keys:
        if not is_key_name(key):
            text = _("“{key}” is not a key; write it as {examples}")
            found.append(text.format(key=key, examples="ctrl+k, alt+k, f11, k"))
        elif key in _SENT_AS:
            text = _("terminals send {key} as {other}")
            found.append(text.format(key=display_key(key), other=display_key(_SENT_AS[key])))
        elif key in _TAKEN:
            found.append(_(_TAKEN[key]).format(key=display_key(key)))
        elif action.where in (Where.APP, Where.PROMPT) and (len(key) == 1 or key == "space"):
            found.append(_("in the prompt {key} is text, so it does nothing there").format(key=display_key(key)))
        else:
            found += _shadows(action, key, keymap)
    return found


def _shadows(action: Action, key: str, keymap: Keymap) -> list[str]:
    """Describe an action of another part that the key reaches instead, or no longer."""
    for other in ACTIONS:
        if other.where is action.where or key not in keymap.keys_for(other.id):
            continue
        if other.where is Where.APP:
            text = _("while this part has the focus, {key} no longer does “{action}” ({id})")
        elif action.where is Where.APP:
            text = _("{key} does “{action}” ({id}) where that part has the focus")
        else:
            continue
        return [text.format(key=display_key(key), action=_(other.label), id=other.id)]
    return []
