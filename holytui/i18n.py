"""Words on the screen in the user's language. English is the source; catalogues are in `holytui/locale`.

The order is: what was set (command line, `HOLYTUI_LANG`, config), then the locale; `C.UTF-8` is English.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gettext

_ENVIRONMENT = ("HOLYTUI_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_chosen: list[str] = []


def set_language(name: str) -> None:
    """Use language `name` (`"vi"`, `"en"`) from now on; an empty name means: as the environment says."""
    _chosen[:] = [name] if name else []
    _catalogue.cache_clear()


def language() -> str:
    """The language in use, as its two-letter code."""
    for name in (*_chosen, *(os.environ.get(variable, "") for variable in _ENVIRONMENT)):
        if name:
            code = name.split(":")[0].split(".")[0].split("_")[0].lower()
            return "en" if code in ("c", "posix") else code
    return "en"


@cache
def _catalogue() -> gettext.NullTranslations:
    import gettext

    where = resources.files("holytui") / "locale"
    return gettext.translation("holytui", str(where), languages=[language()], fallback=True)


def _(message: str) -> str:
    """`message` in the user's language."""
    return _catalogue().gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """The form of the message that fits `count`."""
    return _catalogue().ngettext(one, many, count)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Mark `message` for translation; `_` translates it where it is shown."""
    return message
