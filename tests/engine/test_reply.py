from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.engine.resume.instruction import INSTRUCTION_SENTENCES, instruction
from holytui.engine.resume.instruction_filter import InstructionFilter, alphanumerics
from holytui.engine.resume.reply import InstructedReply

PARTIAL = "The first line of a poem\nand the second one of it\nand then a third that was br"


def followed(text: str, step: int, partial: str = PARTIAL, quoted: str = "") -> tuple[str, InstructedReply]:
    """What is shown of a reply that comes in pieces."""
    reply = InstructedReply(partial, quoted)
    shown = "".join(reply.feed(text[i : i + step]) for i in range(0, len(text), step))
    return shown + reply.finish(), reply


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
@pytest.mark.parametrize(
    "own",
    [
        INSTRUCTION_SENTENCES[0],
        INSTRUCTION_SENTENCES[1],
        INSTRUCTION_SENTENCES[0].upper(),
        f"> **{INSTRUCTION_SENTENCES[0]}**",
        "Write the rest of it, to its very end",
        "begin your reply\nwith exactly these words",
        instruction(PARTIAL).text,
        *INSTRUCTION_SENTENCES[3:],
    ],
)
def test_our_own_words_are_no_part_of_an_answer_whole_or_in_part(own: str, step: int) -> None:
    shown, reply = followed(f"oken.\n\n{own}\nand more", step)
    assert reply.has_instruction
    assert reply.discards_rest
    assert shown.rstrip(" >*\n") == "oken."
    assert reply.released == len(shown)


@pytest.mark.parametrize("step", [1, 2, 5, 1000])
@pytest.mark.parametrize(
    "sign", ["[END]", "\n[END]", " [end]", "\n\n[END].", "\n[KẾT THÚC]", "[END]\n\nAnything else?"]
)
def test_the_sign_of_the_end_is_taken_off_with_what_follows(sign: str, step: int) -> None:
    shown, reply = followed("oken." + sign, step)
    assert (shown, reply.has_end_marker, reply.discards_rest) == ("oken.", True, True)


@pytest.mark.parametrize("cut", ["[E", "\n[EN", " [END"])
def test_half_a_sign_is_taken_off_when_the_reply_is_cut(cut: str) -> None:
    shown, reply = followed("oken." + cut, 2)
    assert (shown, reply.has_end_marker) == ("oken.", False)


@pytest.mark.parametrize("text", ["a [b] c", "x[1", "see [EN]", "[ENDED]", "no end", "a[", "tail  \n"])
def test_other_brackets_and_white_space_stay(text: str) -> None:
    shown, reply = followed(text, 1)
    assert shown == text
    assert not reply.discards_rest


def test_a_reply_that_says_its_beginning_again_is_refused() -> None:
    quoted = "and then a third that was br"
    _shown, reply = followed(f" {quoted}oken", 4, quoted=quoted)
    assert reply.repeats
    shown, reply = followed("and then a fourth", 4, quoted=quoted)
    assert (shown, reply.repeats) == ("and then a fourth", False)


def test_an_answer_about_our_words_keeps_them() -> None:
    about = f"{PARTIAL} {INSTRUCTION_SENTENCES[0]}"
    shown, reply = followed(f" {INSTRUCTION_SENTENCES[0]} again", 3, about)
    assert not reply.has_instruction
    assert INSTRUCTION_SENTENCES[0].removesuffix(" [END].") in shown


@settings(max_examples=200, deadline=None)
@given(st.text("abeginoyurwt \n[ED].", max_size=120), st.integers(1, 9))
def test_nothing_else_is_lost_however_it_comes(text: str, step: int) -> None:
    own = InstructionFilter(INSTRUCTION_SENTENCES)
    shown = "".join(own.feed(text[i : i + step]) for i in range(0, len(text), step))
    assert text.startswith(shown)
    shown += own.finish()
    assert shown == text or own.found
    assert own.released == len(shown)
    if own.found:
        assert any(alphanumerics(text[len(shown) :])[:24] in alphanumerics(source) for source in INSTRUCTION_SENTENCES)
