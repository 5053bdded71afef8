"""What was searched for is highlighted in the messages, and gone through with n and N."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import pytest

from holytui.models import AnswerState, Message, Role
from holytui.store.matches import query_words
from holytui.ui.markdown.budget import Spent, never
from holytui.ui.transcript.matches import Matches
from holytui.ui.transcript.message_view import MessageView
from holytui.ui.transcript.scroll_math import Anchor
from holytui.ui.transcript.sliced_work import Work
from tests.ui.app_harness import AppHarness, ScreenDriver, run_app
from tests.ui.sample_conversations import TALK, add_sample

_T = TypeVar("_T")


def entries(*texts: str) -> Sequence[MessageView]:
    def entry(number: int, text: str) -> MessageView:
        role = Role.ASSISTANT if number % 2 else Role.USER
        return MessageView(Message(str(number), "t", None, role, text, 0.0, state=AnswerState.COMPLETE))

    return [entry(number, text) for number, text in enumerate(texts)]


TALKED = ("đường nào?", "Một con duong.\n\nKhác.\n\nĐƯỜNG.", "none", "none", "Duong")


def done(work: Work[_T]) -> _T:
    """All of it at once."""
    results: list[_T] = []

    def whole() -> Work[None]:
        results.append((yield from work))

    for _step in whole():
        pass
    return results[0]


def places(matches: Matches, direction: int, count: int, start: int = 0) -> list[tuple[int, int]]:
    found = [done(matches.step(direction, 40, start)) for _ in range(count)]
    return [(place.index, place.offset) for place in found if place is not None]


def test_it_goes_from_line_to_line_and_round() -> None:
    matches = Matches(entries(*TALKED), query_words("đường"))
    forward = [(0, 1), (1, 1), (1, 5), (4, 1)]
    assert places(matches, 1, 6) == [*forward, *forward[:2]]
    assert matches.here is not None
    assert matches.here.plain == "Một con duong."
    assert places(matches, -1, 3) == [(0, 1), (4, 1), (1, 5)]


def test_it_begins_at_the_entry_that_is_selected() -> None:
    assert places(Matches(entries(*TALKED), ("duong",)), 1, 1, start=2) == [(4, 1)]
    assert places(Matches(entries(*TALKED), ("duong",)), -1, 1, start=2) == [(1, 5)]


@pytest.mark.parametrize("texts", [(), ("nothing", "nothing")])
def test_without_a_place_it_stays(texts: Sequence[str]) -> None:
    assert done(Matches(entries(*texts), ("duong",)).step(1, 40, 0)) is None


def test_only_messages_with_all_words_count() -> None:
    assert places(Matches(entries("one", "two", "one\ntwo"), ("one", "two")), 1, 3) == [(2, 1), (2, 2), (2, 1)]


def test_what_is_folded_away_is_opened() -> None:
    long = "\n".join(f"line {number}" for number in range(40))
    shown = entries("?", "!", long.replace("line 20", "needle"))
    assert places(Matches(shown, ("needle",)), 1, 1) == [(2, 21)]
    assert shown[2].open


LONG = "đường **đi** `x` 漢字.\n\n" * 400 + "the needle\n\n" + "a tail of words " * 2_000


def test_a_long_message_is_laid_out_in_steps_with_the_same_result() -> None:
    shown = entries("?", LONG, "?", LONG + "x")
    whole = MessageView(shown[1].message)
    whole.advance(40, never)
    at = next(y for y in range(whole.height(40)) if "needle" in whole.line(40, y).content.plain)
    laid_out: list[int] = []

    def a_slice() -> Spent:
        laid_out.append(0)
        looks = iter(range(10_000))
        return lambda: next(looks) > 20

    matches = Matches(shown, ("needle",), a_slice)
    work = matches.step(1, 40, 0)
    for _step in range(5):
        next(work)
    assert len(laid_out) < 6  # a slice a step
    assert done(work) == Anchor(1, at)
    assert len(laid_out) > 2
    assert places(matches, 1, 2) == [(3, at), (1, at)]


async def test_keys_wait_for_the_place_and_escape_ends_the_search(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_sample(harness.history)
    async with run_app(harness, conversation=TALK) as driver:
        log = driver.chat.log_view
        log.highlight("echo")
        await driver.focus_log()
        monkeypatch.setattr("holytui.ui.transcript.sliced_work.within", lambda _seconds: lambda: True)
        await driver.press("n", "n", "N")
        await driver.wait_until(lambda: not log._work.running)
        monkeypatch.undo()
        after = log._matches.here
        await driver.press("n", "N")
        assert after is not None
        assert log._matches.here is after
        log._work._work = (None for _ in range(10**9))  # without an end
        await driver.press("x", "escape")
        assert not log._work.running


def highlighted(driver: ScreenDriver) -> list[tuple[str, bool]]:
    """The pieces of the messages on the background of a match, and whether it is the one that was gone to."""
    log = driver.chat.log_view
    variables = driver.app.get_css_variables()
    grounds = {variables["match-ground"].lower(): False, variables["cursor-ground"].lower(): True}
    pieces = (piece for y in range(log.size.height) for piece in log.render_line(y))
    return [
        (piece.text, grounds[piece.style.bgcolor.name])
        for piece in pieces
        if piece.style is not None and piece.style.bgcolor is not None and piece.style.bgcolor.name in grounds
    ]


async def test_the_words_are_highlighted_until_escape(harness: AppHarness) -> None:
    add_sample(harness.history)
    async with run_app(harness, conversation=TALK) as driver:
        await driver.act("history.search")
        await driver.pilot.pause()
        await driver.type("ECHO")
        await driver.wait_for_text("2 places")
        await driver.press("enter")
        await driver.wait_until(lambda: highlighted(driver))
        first = highlighted(driver)
        assert sorted(first) in ([("echo", False), ("echo", True)],)
        await driver.press("n")
        await driver.wait_until(lambda: highlighted(driver) == first[::-1])
        await driver.press("escape")
        await driver.wait_until(lambda: not highlighted(driver))
        assert driver.chat.prompt.has_focus
