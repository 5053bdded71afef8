"""The lines of a comparison, laid out for a width. Changes are marked by signs, not by colour alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from holytui.i18n import _, ngettext
from holytui.text import visible
from holytui.ui.tree.diff import DiffKind, Line, LinePair

SIDE_BY_SIDE = 90
"""Cells from which on the texts stand side by side."""
_CONTEXT = 3
"""Equal lines that are shown around a change."""
_MOST = 4000
"""Pairs of lines that are shown."""
_MIDDLE = " │ "
_SIGNS = {DiffKind.BOTH: ("", ""), DiffKind.DELETED: ("[-", "-]"), DiffKind.INSERTED: ("{+", "+}")}
_STYLES = {DiffKind.BOTH: "", DiffKind.DELETED: "$error", DiffKind.INSERTED: "$success"}


def comparison_lines(pairs: Sequence[LinePair], titles: tuple[str, str], width: int) -> list[Content]:
    """Return the lines under two titles: side by side if there is room, else one below the other."""
    beside = width >= SIDE_BY_SIDE
    half = (width - len(_MIDDLE)) // 2
    heads = [Content(visible(title)) for title in titles]
    if beside:
        out = [_joined(heads[0].truncate(half, ellipsis=True), heads[1], half).stylize("bold")]
    else:
        signed = zip(("- ", "+ "), heads, strict=True)
        out = [(Content(sign) + head).truncate(width, ellipsis=True).stylize("bold") for sign, head in signed]
    out.append(Content("─" * width).stylize("$muted"))
    if all(pair.is_equal for pair in pairs):
        out.append(Content(_("The texts are equal.")))
    for item in folded(pairs[:_MOST]):
        if isinstance(item, int):
            words = ngettext("⋯ {count} equal line", "⋯ {count} equal lines", item).format(count=item)
            out.append(Content(words).stylize("$muted"))
        elif beside:
            out += _beside(item, half)
        else:
            out += _below(item, width)
    if len(pairs) > _MOST:
        out.append(Content(_("… and {count} more lines").format(count=len(pairs) - _MOST)).stylize("$muted"))
    return [line.truncate(width, ellipsis=True) for line in out]


def folded(pairs: Sequence[LinePair]) -> Iterator[LinePair | int]:
    """Yield the pairs; equal ones that are far from changes are replaced by their number."""
    changed = [at for at, pair in enumerate(pairs) if not pair.is_equal]
    near = {at + step for at in changed for step in range(-_CONTEXT, _CONTEXT + 1)}
    hidden = 0
    for at, pair in enumerate(pairs):
        if at in near or (hidden == 0 and at - 1 in near and at + 1 in near):
            if hidden:
                yield hidden
            hidden = 0
            yield pair
        else:
            hidden += 1
    if hidden:
        yield hidden


def _beside(pair: LinePair, half: int) -> list[Content]:
    signs = ("  ", "  ") if pair.is_equal else ("- ", "+ ")
    left, right = _side(pair.left, signs[0], half), _side(pair.right, signs[1], half)
    height = max(len(left), len(right))
    blank = Content("")
    left += [blank] * (height - len(left))
    right += [blank] * (height - len(right))
    return [_joined(one, other, half) for one, other in zip(left, right, strict=True)]


def _joined(left: Content, right: Content, half: int) -> Content:
    return Content.assemble(left, " " * max(0, half - left.cell_length), (_MIDDLE, "$muted"), right)


def _below(pair: LinePair, width: int) -> list[Content]:
    if pair.is_equal:
        return _side(pair.left, "  ", width)
    return [*_side(pair.left, "- ", width), *_side(pair.right, "+ ", width)]


def _side(line: Line | None, sign: str, width: int) -> list[Content]:
    """A line with its sign before each row."""
    if line is None:
        return []
    mixed = len(line) > 1
    text = Content("")
    for piece in line:
        before, after = _SIGNS[piece.kind] if mixed else ("", "")
        words = visible(piece.text.expandtabs(4), breaks=False)
        text += Content.assemble((f"{before}{words}{after}", _STYLES[piece.kind]))
    rows = text.wrap(max(1, width - len(sign))) or [Content("")]
    return [Content.assemble((sign, "bold"), row) for row in rows]
