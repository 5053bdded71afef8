from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.seams import BEHAVIOURS, measure
from holytui.engine.resume.overlap import OverlapMatcher, period, repetition_is_likely, weight
from holytui.engine.resume.seam import Decision, Seam
from holytui.engine.resume.strategy import ResumeMode
from holytui.models import HIDDEN, Attempt, Join
from holytui.store.assembly import assemble

POEM = "The first line of a poem\nand the second one of it\nand then a third that was c"

JOINED = [mode for mode in ResumeMode if mode is not ResumeMode.REATTACH]


def join(
    partial: str,
    text: str,
    how: ResumeMode,
    *,
    step: int = 3,
    exact: bool = True,
    echoes: bool | None = None,
    stripped: bool = False,
) -> tuple[str, Decision]:
    """The text that is then shown, and how it was joined."""
    seam = Seam(partial, how, exact=exact, echoes=echoes, stripped=stripped)
    shown = "".join(seam.feed(text[i : i + step]) for i in range(0, len(text), step)) + seam.finish()
    assert seam.decision is not None
    kept = partial if seam.decision.keep < 0 else partial[: seam.decision.keep]
    return kept + shown, seam.decision


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_a_server_that_continues_a_prefix_is_joined_exactly(step: int) -> None:
    assert join(POEM, "ut off\n", ResumeMode.PREFILL, step=step) == (POEM + "ut off\n", Decision(Join.EXACT, -1, 0))


def test_white_space_that_was_not_sent_comes_back_once() -> None:
    assert join("one\n", "\ntwo", ResumeMode.PREFILL, stripped=True) == ("one\ntwo", Decision(Join.EXACT, -1, 1))
    assert join("one ", " two", ResumeMode.PREFILL, stripped=True) == ("one two", Decision(Join.EXACT, -1, 1))
    assert join("one\n", "\n\ntwo", ResumeMode.PREFILL, stripped=True) == ("one\n\ntwo", Decision(Join.EXACT, -1, 1))


def test_white_space_that_was_not_sent_and_differs_is_marked() -> None:
    assert join("one\n\n", "two", ResumeMode.PREFILL, stripped=True)[1].join is Join.MARKED
    assert join("one\n\n", "\ntwo", ResumeMode.PREFILL, stripped=True)[1].join is Join.MARKED


def test_white_space_that_was_sent_stays_and_what_follows_is_all_of_the_continuation() -> None:
    assert join("one\n", "two", ResumeMode.PREFILL) == ("one\ntwo", Decision(Join.EXACT, -1, 0))
    assert join("one\n", "\ntwo", ResumeMode.PREFILL) == ("one\n\ntwo", Decision(Join.EXACT, -1, 0))
    assert join("    x = ", "1", ResumeMode.PREFILL) == ("    x = 1", Decision(Join.EXACT, -1, 0))


@pytest.mark.parametrize("step", [1, 5, 1000])
@pytest.mark.parametrize("partial", [POEM, "The sky is", "| TCP | UDP", "```sql\nSELECT name", "Hà Nội là một"])
def test_a_prefix_sent_again_is_cut_without_a_mark_though_nobody_knew(partial: str, step: int) -> None:
    for exact in (True, False):
        assert join(partial, partial + " and on", ResumeMode.PREFILL, step=step, exact=exact) == (
            partial + " and on",
            Decision(Join.OVERLAP, -1, len(partial)),
        )


def test_a_prefix_that_may_come_again_by_itself_is_not_cut_unless_the_server_is_known_to_send_it() -> None:
    partial = "ha ha ha ha ha ha "
    assert join(partial, partial + "ha", ResumeMode.PREFILL, echoes=False)[1].cut == 0
    assert join(partial, partial + "ha", ResumeMode.PREFILL)[1].cut == 0
    assert join(partial, partial + "ha", ResumeMode.PREFILL, echoes=True)[1].cut == len(partial)


def test_a_seam_tells_whether_the_prefix_was_sent_again() -> None:
    for text, echoed in ((POEM + "ut", True), ("ut off", False)):
        seam = Seam(POEM, ResumeMode.PREFILL)
        seam.feed(text)
        seam.finish()
        assert seam.echoed is echoed


def test_a_prefill_of_an_unknown_server_is_marked() -> None:
    assert join(POEM, "ut off", ResumeMode.PREFILL, exact=False) == (POEM + "ut off", Decision(Join.MARKED, -1, 0))


def test_a_prefix_sent_again_by_a_server_known_to_do_so_is_cut() -> None:
    assert join(POEM, POEM + "ut off", ResumeMode.PREFILL, echoes=True) == (
        POEM + "ut off",
        Decision(Join.OVERLAP, -1, len(POEM)),
    )


def test_a_line_of_code_that_repeats_is_not_cut_from_an_exact_continuation() -> None:
    code = "    print(alpha, beta, gamma)\n" * 3
    text, decision = join("x = 1\n" + code, code + "y = 2", ResumeMode.PREFILL)
    assert text.endswith(code * 2 + "y = 2") or decision.join is Join.MARKED
    assert decision.cut == 0


def test_last_words_said_again_are_cut() -> None:
    text, decision = join(POEM, "then a third that was cut off", ResumeMode.INSTRUCT)
    assert text == POEM + "ut off"
    assert decision.join is Join.OVERLAP


def test_nothing_is_shown_while_the_echo_lasts() -> None:
    seam = Seam(POEM, ResumeMode.INSTRUCT)
    assert seam.feed("then a third ") == ""
    assert seam.feed("that was c") == "" or seam.decision is not None
    assert seam.feed("ut") in ("ut", "")


def test_a_short_echo_is_cut_and_marked() -> None:
    text, decision = join(POEM, "was cut off", ResumeMode.INSTRUCT)
    assert (text, decision.join) == (POEM + "ut off", Join.MARKED)


def test_words_without_any_echo_are_joined_and_marked() -> None:
    assert join(POEM, "ut off", ResumeMode.INSTRUCT) == (POEM + "ut off", Decision(Join.MARKED, -1, 0))


@pytest.mark.parametrize(
    "preamble",
    ["Sure, continuing:\n\n", "Tiếp tục:\n\n", "Here is the continuation:\n", "**Continuing where I left off:** "],
)
def test_a_preamble_is_taken_off_and_marked(preamble: str) -> None:
    assert join(POEM, preamble + "ut off", ResumeMode.INSTRUCT) == (
        POEM + "ut off",
        Decision(Join.MARKED, -1, len(preamble)),
    )


def test_after_a_preamble_an_echo_proves_the_join() -> None:
    text, decision = join(POEM, "Sure, continuing:\n\nthen a third that was cut off", ResumeMode.INSTRUCT)
    assert (text, decision.join) == (POEM + "ut off", Join.OVERLAP)


def test_words_that_only_look_like_a_preamble_stay() -> None:
    text, decision = join(POEM, "Sure thing, he said, and went on", ResumeMode.INSTRUCT)
    assert text.endswith("Sure thing, he said, and went on")
    assert decision.cut == 0


CODE = "Here:\n\n```python\nimport os\n\ndef walk(path: str) -> None:\n    for name in os.li"


def test_a_fence_opened_again_is_taken_off() -> None:
    text, decision = join(CODE, "```python\n    for name in os.listdir(path):\n", ResumeMode.INSTRUCT)
    assert (text, decision.join) == (CODE + "stdir(path):\n", Join.OVERLAP)


def test_a_code_block_begun_again_from_its_first_line_is_laid_over() -> None:
    body = CODE.split("```python\n")[1]
    text, decision = join(CODE, "```python\n" + body + "stdir(path):\n", ResumeMode.INSTRUCT)
    assert (text, decision.join) == (CODE + "stdir(path):\n", Join.OVERLAP)


def test_a_fence_that_closes_the_block_stays() -> None:
    partial = CODE + "stdir(path):\n        print(name)\n"
    text, _decision = join(partial, "```\n\nThat is all.", ResumeMode.INSTRUCT)
    assert text == partial + "```\n\nThat is all."


def test_the_same_answer_from_the_beginning_is_laid_over() -> None:
    for how in (ResumeMode.INSTRUCT, ResumeMode.RESTART):
        text, decision = join(POEM, POEM + "ut off", how)
        assert (text, decision) == (POEM + "ut off", Decision(Join.OVERLAP, -1, len(POEM)))


def test_another_answer_from_the_beginning_takes_the_place_of_the_first() -> None:
    other = "The first line of a poem\nand the second is other, and the whole is longer than what there was before"
    for how in (ResumeMode.INSTRUCT, ResumeMode.RESTART):
        assert join(POEM, other, how) == (other, Decision(Join.RESTART, 0, 0))


def test_another_answer_is_not_shown_before_it_is_longer() -> None:
    seam = Seam(POEM, ResumeMode.RESTART)
    assert seam.feed("Something else") == ""
    assert seam.decision is None
    seam.abandon()
    assert seam.decision == Decision(Join.OVERLAP, -1, HIDDEN)


def test_another_answer_that_is_complete_counts_though_it_is_shorter() -> None:
    assert join(POEM, "Short.", ResumeMode.RESTART) == ("Short.", Decision(Join.RESTART, 0, 0))


def test_a_beginning_that_repeats_in_the_text_is_no_restart() -> None:
    log = "".join(f"2026-03-01 12:0{i}:00 INFO retry: opened number {i}\n" for i in range(6))
    line = "2026-03-01 12:06:00 INFO retry: opened number 6\n"
    text, decision = join(log, line, ResumeMode.INSTRUCT)
    assert text == log + line
    assert decision.join is Join.MARKED


def test_a_sentence_begun_anew_in_the_middle_of_one_is_marked() -> None:
    assert join("and so we find that", "In Python a list", ResumeMode.PREFILL)[1].join is Join.MARKED


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(JOINED), st.integers(1, 9), st.booleans())
def test_what_is_shown_is_what_the_store_assembles(old: str, new: str, how: ResumeMode, step: int, whole: bool) -> None:
    seam = Seam(old or "x", how)
    shown = [seam.feed(new[i : i + step]) for i in range(0, len(new), step)]
    if whole:
        shown.append(seam.finish())
    else:
        seam.abandon()
    decision = seam.decision or Decision(Join.EXACT, -1, 0)
    first = Attempt("1", "m", 1, 0.0)
    second = Attempt("2", "m", 2, 0.0, join=decision.join, keep=decision.keep, cut=decision.cut)
    kept = (old or "x") if decision.keep < 0 else (old or "x")[: decision.keep]
    assert assemble([(first, old or "x"), (second, new)]) == kept + "".join(shown)


@settings(max_examples=150, deadline=None)
@given(st.text("ab \n", min_size=1, max_size=40), st.text("ab \n", max_size=40))
def test_how_the_text_is_split_changes_nothing(old: str, new: str) -> None:
    for how in JOINED:
        assert join_or_nothing(old, new, how, 1) == join_or_nothing(old, new, how, 1000)


def join_or_nothing(old: str, new: str, how: ResumeMode, step: int) -> object:
    return join(old, new, how, step=step) if new else None


def test_every_behaviour_of_the_corpus_is_joined_without_a_silent_fault() -> None:
    for name, verdicts in measure(72, seed=3).items():
        assert verdicts["wrong"] == 0, name


def test_the_corpus_is_joined_exactly_where_that_can_be_proven() -> None:
    table = measure(72, seed=4)
    for name in ("prefill: exact", "prefill: whole prefix first (known)", "restart: same", "restart: different"):
        assert table[name]["exact"] >= 66, name
    for name in ("instruct: last words again", "instruct: last lines again", "instruct: begins again, same"):
        assert table[name]["exact"] >= 54, name
    assert set(table) == set(BEHAVIOURS)


@pytest.mark.parametrize(
    ("text", "expected"), [("", 0), ("aaaa", 1), ("abab", 2), ("abcab", 3), ("abc", 3), ("ha ha ha ", 3)]
)
def test_periods(text: str, expected: int) -> None:
    assert period(text) == expected


@given(st.text("ab", min_size=1, max_size=30))
def test_a_period_is_the_shortest_shift_that_matches(text: str) -> None:
    found = period(text)
    shifts = [p for p in range(1, len(text) + 1) if all(text[i] == text[i + p] for i in range(len(text) - p))]
    assert found == shifts[0]


def test_what_says_little_weighs_little() -> None:
    assert weight("-------------------") == 3
    assert weight("ha ha ha ha ha ha") == 9
    assert weight("断线之后") == 12
    assert weight("a        b") == 3


@given(st.text("ab\n", min_size=1, max_size=20), st.text("ab\n", max_size=20), st.integers(1, 5))
def test_an_echo_finds_exactly_the_ends_that_the_text_begins_with(old: str, new: str, step: int) -> None:
    echo = OverlapMatcher(old, 1)
    for i in range(0, len(new), step):
        echo.feed(new[i : i + step])
    assert sorted(echo.overlaps) == [k for k in range(1, len(old) + 1) if new.startswith(old[-k:])]


def test_rows_that_come_round_make_a_repetition_likely() -> None:
    assert repetition_is_likely("la la la la ", 6)
    assert repetition_is_likely("row one\nrow two\n", 8)
    assert not repetition_is_likely("It was a dark and stormy night when th", 20)
