"""The page with the tree of the open conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from holytui.errors import HolytuiError
from holytui.i18n import _, ngettext
from holytui.keymap import ACTIONS, Keymap, Where, display_key
from holytui.models import Role
from holytui.text import visible
from holytui.ui.bindings import textual_key
from holytui.ui.dialogs.base import Dialog
from holytui.ui.dialogs.dialogs import LineDialog, PageDialog
from holytui.ui.tree.commands import Tree, TreeCommands, compared_with
from holytui.ui.tree.comparison import comparison_lines
from holytui.ui.tree.layout import TreeRow
from holytui.ui.tree.tree_view import TreeView

_EMPTY = Tree((), {})


class TreePage(Dialog[TreeRow | None]):
    """Closes with the message to go to, or None (Esc, q)."""

    BINDINGS = [("escape,q", "dismiss(None)"), ("enter", "jump")]  # noqa: RUF012 - Textual's own declaration

    def __init__(self, keymap: Keymap, commands: TreeCommands, at: str | None) -> None:
        """`at`: the message that the cursor begins at."""
        super().__init__()
        self._keymap = keymap
        self._commands = commands
        self._at = at
        self._tree = _EMPTY
        self._is_read = asyncio.Event()
        """Set when the tree was read, or could not be."""
        self.view = TreeView()
        for action in ACTIONS:
            if action.where is Where.TREE:
                for key in keymap.keys_for(action.id):
                    self._bindings.bind(textual_key(key), action.id.replace(".", "_"))

    def compose(self) -> ComposeResult:
        """The title, the tree, notices, the keys."""
        yield Static(Content(_("Branches of this conversation")), id="tree-title")
        yield self.view
        yield Static("", id="tree-note")
        yield Static(self._keys(), id="tree-keys")

    def on_mount(self) -> None:
        """Focus the tree, and read it."""
        self.set_focus(self.view)
        self._begin()

    @work(group="tree", exit_on_error=False)
    async def _begin(self) -> None:
        try:
            await self._run(self._read(self._at))
        finally:
            self._is_read.set()

    async def _read(self, at: str | None) -> None:
        self._tree = await self._commands.read()
        self.view.show(self._tree.rows, self._tree.labels, datetime.now().astimezone().date(), at)
        count = len(self._tree.rows)
        title = ngettext(
            "Branches of this conversation · {count} message", "Branches of this conversation · {count} messages", count
        )
        self.query_one("#tree-title", Static).update(Content(title.format(count=count)))

    async def _run(self, work: Awaitable[None]) -> None:
        """Await a command, and show why it failed."""
        try:
            await work
        except HolytuiError as error:
            self._say(" ".join(error.full_text.split()), "$error")

    def _say(self, words: str, style: str = "$muted") -> None:
        self.query_one("#tree-note", Static).update(Content.assemble((visible(words, breaks=False), style)))

    def _key(self, action_id: str) -> str:
        return next(map(display_key, self._keymap.keys_for(action_id)), "–")

    def _keys(self) -> Content:
        hints = [("Enter", _("Go there"))]
        for action in ACTIONS:
            keys = self._keymap.keys_for(action.id)
            if action.where is Where.TREE and keys:
                hints.append((display_key(keys[0]), _(action.label)))
        hints.append(("Esc", _("Close")))
        items = [Content.assemble((key, "bold $primary"), " ", (word, "$muted")) for key, word in hints]
        return Content("  ").join(items)

    # -- actions

    async def action_jump(self) -> None:
        """Close, and go to the message under the cursor; keys typed behind it wait until the tree is read."""
        await self._is_read.wait()
        if self.view.selected is not None:
            self.dismiss(self.view.selected)

    @on(TreeView.Chosen)
    async def _clicked(self) -> None:
        await self.action_jump()

    def action_tree_choose(self) -> None:
        """Choose the message under the cursor to be compared, or end that."""
        row = self.view.selected
        if row is not None:
            chosen = "" if self.view.chosen == row.entry.id else row.entry.id
            self.view.choose(chosen)
            self._say(
                _("now go to another message and press {key}").format(key=self._key("tree.compare")) if chosen else ""
            )

    async def action_tree_compare(self) -> None:
        """Compare the message under the cursor with the chosen one, or else with a variant of it."""
        row = self.view.selected
        if row is None:
            return
        chosen = next((each for each in self._tree.rows if each.entry.id == self.view.chosen), None)
        other = chosen if chosen is not None and chosen is not row else compared_with(self._tree.rows, row)
        if other is None:
            words = _("this message has no other variant; choose one message with {key}, then compare another")
            self._say(words.format(key=self._key("tree.choose")))
            return
        await self._run(self._compare(*sorted((other, row), key=lambda each: each.entry.created_at)))

    async def _compare(self, first: TreeRow, second: TreeRow) -> None:
        pairs = await self._commands.compare(first.entry.id, second.entry.id)
        titles = self._title(first), self._title(second)
        self.app.push_screen(Comparison(_("Comparison"), partial(comparison_lines, pairs, titles)))

    def _title(self, row: TreeRow) -> str:
        name = row.entry.model if row.entry.role is Role.ASSISTANT else _("You")
        label = self._tree.labels.get(row.entry.id, "")
        number, many = row.variant
        variant = _("variant {number}/{many}").format(number=number, many=many) if many > 1 else ""
        return " · ".join(filter(None, (name, label, variant)))

    def action_tree_label(self) -> None:
        """Ask for the label of the message under the cursor."""
        row = self.view.selected
        if row is None:
            return

        async def typed(label: str | None) -> None:
            if label is not None:
                await self._run(self._set_label(row.entry.id, label))

        self._ask(LineDialog(_("Label of the message"), self._tree.labels.get(row.entry.id, "")), typed)

    def _ask(self, dialog: LineDialog, then: Callable[[str | None], Awaitable[None]]) -> None:
        self.app.push_screen(dialog, then)

    async def _set_label(self, message_id: str, label: str) -> None:
        await self._commands.set_label(message_id, label)
        await self._read(message_id)

    async def action_tree_prune(self) -> None:
        """Delete the branch that begins with the message under the cursor."""
        row = self.view.selected
        if row is not None:
            await self._run(self._prune(row))

    async def _prune(self, row: TreeRow) -> None:
        before = len(self._tree.rows)
        await self._commands.prune(row.entry.id)
        await self._read(row.entry.parent_id)
        count = before - len(self._tree.rows)
        words = ngettext(
            "{count} message deleted · {key} brings it back",
            "{count} messages deleted · {key} brings them back",
            count,
        )
        self._say(words.format(count=count, key=self._key("tree.undo")))

    async def action_tree_undo(self) -> None:
        """Bring the branch back that was deleted last."""
        await self._run(self._undo())

    async def _undo(self) -> None:
        restored = await self._commands.undo()
        if not restored:
            self._say(_("no branch of this conversation was deleted since the start"))
            return
        await self._read(restored)
        self._say(_("restored"))


class Comparison(PageDialog):
    """A comparison, on a page as wide as the terminal."""
