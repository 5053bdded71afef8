"""Styles of component classes, for widgets that paint their own lines.

Textual 8.2.8's `get_visual_style(…, partial=True)` makes opaque backgrounds transparent, which leaves text in the
colour of its background.
"""

from __future__ import annotations

from textual.style import Style
from textual.widget import Widget


def part_style(widget: Widget, name: str) -> Style:
    """The styles of a component class alone, to be combined with the style of the text."""
    rules = widget.get_component_styles(name)
    letters = rules.text_style
    return Style(
        rules.background if rules.has_rule("background") else None,
        rules.color if rules.has_rule("color") else None,
        bold=letters.bold,
        dim=letters.dim,
        italic=letters.italic,
        underline=letters.underline,
        reverse=letters.reverse,
        strike=letters.strike,
    )
