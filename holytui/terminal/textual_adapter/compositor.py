"""Textual's compositor, which asks only damaged widgets to render.

The stock one goes through every visible widget for each frame, colours, filters and all, to find in its cache nearly
always what it found before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

# Modules whose `render_lines` shows what the widget's cache of styled lines holds; others are always asked.
_FROM_CACHE = ("textual.widget", "textual.widgets._text_area")


class _Rendered(NamedTuple):
    crop: Region
    lines: list[Strip | None]
    strips: list[Strip]


class ThinCompositor(Compositor):
    """A compositor that remembers what each widget rendered."""

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
                wanted = Region(0, 0, region.width, region.height)
            else:
                x, y, width, height = region.intersection(clip)
                if not (width and height):
                    continue
                wanted = Region(x - region.x, y - region.y, width, height)
            yield region, clip, self._render(widget, wanted)

    def _check_filters(self, widget: Widget) -> None:
        """Filters work on what widgets rendered, so other filters spoil all of it."""
        app = widget.app
        filters = (*app.get_line_filters(), app.ansi_theme, app.native_ansi_color)
        if filters != self._filters:
            self._filters = filters
            self._rendered.clear()

    def _render(self, widget: Widget, crop: Region) -> list[Strip]:
        if type(widget).render_lines.__module__ not in _FROM_CACHE or widget.BLANK or widget.hover_style:
            return widget.render_lines(crop)
        cache = widget._styles_cache
        known = self._rendered.get(widget)
        if (
            known is not None
            and known.crop == crop
            and cache._dirty_lines.isdisjoint(crop.line_range)
            and known.lines == [*map(cache._cache.get, crop.line_range)]
        ):
            return known.strips
        strips = widget.render_lines(crop)
        lines = [cache._cache.get(y) for y in crop.line_range]
        if None not in lines:
            self._rendered[widget] = _Rendered(crop, lines, strips)
        return strips
