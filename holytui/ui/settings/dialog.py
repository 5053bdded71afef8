"""The settings screen: all settings in a list, and the change of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from string import ascii_lowercase
from typing import Protocol

from textual import on
from textual.content import Content
from textual.widgets import OptionList, Static

from holytui.config.in_force import ConfigInForce
from holytui.config.key_locations import KeyLocations
from holytui.config.key_warnings import key_warnings, taken_by
from holytui.config.settings import Setting, SettingKind, choice_help, list_settings, parse, plain
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.keymap import BY_ID
from holytui.text import sanitize_line, visible
from holytui.ui.dialogs.choice import Choice
from holytui.ui.dialogs.line_input import LineInput
from holytui.ui.dialogs.steps import StepDialog

_RESET = "ctrl+r"
_EDIT = "f9"
_TYPED = frozenset("acdefhijkmuvwx")
"""Ctrl with these letters edits the line, or is another key."""
_CHORDS = (
    *(f"f{number}" for number in range(1, 13)),
    *(f"ctrl+{letter}" for letter in ascii_lowercase if letter not in _TYPED),
    "ctrl+backslash",
    *(f"alt+{letter}" for letter in ascii_lowercase),
)
"""Keys that are written into the line where keys are asked for."""
_FIXED = "="
"""Prefix of choices that the schema lists, one of which may be empty."""


class Settings(Protocol):
    """Changes settings. The methods raise HolytuiError."""

    locations: KeyLocations

    @property
    def live(self) -> ConfigInForce:
        """The configuration in force."""

    async def choices_for(self, setting: str) -> Sequence[Choice]:
        """The choices of a setting whose values the schema does not list."""

    async def change(self, path: tuple[str, ...], value: object) -> None:
        """Write a value into the file and put it into force."""

    async def reset(self, path: tuple[str, ...]) -> None:
        """Remove a setting from the file."""

    async def edit_file(self, line: int | None) -> None:
        """Open the file in the user's editor."""


class SettingsDialog(StepDialog):
    """Lists all settings; Enter changes one, Ctrl+R restores its default, F9 opens the file at its line."""

    BINDINGS = [(key, f"chord({key!r})") for key in _CHORDS]  # noqa: RUF012 - Textual's own declaration

    def __init__(self, settings: Settings, words: str = "") -> None:
        super().__init__(_("Settings"))
        self._port = settings
        self._filter = words
        self._settings: dict[str, Setting] = {}
        self._here: Setting | None = None
        """The setting that is being changed; None in the list."""
        self._last = ""
        """Id of the setting that was changed last."""
        self._message = ""
        self._check: Callable[[str], str] = lambda _text: ""
        """Returns what is wrong with the typed text, or empty."""
        self._work: Callable[[], Awaitable[None]] | None = None
        """What Enter began; it ends before the next key is handled."""

    # -- the list

    def first_step(self) -> None:
        """Show all settings, with the filter and the cursor as they were."""
        live = self._port.live
        self._here, self._check = None, lambda _text: ""
        self._settings = {each.id: each for each in list_settings(live.config, live.keymap, self._port.locations)}
        typed, message, self._message = self._filter, self._message, ""
        self.pick(_("Settings"), self._rows(), self._change)
        line = self.query_one(LineInput)
        line.value = typed
        line.cursor_position = len(typed)
        self._update()
        self._highlight(self._last)
        change, default, editor, close = _("Change"), _("Default"), _("Editor"), _("Close")
        self.show_keys(f"Enter {change}  Ctrl+R {default}  F9 {editor}  Esc {close}")
        self._message = message
        self._describe()

    def _rows(self) -> list[Choice]:
        rows: list[Choice] = []
        group = None
        for each in self._settings.values():
            if each.group is not group:
                group = each.group
                rows.append(Choice("", _(group.value)))
            label = each.path[1] if each.kind is SettingKind.KEYS else each.id
            rows.append(Choice(each.id, label, self._remark(each)))
        return rows

    def _remark(self, setting: Setting) -> str:
        parts = [_display(setting, setting.value)]
        if setting.default != setting.value and setting.kind is not SettingKind.FILE:
            parts.append(_("default {value}").format(value=_display(setting, setting.default)))
        if setting.line is not None:
            parts.append(_("line {number}").format(number=setting.line))
        return " · ".join(filter(None, [*parts, _plain_help(setting)]))

    def _highlight(self, setting: str) -> None:
        options = self.query_one(OptionList)
        ids = [option.id for option in options.options]
        if setting in ids:
            options.highlighted = ids.index(setting)

    @property
    def _highlighted(self) -> Setting | None:
        options = self.query_one(OptionList)
        if options.highlighted is None:
            return None
        return self._settings.get(options.get_option_at_index(options.highlighted).id or "")

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        if self._here is None and (setting := self._highlighted) is not None and setting.id != self._last:
            self._last, self._message = setting.id, ""
            self._describe()

    def _describe(self) -> None:
        """Show the help of the highlighted setting below the list."""
        if self._here is not None or (setting := self._highlighted) is None:
            return
        note = self.query_one("#dialog-note", Static)
        note.display = True
        message = (visible(self._message) + "\n", "$warning")
        note.update(Content.assemble(*([message] if self._message else []), self._about(setting)))

    def _about(self, setting: Setting) -> Content:
        """The help, default, allowed values and place of a setting."""
        file = sanitize_line(self._port.live.file.name)
        place = f"{file}:{setting.line}" if setting.line is not None else _("not in {file}").format(file=file)
        facts = [
            place,
            _("default {value}").format(value=_display(setting, setting.default)) if setting.default else "",
            setting.expected,
        ]
        if setting.kind is not SettingKind.FILE:
            facts.append(_("takes effect {when}").format(when=_(setting.effect.value)))
        if setting.overridden_by:
            facts.append(_("{name} is in force instead").format(name=setting.overridden_by))
        return Content.assemble(_plain_help(setting), "\n", (" · ".join(filter(None, facts)), "$muted"))

    # -- one setting

    def _change(self, value: str) -> None:
        setting = self._settings[value]
        self._last, self._filter = setting.id, self.query_one(LineInput).text
        match setting.kind:
            case SettingKind.SWITCH:
                self._work = lambda: self._save(setting, setting.value != "true")
            case SettingKind.CHOICE:
                self._work = lambda: self._offer(setting)
            case SettingKind.LINE:
                self.go(lambda: self._ask_value(setting))
            case SettingKind.KEYS:
                self.go(lambda: self._ask_keys(setting))
            case SettingKind.FILE:
                self._work = lambda: self._open_file(setting)

    async def _offer(self, setting: Setting) -> None:
        """Offer the values of a setting."""
        choices = [self._choice(setting, each) for each in setting.choices]
        choices += await self._port.choices_for(setting.id)
        free = _("another one, as typed") if setting.id == "default_model" else ""
        current = (_FIXED if setting.choices else "") + plain(setting)

        def show() -> None:
            self._begin(setting)
            self.pick(setting.id, choices, chosen, free, self._about(setting), current=current)

        def chosen(value: str) -> None:
            self._work = lambda: self._save_text(setting, value.removeprefix(_FIXED))

        self.go(show)

    def _choice(self, setting: Setting, value: str) -> Choice:
        remarks = [choice_help(value, setting)] if value else []
        if f'"{value}"' == setting.default:
            remarks.insert(0, _("default"))
        return Choice(_FIXED + value, value or _("automatic"), " · ".join(filter(None, remarks)))

    def _ask_value(self, setting: Setting) -> None:
        def problem(text: str) -> str:
            try:
                parse(setting, text)
            except ValueError as error:
                return _("expected: {expected}").format(expected=error)
            return ""

        def entered(text: str) -> None:
            if not problem(text):
                self._work = lambda: self._save_text(setting, text)

        self._begin(setting)
        self.ask_line(setting.id, plain(setting).removesuffix("–"), entered, plain(setting).removesuffix("–"))
        self.show_text(self._about(setting))
        self._check = problem

    def _ask_keys(self, setting: Setting) -> None:
        action, live = BY_ID[setting.path[1]], self._port.live

        def entered(text: str) -> None:
            keys = tuple(text.split())
            if taken_by(action, keys, live.keymap) is None:
                self._work = lambda: self._save_keys(setting, keys)

        self._begin(setting)
        self.ask_line(setting.id, "", entered, setting.value.removesuffix("–"))
        how = _("A pressed key is written as its name; {key} clears the line.").format(key="Ctrl+U")
        self.show_text(Content.assemble(self._about(setting), "\n", (how, "$muted")))
        self._check = lambda text: "\n".join(key_warnings(action, text.split(), live.keymap))

    def _begin(self, setting: Setting) -> None:
        self._here, self._check = setting, lambda _text: ""
        save, default, back = _("Save"), _("Default"), _("Back")
        self.show_keys(f"Enter {save}  Ctrl+R {default}  Esc {back}")

    # -- saving

    async def _save_text(self, setting: Setting, text: str) -> None:
        try:
            value = parse(setting, text)
        except ValueError as error:
            self.note(_("expected: {expected}").format(expected=error))
            return
        await self._save(setting, value)

    async def _save_keys(self, setting: Setting, keys: tuple[str, ...]) -> None:
        if keys == BY_ID[setting.path[1]].keys:
            await self._reset(setting)
        else:
            await self._save(setting, keys[0] if len(keys) == 1 else keys)

    async def _save(self, setting: Setting, value: object) -> None:
        await self._act(lambda: self._port.change(setting.path, value))

    async def _reset(self, setting: Setting) -> None:
        await self._act(lambda: self._port.reset(setting.path))

    async def _open_file(self, setting: Setting) -> None:
        await self._act(lambda: self._port.edit_file(setting.line))

    async def _act(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something, and show the list again; a problem is shown where the user is."""
        try:
            await work()
        except HolytuiError as error:
            self._message = error.full_text
            if self._here is not None:
                self.note(self._message)
            else:
                self._describe()
            return
        del self.steps[1:]
        self.first_step()

    def _update(self) -> None:
        super()._update()
        if self._here is not None and self._on_line is not None:
            self.note(self._check(self.query_one(LineInput).text))

    async def _entered(self) -> None:
        await super()._entered()
        await self._do_work()

    @on(OptionList.OptionSelected)
    async def _picked_by_mouse(self) -> None:
        await self._do_work()

    async def _do_work(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            await work()

    async def action_chord(self, key: str) -> None:
        """Write the key into the line where keys are asked for; else restore a default, or open the editor."""
        setting = self._here or self._highlighted
        if self._here is not None and self._here.kind is SettingKind.KEYS:
            line = self.query_one(LineInput)
            line.value = f"{line.text} {key}".strip()
            line.cursor_position = len(line.value)
            self._update()
        elif setting is None:
            return
        elif self._here is None:
            self._last, self._filter = setting.id, self.query_one(LineInput).text
        if setting is None or (self._here is not None and self._here.kind is SettingKind.KEYS):
            return
        if key == _RESET and setting.kind is not SettingKind.FILE:
            await self._reset(setting)
        elif key == _EDIT:
            await self._open_file(setting)


def _display(setting: Setting, value: str) -> str:
    if value != '""':
        return value
    return _("automatic") if setting.kind is SettingKind.CHOICE else "–"


def _plain_help(setting: Setting) -> str:
    """The help without the Markdown marks of the documents."""
    return setting.help.replace("`", "")
