"""A compositor that renders only damaged widgets.

Textual's own one processes every visible widget for each frame, nearly always to get the same strips from its cache.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

# Modules whose `render_lines` returns lines of the widget's style cache; other widgets are always rendered.
_FROM_CACHE = ("textual.widget", "textual.widgets._text_area")


class _Rendered(NamedTuple):
    crop: Region
    lines: list[Strip | None]
    strips: list[Strip]


class ThinCompositor(Compositor):
    """A compositor that caches the output of each widget."""

    def __init__(self) -> None:
        super().__init__()
        self._rendered: WeakKeyDictionary[Widget, _Rendered] = WeakKeyDictionary()
        self._filters: tuple[Any, ...] = ()

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        visible = self.visible_widgets
        if visible:
            self._check_filters(next(iter(visible)))
        for widget, (region, clip) in visible.items():
            if crop and not crop.overlaps(clip):
                continue
            if clip.contains_region(region):
                visible_part = Region(0, 0, region.width, region.height)
            else:
                x, y, width, height = region.intersection(clip)
                if not (width and height):
                    continue
                visible_part = Region(x - region.x, y - region.y, width, height)
            yield region, clip, self._render(widget, visible_part)

    def _check_filters(self, widget: Widget) -> None:
        """Drop the cache if the filters changed, as they are applied to the cached output."""
        app = widget.app
        filters = (*app.get_line_filters(), app.ansi_theme, app.native_ansi_color)
        if filters != self._filters:
            self._filters = filters
            self._rendered.clear()

    def _render(self, widget: Widget, crop: Region) -> list[Strip]:
        if type(widget).render_lines.__module__ not in _FROM_CACHE or widget.BLANK or widget.hover_style:
            return widget.render_lines(crop)
        cache = widget._styles_cache
        cached = self._rendered.get(widget)
        if (
            cached is not None
            and cached.crop == crop
            and cache._dirty_lines.isdisjoint(crop.line_range)
            and cached.lines == [*map(cache._cache.get, crop.line_range)]
        ):
            return cached.strips
        strips = widget.render_lines(crop)
        lines = [cache._cache.get(y) for y in crop.line_range]
        if None not in lines:
            self._rendered[widget] = _Rendered(crop, lines, strips)
        return strips
