from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.store.tags import TagChange, folder_of, is_folder, label_of, matches, normalized, parse_change, tag_of


@pytest.mark.parametrize(
    ("typed", "tag"),
    [("#Work", "work"), ("work/", "work/"), ("/Work//Client", "work/client"), ("#việc", "việc"), ("Việc", "việc")],
)
def test_a_tag_is_one_word_in_lower_case(typed: str, tag: str) -> None:
    assert tag_of(typed) == tag


@pytest.mark.parametrize("typed", ["", "#", "/", "two words", "a,b", "a#b", "+a", "x" * 61, "a\x1b[2J"])
def test_other_texts_are_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="is not a tag") as raised:
        tag_of(typed)
    assert "\x1b" not in str(raised.value)


def test_a_change_is_written_with_signs() -> None:
    assert parse_change("+Work -old, #idea") == TagChange(("work", "idea"), ("old",))
    with pytest.raises(ValueError, match="is not a tag"):
        parse_change("work +")


def test_a_conversation_is_in_one_folder() -> None:
    tags = TagChange(("work/", "idea")).apply(())
    assert tags == ("idea", "work/")
    assert TagChange(("home/garden",)).apply(tags) == ("home/garden", "idea")
    assert folder_of(tags) == "work"
    assert folder_of(("idea",)) == ""
    assert normalized(["b/", "a/", "x", "X", "two words"]) == ("b/", "x")


def test_a_folder_is_left_with_or_without_its_slash() -> None:
    assert TagChange(remove=("work/",)).apply(("work/",)) == ()
    assert TagChange(remove=("work",)).apply(("work/",)) == ("work/",)
    assert TagChange(remove=("work/client",)).apply(("work/client",)) == ()


def test_a_filter_finds_the_beginning_of_a_tag_and_all_folders_below() -> None:
    assert matches(("work/client",), "work")
    assert matches(("idea", "work"), "wo")
    assert not matches(("homework",), "work")


_TAGS = st.lists(st.sampled_from(["a", "b", "ế", "a/", "b/c", "d/"]), max_size=5)


@given(_TAGS, _TAGS, _TAGS)
def test_tags_after_a_change_are_valid_and_as_asked(before: list[str], add: list[str], remove: list[str]) -> None:
    after = TagChange(tuple(add), tuple(remove)).apply(normalized(before))
    assert after == normalized(after)
    assert sum(map(is_folder, after)) <= 1
    assert {tag for tag in add if not is_folder(tag)} <= set(after)
    assert set(after) <= {*before, *add}
    assert TagChange(tuple(add), tuple(remove)).apply(after) == after


@given(st.text())
def test_a_label_is_one_short_line(text: str) -> None:
    label = label_of(text)
    assert label_of(label) == label
    assert len(label) <= 60
    assert "\n" not in label
