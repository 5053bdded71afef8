"""Themes from TOML files: holytui's own and the user's. An invalid file is reported and skipped."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from holytui import paths
from holytui.config.schema import AUTO_THEME, Ui
from holytui.i18n import _
from holytui.terminal.colours import READABLE, contrast
from holytui.text import nearest, sanitize_line

DEFAULT = "holytui-dark"
LIGHT = "holytui-light"
SIXTEEN = "holytui-16"
FALLBACKS = {
    "muted": "#808080",
    "code-background": "#202020",
    **{f"{name}-{part}": "ansi_default" for name in ("cursor", "match") for part in ("ground", "text")},
    "cursor-style": "reverse",
    "match-style": "reverse",
}
"""Defaults of our own variables, for themes that are not from our files."""
_KNOWN = sorted(field.name for field in fields(Theme))


@dataclass(frozen=True, slots=True)
class LoadedThemes:
    """The valid themes, and a message for each invalid file."""

    themes: Sequence[Theme]
    problems: Sequence[str]


def own_folder() -> Path:
    """Folder of holytui's own themes: in the package, or beside it in a checkout."""
    inside = Path(str(resources.files("holytui"))) / "themes"
    return inside if inside.is_dir() else Path(str(resources.files("holytui"))).parent / "themes"


def user_folder() -> Path:
    """Folder of the user's themes."""
    return paths.config_dir() / "themes"


def load(folders: Iterable[Path] | None = None) -> LoadedThemes:
    """All themes of the folders; of two with one name the later wins, so a user can change ours."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for folder in folders if folders is not None else (own_folder(), user_folder()):
        for file in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            match read(file):
                case Theme() as theme:
                    themes[theme.name] = theme
                case problem:
                    problems.append(f"{sanitize_line(file.name)}: {problem}")
    return LoadedThemes(tuple(themes.values()), tuple(problems))


def default_for(color_system: str | None, *, light: bool = False) -> str:
    """The default theme for a colour system, as Rich names it. With sixteen colours the terminal's own look better than
    approximations."""
    return SIXTEEN if color_system == "standard" else LIGHT if light else DEFAULT


def describe_unknown(ui: Ui, known: Collection[str]) -> Sequence[str]:
    """A message for each configured theme that does not exist."""
    wanted = {"ui.theme": ui.theme if ui.theme != AUTO_THEME else ""}
    wanted |= {"ui.theme_dark": ui.theme_dark, "ui.theme_light": ui.theme_light}
    return tuple(_describe(key, name, known) for key, name in wanted.items() if name and name not in known)


def _describe(setting: str, wanted: str, known: Collection[str]) -> str:
    meant = nearest(wanted, sorted(known))
    words = _('{setting}: there is no theme "{name}"; did you mean "{meant}"?') if meant else ""
    words = words or _('{setting}: there is no theme "{name}"; there are {themes}')
    themes = ", ".join(sorted(known))
    return words.format(setting=setting, name=sanitize_line(wanted), meant=meant, themes=themes)


def theme_problems(ui: Ui) -> Sequence[str]:
    """Return the problems of the configured themes."""
    return describe_unknown(ui, {known.name for known in load().themes})


def _muted(table: dict[str, Any]) -> str:
    """The colour of less important text. Textual's `$text-muted` has alpha, which text does not blend."""
    foreground, background = table.get("foreground"), table.get("background")
    if table.get("ansi") or foreground is None or background is None:
        return "ansi_bright_black"
    return Color.parse(background).blend(Color.parse(foreground), 0.6).hex


def _ansi_variables(table: dict[str, Any]) -> dict[str, str]:
    """Variables that Textual's style sheet needs and does not derive for a theme of the terminal's own colours."""
    if not table.get("ansi"):
        return {}
    variables = BUILTIN_THEMES["ansi-dark" if table.get("dark", True) else "ansi-light"].variables
    # where the list itself has no focus, as in a dialog, its cursor would have no colour
    return {**variables, "block-cursor-blurred-background": str(table.get("primary"))}


def _highlight_variables(table: dict[str, Any]) -> dict[str, str]:
    """Variables for cursors, selections and matches: a background, and the most readable colour of the theme on it.
    With the terminal's own colours they are reversed, as their contrast is unknown."""
    primary, accent = table["primary"], table.get("accent") or table.get("warning") or table["primary"]
    if table.get("ansi"):
        plain = {f"{name}-{part}": "ansi_default" for name in ("cursor", "match") for part in ("ground", "text")}
        return {**plain, "match-text": accent, "cursor-style": "reverse", "match-style": "reverse"}
    texts = [Color.parse(table[name]) for name in ("background", "foreground") if table.get(name)]
    texts += [Color.parse("black"), Color.parse("white")]
    out = {"cursor-style": "none", "match-style": "none"}
    grounds = {"cursor": Color.parse(primary), "match": Color.parse(accent)}
    for name, ground in grounds.items():
        readable = (text for text in texts if contrast(text.rgb, ground.rgb) >= READABLE)
        text = next(readable, max(texts, key=lambda one: contrast(one.rgb, ground.rgb)))
        out |= {f"{name}-ground": ground.hex, f"{name}-text": text.hex}
    return out


def read(file: Path) -> Theme | str:
    """Read a theme; returns it, or a message about an error."""
    try:
        table: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return sanitize_line(str(error))
    table.setdefault("name", file.stem)
    for key in table:
        if key not in _KNOWN:
            meant = nearest(key, _KNOWN)
            words = _("unknown key “{key}”; did you mean “{meant}”?") if meant else _("unknown key “{key}”")
            return words.format(key=sanitize_line(key), meant=meant)
    name = table["name"]
    if not isinstance(name, str) or not name or sanitize_line(name) != name:
        return _("“name” must be a name on one line")
    if name == AUTO_THEME:
        return _("“{name}” cannot be the name of a theme: it follows the background").format(name=name)
    if "primary" not in table:
        return _("“primary” is missing: a colour such as #7aa2f7")
    try:
        table["variables"] = {
            **_ansi_variables(table),
            "muted": _muted(table),
            **_highlight_variables(table),
            **table.get("variables", {}),
        }
        theme = Theme(**table)
        # Textual parses the colours only when the theme is applied, and would crash then
        theme.to_color_system().generate()
    except (ColorParseError, TypeError, AttributeError, ValueError) as error:
        return sanitize_line(str(error))
    return theme
