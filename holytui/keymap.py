"""Table of all actions and their keys; bindings, footer, help, documents and example configuration derive from it.

No default key conflicts with tmux (Ctrl+B), screen (Ctrl+A), zellij (Ctrl+G P T N H S O Q) or flow control (Ctrl+S Q),
or is sent by terminals as another key (Ctrl+I M H). Ctrl+Z does what job control does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from holytui.i18n import N_, _
from holytui.text import nearest, sanitize_line


class Where(StrEnum):
    """Part of the screen in which a key is active."""

    APP = "app"
    """Everywhere on the chat screen."""
    PROMPT = "prompt"
    LOG = "log"
    """On the selected message."""
    SIDEBAR = "sidebar"
    DETAILS = "details"
    """On the page with the details."""
    CHECK = "check"
    """On the page with the check."""
    TREE = "tree"
    """On the page with the branches of a conversation."""


@dataclass(frozen=True, slots=True)
class Action:
    """An action with default keys, or only a command. `label` and `help` are message ids, translated where shown."""

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    where: Where
    footer: bool = False


def _table(where: Where, *rows: tuple[str, str, str, str] | tuple[str, str, str, str, bool]) -> tuple[Action, ...]:
    return tuple(
        Action(row[0], tuple(row[1].split()), row[2], row[3], where, len(row) == 5 and bool(row[4])) for row in rows
    )


ACTIONS: tuple[Action, ...] = (
    *_table(
        Where.APP,
        ("chat.stop", "escape", N_("Stop"), N_("Stop the answer and keep the text so far"), True),
        ("app.help", "f1", N_("Help"), N_("Show all keys, commands and files"), True),
        ("app.connect", "f10", N_("Connect"), N_("Connect a provider: its key, a test, and a model")),
        ("model.pick", "f2", N_("Model"), N_("Choose the model for the next question"), True),
        ("sidebar.toggle", "f3", N_("Sidebar"), N_("Show or hide the list of conversations"), True),
        ("chat.new", "f4", N_("New"), N_("Start a new conversation"), True),
        ("app.palette", "f5", N_("Actions"), N_("Find an action by name"), True),
        ("app.details", "f6", N_("Details"), N_("Show the connection, recent answers, tokens and cost per day")),
        ("app.check", "f11", N_("Check"), N_("Check the configuration, connection, terminal and history")),
        ("chat.copy", "f8", N_("Copy"), N_("Copy the last answer"), True),
        ("chat.system", "f12", N_("System prompt"), N_("System prompt and parameters of this conversation")),
        (
            "chat.effort",
            "alt+e",
            N_("Effort"),
            N_("Reasoning effort of this conversation: default, low, medium, high, off"),
        ),
        ("chat.prompt", "", N_("Saved prompt"), N_("Write a prompt of the configuration into the question")),
        ("chat.over_limit", "", N_("Over the limit"), N_("Send a question that a limit of spending holds, once")),
        ("prompt.search", "ctrl+r", N_("Earlier questions"), N_("Search all questions ever sent, to use one again")),
        ("history.search", "ctrl+f", N_("Search"), N_("Search all conversations")),
        ("app.focus", "tab", N_("Switch pane"), N_("Switch between the prompt, the messages and the list")),
        ("app.suspend", "ctrl+z", N_("Suspend"), N_("Suspend holytui; fg in the shell brings it back")),
        ("app.repaint", "ctrl+l", N_("Repaint"), N_("Repaint the screen")),
        ("app.mouse", "f7", N_("Mouse"), N_("Turn the mouse on or off; text selected with it is copied")),
        ("app.settings", "ctrl+backslash", N_("Settings"), N_("Change settings and keys")),
        ("app.reload", "", N_("Reload"), N_("Read the configuration file again")),
        ("app.sync", "", N_("Sync"), N_("Exchange changes with other machines")),
        ("app.theme", "", N_("Theme"), N_("Choose a colour theme, with a live preview")),
        (
            "chat.interrupt",
            "ctrl+c",
            N_("Copy or clear"),
            N_("Copy the selected text; else clear the prompt (↑ restores it); else stop the answer"),
        ),
        ("app.quit", "ctrl+d", N_("Quit"), N_("Quit holytui (in the prompt: when it is empty)"), True),
    ),
    *_table(
        Where.PROMPT,
        ("prompt.send", "enter", N_("Send"), N_("Send the question; while waiting for a retry: try now"), True),
        ("prompt.newline", "ctrl+j alt+enter", N_("New line"), N_("Insert a new line")),
        ("prompt.editor", "f9", N_("Editor"), N_("Write the question in $VISUAL or $EDITOR")),
        ("prompt.attach", "alt+a", N_("Files"), N_("Attach a file named in the question, or remove one")),
        (
            "prompt.older",
            "up",
            N_("Older"),
            N_("Recall the previous question, of those that contain the typed text (from the first line)"),
        ),
        ("prompt.newer", "down", N_("Newer"), N_("Recall the next question (from the last line)")),
        ("prompt.undo", "ctrl+underscore", N_("Undo"), N_("Undo the last edit of the prompt")),
        ("prompt.redo", "ctrl+y", N_("Redo"), N_("Redo what was undone")),
    ),
    *_table(
        Where.LOG,
        ("log.next", "j down", N_("Next"), N_("Select the next message")),
        ("log.previous", "k up", N_("Previous"), N_("Select the previous message")),
        ("log.first", "g home", N_("First"), N_("Go to the first message")),
        ("log.last", "G end", N_("Last"), N_("Go to the last message and follow it")),
        ("log.next_question", "}", N_("Next question"), N_("Select the next question")),
        ("log.previous_question", "{", N_("Previous question"), N_("Select the previous question")),
        ("log.page_up", "pageup", N_("Page up"), N_("Scroll up a page")),
        ("log.page_down", "pagedown", N_("Page down"), N_("Scroll down a page")),
        (
            "message.copy",
            "y",
            N_("Copy"),
            N_("Copy the text selected with the mouse, or else the selected message"),
            True,
        ),
        ("chat.copy_all", "Y", N_("Copy all"), N_("Copy the whole conversation")),
        ("chat.export", "x", N_("Export"), N_("Write the conversation to a file")),
        ("message.copy_code", "1 2 3 4 5 6 7 8 9", N_("Copy code"), N_("Copy code block 1 to 9"), True),
        ("message.links", "l", N_("Links"), N_("Show the addresses of the links in the message, to copy one")),
        ("message.edit", "e", N_("Edit"), N_("Edit the question and ask again, on a new branch"), True),
        ("message.retry", "r", N_("Retry"), N_("Ask again; the old answer is kept"), True),
        ("message.resume", "c", N_("Continue"), N_("Continue an interrupted answer"), True),
        ("chat.resume_all", "C", N_("Continue all"), N_("Continue all answers interrupted when holytui last ended")),
        ("message.fork", "f", N_("Fork"), N_("Start a new conversation from here")),
        ("message.variant", "v", N_("Variant"), N_("Show the next variant of the message"), True),
        ("message.variant_back", "V", N_("Variant back"), N_("Show the previous variant of the message")),
        ("chat.tree", "t", N_("Tree"), N_("Show the branches of the conversation as a tree")),
        ("message.label", "L", N_("Label"), N_("Give the message a label, shown in its heading and in the tree")),
        ("message.details", "i", N_("Details"), N_("Show the attempts, times and tokens of this answer")),
        ("message.reasoning", "space", N_("Collapse"), N_("Expand or collapse the reasoning, or a long question")),
        ("message.undo_seam", "u", N_("Undo seam"), N_("Undo a seam: show both sides as received")),
        ("message.pager", "o", N_("Pager"), N_("Open the message in $PAGER")),
        ("message.print", "p", N_("Print"), N_("Print the message to the terminal, to select it there")),
        ("log.search", "slash", N_("Find"), N_("Search in this conversation")),
        ("log.next_match", "n", N_("Next match"), N_("Go to the next match")),
        ("log.previous_match", "N", N_("Previous match"), N_("Go to the previous match")),
        ("log.prompt", "enter", N_("Prompt"), N_("Back to the prompt")),
    ),
    *_table(
        Where.SIDEBAR,
        ("sidebar.filter", "slash", N_("Filter"), N_("Filter the list by title, or by a tag such as #work"), True),
        ("sidebar.rename", "e", N_("Rename"), N_("Rename the conversation"), True),
        ("sidebar.pin", "p", N_("Pin"), N_("Pin the conversation to the top, or unpin it"), True),
        ("sidebar.archive", "a", N_("Archive"), N_("Archive the conversation, or take it out of the archive"), True),
        ("sidebar.archived", "A", N_("Archived"), N_("Switch between the archive and the other conversations")),
        ("sidebar.local", "L", N_("Local"), N_("Keep the conversation on this machine, or share it again")),
        ("sidebar.delete", "d delete", N_("Delete"), N_("Delete the conversation"), True),
        ("sidebar.tag", "t", N_("Tag"), N_("Change the tags of the conversation; work/ is a folder")),
        ("sidebar.export", "x", N_("Export"), N_("Write the conversation to a file")),
        ("sidebar.mark", "m space", N_("Mark"), N_("Mark the conversation or folder, for actions on several"), True),
        ("sidebar.mark_all", "M", N_("Mark all"), N_("Mark all listed conversations, or remove all marks")),
        ("sidebar.fold", "o", N_("Collapse"), N_("Expand or collapse the folder")),
        ("sidebar.undo", "u", N_("Undo"), N_("Undo the last deletion or archiving"), True),
    ),
    *_table(
        Where.DETAILS,
        (
            "details.scope",
            "r",
            N_("Scope"),
            N_("Show the answers of this conversation, or of all"),
            True,
        ),
    ),
    *_table(
        Where.CHECK,
        ("check.again", "r", N_("Check again"), N_("Run the check again"), True),
        ("check.copy", "y", N_("Copy report"), N_("Copy a report without secrets, for a bug report"), True),
    ),
    *_table(
        Where.TREE,
        ("tree.compare", "equals_sign d", N_("Compare"), N_("Compare the message with a variant, or the chosen one")),
        ("tree.choose", "space", N_("Choose"), N_("Choose a message to be compared with another one")),
        ("tree.label", "L", N_("Label"), N_("Give the message a label, or remove it")),
        ("tree.prune", "delete X", N_("Delete"), N_("Delete the message and all below it")),
        ("tree.undo", "u", N_("Undo"), N_("Bring back the messages that were deleted last")),
    ),
)

_SHOWN = {
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "space": "Space",
    "delete": "Del",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "slash": "/",
    "equals_sign": "=",
    "backslash": "\\",
    "up": "↑",
    "down": "↓",
    "underscore": "_",
    "home": "Home",
    "end": "End",
}


def display_key(key: str) -> str:
    """Return the display form of a key: `ctrl+j` is `Ctrl+J`, `f1` is `F1`, `G` is unchanged."""
    if key in _SHOWN:
        return _SHOWN[key]
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    if not modifiers:
        return last.upper() if len(last) > 1 and last[0] == "f" and last[1:].isdigit() else last
    return "+".join([*(name.capitalize() for name in modifiers), _SHOWN.get(last, last.upper())])


BY_ID: Mapping[str, Action] = MappingProxyType({action.id: action for action in ACTIONS})


@dataclass(frozen=True, slots=True)
class Keymap:
    """Keys of all actions: the defaults, overridden by the user's `[keys]`."""

    keys: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...] = field(default=())
    """Messages about invalid entries of `[keys]`, each with its id."""

    def keys_for(self, action_id: str) -> tuple[str, ...]:
        """Return the keys of an action; empty if the user removed them."""
        return self.keys[action_id]


def build_keymap(overrides: Mapping[str, tuple[str, ...]]) -> Keymap:
    """Apply `overrides` to the default keys. Unknown ids and conflicting keys are reported and ignored.

    Actions may swap keys: a default key is free once `overrides` gives its action another one.
    """
    known = {action_id: requested for action_id, requested in overrides.items() if action_id in BY_ID}
    problems = [_unknown(action_id) for action_id in overrides if action_id not in BY_ID]
    keys = {action.id: () if action.id in known else action.keys for action in ACTIONS}
    without: list[Action] = []
    for action_id, requested in known.items():
        action = BY_ID[action_id]
        conflicts = {key: _conflict(action, key, keys) for key in requested}
        problems += [
            _('[keys] "{id}" = "{key}": that key is taken by "{other}"').format(id=action_id, key=key, other=conflict)
            for key, conflict in conflicts.items()
            if conflict is not None
        ]
        keys[action_id] = tuple(key for key, conflict in conflicts.items() if conflict is None)
        if requested and not keys[action_id]:
            without.append(action)
    for action in without:
        keys[action.id] = tuple(key for key in action.keys if _conflict(action, key, keys) is None)
    return Keymap(MappingProxyType(keys), tuple(problems))


def _unknown(action_id: str) -> str:
    name = sanitize_line(action_id)
    if suggestion := nearest(action_id, list(BY_ID)):
        return _('[keys] "{id}" is not an action; did you mean "{name}"?').format(id=name, name=suggestion)
    return _('[keys] "{id}" is not an action').format(id=name)


def _conflict(action: Action, key: str, keys: Mapping[str, tuple[str, ...]]) -> str | None:
    """Return another action with `key` in the same part of the screen. Keys of a part may shadow those of the app."""
    for other in ACTIONS:
        if other.id != action.id and other.where == action.where and key in keys[other.id]:
            return other.id
    return None
