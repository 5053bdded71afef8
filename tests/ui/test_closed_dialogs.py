from __future__ import annotations

import gc

from textual._styles_cache import StylesCache

from tests.ui.house import House, visit


def _painted() -> int:
    """How many widgets' painted lines are kept."""
    gc.collect()
    return sum(isinstance(each, StylesCache) for each in gc.get_objects())


async def test_what_a_closed_dialog_has_painted_is_not_kept(house: House) -> None:
    async with visit(house) as visitor:
        kept = []
        for _ in range(3):
            await visitor.act("app.help")
            await visitor.press("escape")
            await visitor.calm()
            kept.append(_painted())
        assert kept[2] == kept[0]
