"""A cache of Textual that keeps removed widgets' painted lines, made to keep colours alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from textual._styles_cache import StylesCache


def let_go_of_removed_widgets() -> None:
    """Have `StylesCache.get_inner_outer` remembered by its colours.

    Textual remembers it by its object too, so the last 1,024 of these caches stay alive, each with all lines of a
    widget: five more with each dialog that was opened and closed, some 100 MB in the end. With a Textual that does
    not, nothing is changed.
    """
    cached: Any = StylesCache.get_inner_outer
    plain = getattr(cached, "__wrapped__", None)
    if plain is None or not hasattr(cached, "cache_parameters"):
        return
    shared = lru_cache(1024)(lambda base, background: plain(None, base, background))
    StylesCache.get_inner_outer = lambda _self, base, background: shared(base, background)  # type: ignore[method-assign,assignment]  # its cache is what is replaced
