"""Images of questions."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from holytui.errors import StoreError
from holytui.models import AnswerState, Role
from holytui.store.history import History
from holytui.store.transfer.transfer import Format, ImportReport, import_from
from tests.pictures import image
from tests.store.conformance.conftest import Opener
from tests.store.samples import ONE, TWO, ask, ask_with_images, exported_text


def test_a_question_keeps_its_images_in_order(opener: Opener) -> None:
    history = opener()
    asked = ask_with_images(history, ONE, TWO)
    assert [one.name for one in asked.images] == ["0.png", "1.png"]
    history.close()
    again = opener()
    for found in (again.message(asked.id), again.branch(asked.conversation_id)[0], again.variants(asked.id)[0]):
        assert found == asked
    assert [again.image(one.digest) for one in asked.images] == [ONE, TWO]
    assert again.image("nothing") is None


def test_a_question_can_show_what_the_history_has_already(history: History) -> None:
    first = ask_with_images(history, ONE)
    other = history.create_conversation(title="fork").id
    copy = history.add_message(other, Role.USER, "x", parent_id=None, images=first.images)
    assert copy.images == first.images
    assert history.message(copy.id) == copy


def test_an_image_that_is_nowhere_cannot_be_shown(history: History) -> None:
    talk = history.create_conversation(title="t").id
    with pytest.raises(StoreError, match="no longer there"):
        history.add_message(talk, Role.USER, "x", parent_id=None, images=[image(ONE)])
    assert history.branch(talk) == []


def test_a_copy_of_a_message_has_its_images(history: History) -> None:
    asked = ask_with_images(history, ONE)
    copy = history.message(history.copy_as_variant(asked.id))
    assert copy is not None
    assert copy.images == asked.images


def test_what_an_answer_was_not_sent_is_kept(history: History) -> None:
    asked = ask(history)
    history.finish(replace(asked.answer, text="hm", state=AnswerState.COMPLETE, left_out=2))
    found = history.message(asked.answer.id)
    assert found is not None
    assert found.left_out == 2


@pytest.mark.parametrize("form", [Format.JSON, Format.JSONL])
def test_images_survive_the_round_trip(opener: Opener, form: Format) -> None:
    one, two = opener(), opener("other")
    asked = ask_with_images(one, ONE, TWO, text="what is 😀 @0.png?")
    text = exported_text(one, form, asked.conversation_id)
    assert import_from(two, io.StringIO(text)) == ImportReport(1, 1, 1, ())
    assert two.bundle(asked.conversation_id) == one.bundle(asked.conversation_id)
    assert two.image(asked.images[1].digest) == TWO
    assert exported_text(two, form, asked.conversation_id) == text
    assert import_from(two, io.StringIO(text)) == ImportReport(1, 0, 0, ())
