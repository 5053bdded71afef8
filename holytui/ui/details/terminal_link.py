"""The section of the details page on the link to the terminal."""

from __future__ import annotations

from textual.content import Content

from holytui import formatting
from holytui.i18n import _
from holytui.terminal.diff.frame import Capabilities
from holytui.terminal.frame_pacer import LinkFigures
from holytui.ui.pages.columns import facts


def lines(figures: LinkFigures | None, learnt: Capabilities | None, width: int) -> list[Content]:
    """Figures of the link; None: Textual's own driver is in use."""
    if figures is None:
        return [Content(_("the terminal is written to by Textual's own driver")).truncate(max(0, width), ellipsis=True)]
    return facts(rows(figures, learnt), width)


def rows(figures: LinkFigures, learnt: Capabilities | None) -> list[tuple[str, list[str]]]:
    """Name and figures of each row, the most important figure first."""
    written, left_out = figures.frames_written, figures.frames_dropped
    trip = _("the terminal does not answer")
    if figures.round_trip is not None:
        trip = (
            f"{figures.round_trip * 1000:.0f} ms" if figures.round_trip < 1 else formatting.seconds(figures.round_trip)
        )
    frames = [_("{count} written").format(count=formatting.whole(written))]
    if left_out:
        share = f"{left_out / (written + left_out) * 100:.0f} %"
        words = _("{count} dropped for newer ones ({share})")
        frames.append(words.format(count=formatting.whole(left_out), share=share))
    sizes = [
        _("{size} a second now").format(size=formatting.size(int(figures.bytes_per_s))),
        _("{size} in all").format(size=formatting.size(figures.bytes_total)),
    ]
    out = [(_("round trip"), [trip]), (_("bytes"), sizes), (_("frames"), frames)]
    return out if learnt is None else [*out, *_abilities(learnt)]


def _abilities(learnt: Capabilities) -> list[tuple[str, list[str]]]:
    """Abilities that the terminal has, and those that it lacks."""
    abilities = [
        (_("synchronized updates"), learnt.sync),
        (_("repeated characters"), learnt.rep),
        (_("side margins"), learnt.margins),
        (_("scroll regions"), learnt.scroll),
        (_("erasing in colour"), learnt.bce),
        (_("hyperlinks"), learnt.links),
    ]
    can = [name for name, there in abilities if there]
    cannot = [name for name, there in abilities if not there]
    return [(title, names) for title, names in ((_("it can"), can), (_("it cannot"), cannot)) if names]
