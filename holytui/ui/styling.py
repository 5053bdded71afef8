"""The styles of a widget's parts, for whoever paints its lines.

Everything that paints a cursor, a selection or the like in lines of its own asks here. Textual 8.2.8's
`get_visual_style(…, partial=True)` turns an opaque background into a transparent one, which leaves text in the colour
of the background on the background.
"""

from __future__ import annotations

from textual.style import Style
from textual.widget import Widget


def part_style(widget: Widget, name: str) -> Style:
    """What the style sheet says of a component class, and nothing else: to be put over the style of the text."""
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
