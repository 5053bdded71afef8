from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Iterator

import pytest

from holytui.commands import screen
from holytui.errors import StoreError


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


def test_garbage_is_collected_again_from_the_first_paint_on_whatever_came_of_the_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bool] = []

    class Painted:
        leaving = None
        return_code = 0

        def __init__(self, _config: object, _keys: object, opening: Callable[[], object], **_more: object) -> None:
            self.opening = opening

        def run(self, *, mouse: bool) -> None:
            seen.append(gc.isenabled())
            with pytest.raises(StoreError):
                self.opening()
            seen.append(gc.isenabled())

    def locked(*_parts: object, **_options: object) -> None:
        raise StoreError("locked")

    monkeypatch.setattr("holytui.ui.app.HolytuiApp", Painted)
    monkeypatch.setattr("holytui.engine.services.open_services", locked)
    monkeypatch.setattr(screen, "prepare_environment", lambda _environ: None)
    monkeypatch.setattr(screen, "_need_terminal", lambda: None)
    screen.run(argparse.Namespace(config=None, model="", conversation="", prompt=[]))
    assert seen == [False, True]
    assert gc.get_freeze_count() > 0
