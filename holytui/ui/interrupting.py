"""Ctrl+C: it copies, else empties the prompt, else stops the answer, else says which key leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holytui.i18n import _
from holytui.ui.copying import copy

if TYPE_CHECKING:
    from holytui.ui.screens.chat import ChatScreen


async def interrupt(screen: ChatScreen) -> None:
    """Do the first of these that there is something for."""
    prompt, turn = screen.prompt, screen.answers.here()
    written = prompt.selected_text if prompt.has_focus else ""
    if written:
        await copy(screen, written)
    elif shown := screen.log_view.selected_text:
        screen.clear_selection()  # the next press goes on to what is below
        await copy(screen, shown)
    elif prompt.text:
        prompt.clear_kept()
        screen.say(_("prompt cleared · {press:prompt.older} to restore the text"))
    elif turn is not None and screen.services is not None:
        screen.services.engine.stop(turn.turn_id)
        turn.stopping()
        screen.paint_status(progress=True)
    else:
        screen.say(_("{press:app.quit} to quit"))
