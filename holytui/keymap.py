"""Every key of holytui in one table: bindings, footer, help screen, README and example config are made from it.

No default key clashes with tmux (Ctrl+B), screen (Ctrl+A), zellij (Ctrl+G P T N H S O Q), flow control (Ctrl+S Q),
job control (Ctrl+Z), or is one that terminals send as another (Ctrl+I M H).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from holytui.i18n import N_, _
from holytui.text import nearest, sanitize_line


class Where(StrEnum):
    """Where a key acts."""

    APP = "app"
    """Everywhere on the chat screen."""
    PROMPT = "prompt"
    LOG = "log"
    """On the selected message."""
    SIDEBAR = "sidebar"
    DETAILS = "details"
    """On the page with the details."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a key does, or only a command. `label` and `help` are message ids, translated where shown."""

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
        ("chat.stop", "escape", N_("Stop"), N_("Stop the answer and keep what has come"), True),
        ("app.help", "f1", N_("Help"), N_("All keys and how things work"), True),
        ("model.pick", "f2", N_("Model"), N_("Choose the model for the next question"), True),
        ("sidebar.toggle", "f3", N_("Sidebar"), N_("Show or hide the list of conversations"), True),
        ("chat.new", "f4", N_("New"), N_("Begin a new conversation"), True),
        ("app.palette", "f5", N_("Actions"), N_("Find any action by its name"), True),
        ("app.details", "f6", N_("Details"), N_("Connection, times of the last answers, tokens and cost by day")),
        ("chat.copy", "f8", N_("Copy"), N_("Copy the last answer"), True),
        ("chat.system", "f12", N_("System prompt"), N_("System prompt and parameters of this conversation")),
        ("history.search", "ctrl+f", N_("Search"), N_("Search in everything that was said")),
        ("app.focus", "tab", N_("Log"), N_("Go from the prompt to the messages, the list, and back")),
        ("app.repaint", "ctrl+l", N_("Repaint"), N_("Paint the whole screen anew")),
        ("app.mouse", "f7", N_("Mouse"), N_("Turn the mouse on or off; the text that it selects is copied")),
        ("app.theme", "", N_("Theme"), N_("Choose the colours, and see each theme at once")),
        (
            "chat.interrupt",
            "ctrl+c",
            N_("Copy or clear"),
            N_("Copy the selected text; else empty the prompt (↑ brings it back); else stop the answer"),
        ),
        ("app.quit", "ctrl+d", N_("Quit"), N_("Leave holytui (in the prompt: when it is empty)"), True),
    ),
    *_table(
        Where.PROMPT,
        ("prompt.send", "enter", N_("Send"), N_("Send the question; while a retry waits: try now"), True),
        ("prompt.newline", "ctrl+j alt+enter", N_("New line"), N_("Begin a new line in the question")),
        ("prompt.editor", "f9", N_("Editor"), N_("Write the question in $VISUAL or $EDITOR")),
        ("prompt.attach", "ctrl+r", N_("Files"), N_("Attach a file that the question names, or take one off")),
        ("prompt.older", "up", N_("Older"), N_("The question before, from the first line")),
        ("prompt.newer", "down", N_("Newer"), N_("The question after, from the last line")),
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
        ("message.copy", "y", N_("Copy"), N_("Copy the text selected with the mouse, else the selected message"), True),
        ("chat.copy_all", "Y", N_("Copy all"), N_("Copy the whole conversation")),
        ("chat.export", "x", N_("Export"), N_("Write the conversation to a file")),
        ("message.copy_code", "1 2 3 4 5 6 7 8 9", N_("Copy code"), N_("Copy code block 1 to 9"), True),
        ("message.edit", "e", N_("Edit"), N_("Edit the question and ask again, on a new branch"), True),
        ("message.retry", "r", N_("Retry"), N_("Answer once more; the old answer is kept"), True),
        ("message.resume", "c", N_("Continue"), N_("Let a cut answer go on"), True),
        ("chat.resume_all", "C", N_("Continue all"), N_("Let all answers go on that the last end of holytui cut")),
        ("message.fork", "f", N_("Fork"), N_("Begin a conversation from here")),
        ("message.variant", "v", N_("Variant"), N_("Show the next variant of the message"), True),
        ("message.variant_back", "V", N_("Variant back"), N_("Show the previous variant of the message")),
        ("message.details", "i", N_("Details"), N_("How this answer came: attempts, times, tokens")),
        ("message.reasoning", "space", N_("Fold"), N_("Open or fold the reasoning, or a long question")),
        ("message.undo_seam", "u", N_("Undo seam"), N_("Show both sides of a seam as they came")),
        ("message.pager", "o", N_("Pager"), N_("Open the message in $PAGER")),
        ("message.print", "p", N_("Print"), N_("Print the message to the terminal, to select it there")),
        ("log.search", "slash", N_("Find"), N_("Search in this conversation")),
        ("log.next_match", "n", N_("Next match"), N_("Go to the next place of what was searched for")),
        ("log.previous_match", "N", N_("Previous match"), N_("Go to the previous place of what was searched for")),
        ("log.prompt", "enter", N_("Prompt"), N_("Back to the prompt")),
    ),
    *_table(
        Where.SIDEBAR,
        ("sidebar.filter", "slash", N_("Filter"), N_("Filter the list by title"), True),
        ("sidebar.rename", "e", N_("Rename"), N_("Rename the conversation"), True),
        ("sidebar.pin", "p", N_("Pin"), N_("Keep the conversation at the top"), True),
        ("sidebar.archive", "a", N_("Archive"), N_("Put the conversation away, or take it back"), True),
        ("sidebar.archived", "A", N_("Archived"), N_("Show what was put away, or the others again")),
        ("sidebar.delete", "d delete", N_("Delete"), N_("Delete the conversation"), True),
        ("sidebar.undo", "u", N_("Undo"), N_("Bring back what was deleted or put away last"), True),
    ),
    *_table(
        Where.DETAILS,
        (
            "details.scope",
            "r",
            N_("This or all"),
            N_("Plot and list the answers of this conversation, or of all"),
            True,
        ),
    ),
)

BY_ID: Mapping[str, Action] = MappingProxyType({action.id: action for action in ACTIONS})


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys in force: the table's, with the user's `[keys]` over them."""

    keys: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...] = field(default=())
    """What in `[keys]` could not be used, each a sentence with the id in it."""

    def of(self, action_id: str) -> tuple[str, ...]:
        """The keys of an action; none if the user took them away."""
        return self.keys[action_id]


def build(overrides: Mapping[str, tuple[str, ...]]) -> Keymap:
    """The keys in force. An unknown id, or a key that another action of the place has, is reported and left out.

    Actions may swap their keys: a default key is free as soon as `overrides` gives its action another one.
    """
    known = {action_id: wanted for action_id, wanted in overrides.items() if action_id in BY_ID}
    problems = [_unknown(action_id) for action_id in overrides if action_id not in BY_ID]
    keys = {action.id: () if action.id in known else action.keys for action in ACTIONS}
    without: list[Action] = []
    for action_id, wanted in known.items():
        action = BY_ID[action_id]
        rivals = {key: _rival(action, key, keys) for key in wanted}
        problems += [
            _('[keys] "{id}" = "{key}": that key is taken by "{other}"').format(id=action_id, key=key, other=rival)
            for key, rival in rivals.items()
            if rival is not None
        ]
        keys[action_id] = tuple(key for key, rival in rivals.items() if rival is None)
        if wanted and not keys[action_id]:
            without.append(action)
    for action in without:
        keys[action.id] = tuple(key for key in action.keys if _rival(action, key, keys) is None)
    return Keymap(MappingProxyType(keys), tuple(problems))


def _unknown(action_id: str) -> str:
    name = sanitize_line(action_id)
    if meant := nearest(action_id, list(BY_ID)):
        return _('[keys] "{id}" is no action; did you mean "{name}"?').format(id=name, name=meant)
    return _('[keys] "{id}" is no action').format(id=name)


def _rival(action: Action, key: str, keys: Mapping[str, tuple[str, ...]]) -> str | None:
    """The other action that `key` would reach from the same place. A place's own keys may shadow those of the app."""
    for other in ACTIONS:
        if other.id != action.id and other.where == action.where and key in keys[other.id]:
            return other.id
    return None
