"""The line of keys: whole hints only, and always the way out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holytui import i18n
from holytui.keymap import Where, build_keymap
from holytui.ui.status.key_hints import hints


@pytest.fixture(params=["en", "vi"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    before = i18n.language()
    i18n.set_language(request.param)
    yield request.param
    i18n.set_language(before)


PLACES = [where for where in Where if where is not Where.APP]


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("width", [200, 100, 60, 40])
def test_the_way_out_stays(language: str, width: int, where: Where) -> None:
    line = hints(build_keymap({}), where, width)
    assert line.plain.endswith("Ctrl+D " + {"en": "Quit", "vi": "Thoát"}[language])
    assert line.cell_length <= width
    assert line.plain.count("Ctrl+D") == 1


@pytest.mark.parametrize("where", PLACES)
def test_no_hint_is_cut(language: str, where: Where) -> None:
    whole = set(hints(build_keymap({}), where, 500).plain.split("  "))
    for width in range(1, 120):
        line = hints(build_keymap({}), where, width)
        assert line.cell_length <= width
        assert not line.plain or set(line.plain.split("  ")) <= whole


def test_without_a_key_the_way_out_takes_no_room() -> None:
    assert hints(build_keymap({"app.quit": ()}), Where.PROMPT, 10).plain == "Enter Send"
