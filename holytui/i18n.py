"""Translation of user-facing text. English is the source; catalogues are in `holytui/locale`.

The language is the first one set of `--lang`, `HOLYTUI_LANG`, the configuration, and the locale. A locale without a
language (`C.UTF-8`) and unsupported languages mean English.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

TYPE_CHECKING = False  # the import of typing would slow `--help` down
if TYPE_CHECKING:
    import gettext

LANGUAGES = ("en", "vi")
"""Codes of the supported languages; each but the first has a catalogue."""

_LOCALE = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
LOCALE_DIR = Path(__file__).with_name("locale")
_ENDS_CODE = str.maketrans("-.@", "___")
_chosen = {"set": "", "default": ""}


def set_language(name: str) -> None:
    """Set the language (`"vi"`, `"en"`); an empty name restores the environment's."""
    _chosen.update(set=name, default="")
    _catalogue.cache_clear()


def set_default_language(name: str) -> None:
    """Set the language for when neither `set_language` nor `HOLYTUI_LANG` names one; an empty name unsets it."""
    _chosen["default"] = name
    _catalogue.cache_clear()


def language() -> str:
    """Return the current language, one of `LANGUAGES`."""
    sources = (_chosen["set"], os.environ.get("HOLYTUI_LANG"), _chosen["default"], *map(os.environ.get, _LOCALE))
    # LANGUAGE is a list by preference (GNU gettext)
    names = next(filter(None, sources), "").lower().translate(_ENDS_CODE).split(":")
    codes = [name.partition("_")[0] for name in names]
    return next((code for code in codes if code in LANGUAGES), LANGUAGES[0])


def overridden_by() -> str:
    """Return the option or variable that decides the language instead of the configuration; empty if none does."""
    if _chosen["set"]:
        return "--lang"
    return "HOLYTUI_LANG" if os.environ.get("HOLYTUI_LANG") else ""


@cache
def _catalogue() -> gettext.NullTranslations:
    import gettext

    if language() == LANGUAGES[0]:
        return gettext.NullTranslations()
    return gettext.translation("holytui", str(LOCALE_DIR), languages=[language()], fallback=True)


def _(message: str) -> str:
    """Translate `message` into the user's language."""
    return _catalogue().gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """Translate the singular or plural form of a message for `count`."""
    return _catalogue().ngettext(one, many, count)


def N_(message: str) -> str:  # noqa: N802 - gettext's conventional name for deferred translation
    """Mark `message` for translation by `_` where it is shown, and return it unchanged."""
    return message
