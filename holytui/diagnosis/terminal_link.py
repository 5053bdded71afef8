"""The part of a check about the terminal: its abilities, keys, characters and clipboard."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping

from holytui import formatting
from holytui.diagnosis.entry import CheckEntry
from holytui.engine.check.findings import CheckGroup, CheckTopic, Finding, FindingStatus
from holytui.hints import ActionNames
from holytui.i18n import _
from holytui.keymap import Keymap, display_key
from holytui.terminal.clipboard import Run, diagnose, run_command
from holytui.terminal.environ import is_ssh
from holytui.terminal.facts import TerminalFacts
from holytui.text import sanitize_line

MIN_COLUMNS, MIN_ROWS = 40, 10
SLOW = 0.3
"""Seconds of a round trip from which there is a remark."""
_CLIPBOARD_PROGRAMS = (
    ("pbcopy", ""),
    ("wl-copy", "WAYLAND_DISPLAY"),
    ("xclip", "DISPLAY"),
    ("xsel", "DISPLAY"),
    ("clip.exe", ""),
)
"""Programs that pyperclip starts, with the variable that each needs."""
_UNSENDABLE = re.compile(
    r"(?:(?:ctrl|shift)\+|alt\+ctrl\+|ctrl\+alt\+)+(?:enter|backspace|escape)"
    r"|(?:\w+\+)*ctrl\+shift\+[a-z]|ctrl\+[0-9.,;=+\-]|ctrl\+tab|shift\+space|ctrl\+[imh]|(?:super|hyper|meta)\+.+"
)
"""Keys that reach a program only by the Kitty keyboard protocol; else they arrive as another key, or not at all."""


class TerminalCheck:
    """Judges the facts about a terminal. It asks tmux for its settings, so it is not for an event loop."""

    def __init__(
        self,
        environ: Mapping[str, str],
        keymap: Keymap,
        *,
        run: Run = run_command,
        which: Callable[[str], str | None] = shutil.which,
    ) -> None:
        self._environ = environ
        self._keymap = keymap
        self._run = run
        self._which = which

    def entries(self, facts: TerminalFacts | None) -> Iterator[CheckEntry]:
        """Yield the lines; None: there is no terminal."""
        for finding in self._findings(facts):
            yield CheckEntry(CheckGroup.TERMINAL, finding)

    def _findings(self, facts: TerminalFacts | None) -> Iterator[Finding]:
        if facts is None:
            hint = _("Run it on a terminal, without a pipe, to check the terminal.")
            yield Finding(FindingStatus.SKIPPED, CheckTopic.TERMINAL, _("not a terminal"), (hint,))
            return
        yield self._terminal(facts)
        yield self._size(facts)
        yield self._colours()
        if facts.sync is not None:
            text = _("supported") if facts.sync else _("not supported: a large change may flicker")
            yield Finding(FindingStatus.OK, CheckTopic.SYNC, text)
        if facts.round_trip is not None:
            yield self._round_trip(facts.round_trip)
        yield self._characters(facts)
        yield self._input_method()
        yield self._keys(facts)
        yield self._clipboard()

    def _terminal(self, facts: TerminalFacts) -> Finding:
        names = terminal_names(self._environ)
        if facts.answers:
            return Finding(FindingStatus.OK, CheckTopic.TERMINAL, names)
        text = _("{names}: it does not answer queries").format(names=names)
        hint = _("holytui works all the same; a slow link cannot be recognised. Check that TERM is right.")
        return Finding(FindingStatus.WARNING, CheckTopic.TERMINAL, text, (hint,))

    def _size(self, facts: TerminalFacts) -> Finding:
        text = _("{columns} columns, {rows} rows").format(columns=facts.columns, rows=facts.rows)
        if facts.columns >= MIN_COLUMNS and facts.rows >= MIN_ROWS:
            return Finding(FindingStatus.OK, CheckTopic.SIZE, text)
        hint = _("Enlarge the window to at least 40 columns and 10 rows.")
        return Finding(FindingStatus.WARNING, CheckTopic.SIZE, text, (hint,))

    def _colours(self) -> Finding:
        depth = colour_depth(self._environ)
        if not depth:
            return Finding(FindingStatus.OK, CheckTopic.COLOURS, _("none, as NO_COLOR or TERM says"))
        text = _("16 million") if depth > 256 else str(depth)
        hint = _("If the terminal shows 16 million, run: export COLORTERM=truecolor")
        return Finding(FindingStatus.OK, CheckTopic.COLOURS, text, (hint,) if depth == 256 else ())

    def _round_trip(self, took: float) -> Finding:
        text = f"{took * 1000:.0f} ms" if took < 1 else formatting.seconds(took)
        hint = _("On a slow link, typed text appears after this time; see docs/ssh.md.")
        return Finding(FindingStatus.OK, CheckTopic.ROUND_TRIP, text, (hint,) if took >= SLOW else ())

    # -- characters and keys

    def _characters(self, facts: TerminalFacts) -> Finding:
        topic = CheckTopic.CHARACTERS
        if not _is_utf8(self._environ):
            text = _("the locale is not UTF-8, so letters may be damaged")
            return Finding(FindingStatus.WARNING, topic, text, (_("Run: export LC_ALL=C.UTF-8"),))
        if self._tmux("display-message", "-p", "#{client_utf8}") == "0":
            text = _("tmux takes the terminal for one without UTF-8")
            return Finding(FindingStatus.WARNING, topic, text, (_("Attach again with: tmux -u attach"),))
        if facts.texts is None:
            return Finding(FindingStatus.OK, topic, _("UTF-8; widths are measured by `holytui check`"))
        wrong = [
            _("{name}: {found} columns instead of {expected}").format(
                name=_(each.name), found=each.found, expected=each.expected
            )
            for each in facts.texts
            if each.found is not None and each.found != each.expected
        ]
        if wrong:
            hint = _("Rows with such text may be shifted; {key:app.repaint} repaints the screen.")
            return Finding(FindingStatus.WARNING, topic, "; ".join(wrong), (self._render(hint),))
        if not facts.answers or any(each.found is None for each in facts.texts):
            return Finding(FindingStatus.OK, topic, _("UTF-8; the terminal does not report widths"))
        names = ", ".join(_(each.name) for each in facts.texts)
        return Finding(FindingStatus.OK, topic, _("UTF-8; right widths: {names}").format(names=names))

    def _input_method(self) -> Finding:
        topic = CheckTopic.INPUT_METHOD
        if kitty_is_on(self._environ):
            text = _("the Kitty keyboard protocol is on: input methods may lose letters")
            return Finding(FindingStatus.WARNING, topic, text, (_("Run: unset TEXTUAL_DISABLE_KITTY_KEY"),))
        if is_ssh(self._environ):
            text = _("none of this machine is involved: over SSH it runs beside your terminal")
            return Finding(FindingStatus.OK, topic, text)
        module = self._environ.get("XMODIFIERS", "").partition("@im=")[2]
        if module and self._environ.get("DISPLAY") and not self._environ.get("WAYLAND_DISPLAY"):
            text = _("{name}, by X11").format(name=sanitize_line(module))
            return Finding(FindingStatus.OK, topic, text)
        return Finding(FindingStatus.OK, topic, _("no trouble known here"))

    def _keys(self, facts: TerminalFacts) -> Finding:
        topic = CheckTopic.KEYS
        if kitty_is_on(self._environ) and facts.kitty_keys is not False:
            return Finding(FindingStatus.OK, topic, _("all keys can be sent, by the Kitty keyboard protocol"))
        lost = [
            (action, key)
            for action, keys in self._keymap.keys.items()
            for key in keys
            if _UNSENDABLE.fullmatch(key.lower())
        ]
        if lost:
            hints = tuple(self._alternative(action, key) for action, key in lost)
            text = _("the terminal cannot send {keys}").format(keys=", ".join(display_key(key) for _id, key in lost))
            return Finding(FindingStatus.WARNING, topic, text, hints)
        newline = ", ".join(map(display_key, self._keymap.keys_for("prompt.newline")))
        hint = _("{keys} insert a new line.").format(keys=newline) if newline else ""
        if facts.kitty_keys:
            more = _("export TEXTUAL_DISABLE_KITTY_KEY= makes it send them, but input methods may lose letters.")
            hints = tuple(filter(None, (hint, more)))
        else:
            hints = (hint,) if hint else ()
        indistinct = ", ".join(map(display_key, ("shift+enter", "ctrl+enter")))
        text = _("{keys} arrive as {enter}; no action needs them").format(keys=indistinct, enter=display_key("enter"))
        return Finding(FindingStatus.OK, topic, text, hints)

    def _alternative(self, action: str, key: str) -> str:
        others = [
            display_key(each) for each in self._keymap.keys_for(action) if not _UNSENDABLE.fullmatch(each.lower())
        ]
        if others:
            words = _("Instead of {key}, press {other} for {action}.")
            return words.format(key=display_key(key), other=others[0], action=action)
        words = _('Choose another key for {action} in [keys] than "{key}".')
        return words.format(key=sanitize_line(key), action=action)

    def _render(self, hint: str) -> str:
        keys = {action: display_key(keys[0]) for action, keys in self._keymap.keys.items() if keys}
        return ActionNames(keys).render(hint)

    # -- the clipboard

    def _clipboard(self) -> Finding:
        environ = self._environ
        try_it = _("Run: holytui check --clipboard, which copies a text to paste")
        obstacles = diagnose(environ, self._run)
        if obstacles:
            text = _("copied text may not arrive")
            return Finding(FindingStatus.WARNING, CheckTopic.CLIPBOARD, text, (*obstacles, try_it))
        program = next(
            (name for name, needed in _CLIPBOARD_PROGRAMS if (not needed or environ.get(needed)) and self._which(name)),
            "",
        )
        if program and not is_ssh(environ):
            text = _("by the program {name}, and by OSC 52").format(name=program)
        elif environ.get("TMUX"):
            text = _("by tmux, which passes it on to the terminal, and by OSC 52")
        else:
            text = _("by OSC 52, which most terminals accept")
        return Finding(FindingStatus.OK, CheckTopic.CLIPBOARD, text, (try_it,))

    def _tmux(self, *words: str) -> str:
        """The output of a tmux command; empty without tmux."""
        if not self._environ.get("TMUX"):
            return ""
        try:
            return self._run(("tmux", *words), b"").decode("utf-8", "replace").strip()
        except (OSError, subprocess.SubprocessError):
            return ""


def terminal_names(environ: Mapping[str, str]) -> str:
    """Return the names of the terminal and of the programs between, such as `xterm-256color, tmux 3.4, SSH`."""
    program = " ".join(filter(None, (environ.get("TERM_PROGRAM", ""), environ.get("TERM_PROGRAM_VERSION", ""))))
    parts = [environ.get("TERM", "") or _("no TERM"), program]
    if environ.get("TMUX") and "tmux" not in program:
        parts.append("tmux")
    parts += ["GNU screen"] if environ.get("STY") else []
    parts += ["SSH"] if is_ssh(environ) else []
    return ", ".join(sanitize_line(part) for part in parts if part)


def colour_depth(environ: Mapping[str, str]) -> int:
    """Return the number of colours: 0, 16, 256 or 16777216."""
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in ("", "dumb", "unknown"):
        return 0
    forced = environ.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if forced in ("standard", "256", "truecolor"):
        return {"standard": 16, "256": 256, "truecolor": 1 << 24}[forced]
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return 1 << 24
    return 256 if term.endswith(("256color", "kitty", "direct")) else 16


def kitty_is_on(environ: Mapping[str, str]) -> bool:
    """Whether the user turned the Kitty keyboard protocol on, which holytui leaves off (`terminal.environ`)."""
    return environ.get("TEXTUAL_DISABLE_KITTY_KEY", "1") != "1"  # as Textual reads it


def _is_utf8(environ: Mapping[str, str]) -> bool:
    name = next((environ[each] for each in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(each)), "")
    return "utf8" in name.lower().replace("-", "")
