"""Words on the screen in the user's language. English is the source; catalogues are in `holytui/locale`.

The first of these that says something decides: `--lang`, `HOLYTUI_LANG`, the configuration, then the locale. A locale
without a language (`C.UTF-8`) and a language that holytui does not know are English.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gettext

LANGUAGES = ("en", "vi")
"""The codes of the languages that there are; each but the first has a catalogue."""

_LOCALE = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
LOCALE_DIR = Path(__file__).with_name("locale")
_ENDS_CODE = str.maketrans("-.@", "___")
_chosen = {"set": "", "default": ""}


def set_language(name: str) -> None:
    """Use language `name` (`"vi"`, `"en"`) from now on; an empty name means: as the environment says."""
    _chosen.update(set=name, default="")
    _catalogue.cache_clear()


def set_default_language(name: str) -> None:
    """Use `name` where neither `set_language` nor `HOLYTUI_LANG` says another; an empty name takes that back."""
    _chosen["default"] = name
    _catalogue.cache_clear()


def language() -> str:
    """The language in use, one of `LANGUAGES`."""
    wanted = (_chosen["set"], os.environ.get("HOLYTUI_LANG"), _chosen["default"], *map(os.environ.get, _LOCALE))
    # LANGUAGE is a list, the best first (GNU gettext)
    names = next(filter(None, wanted), "").lower().translate(_ENDS_CODE).split(":")
    codes = [name.partition("_")[0] for name in names]
    return next((code for code in codes if code in LANGUAGES), LANGUAGES[0])


@cache
def _catalogue() -> gettext.NullTranslations:
    import gettext

    return gettext.translation("holytui", str(LOCALE_DIR), languages=[language()], fallback=True)


def _(message: str) -> str:
    """`message` in the user's language."""
    return _catalogue().gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """The form of the message that fits `count`."""
    return _catalogue().ngettext(one, many, count)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Mark `message` for translation; `_` translates it where it is shown."""
    return message
