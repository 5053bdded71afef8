"""Export and import of whole conversations."""

from __future__ import annotations

import io
import json

import pytest

from holytui.errors import TransferError
from holytui.models import AnswerState, Role
from holytui.store.history import History
from holytui.store.transfer.native import from_json
from holytui.store.transfer.transfer import Format, ImportReport, import_from
from tests.store.conformance.conftest import Opener
from tests.store.samples import (
    CONTENT,
    add_rich_conversation,
    add_stored_conversation,
    ask,
    chatgpt_entry,
    exported_bundle,
    exported_text,
    three_entries,
    to_json_of,
    with_new_message,
)


@pytest.mark.parametrize("form", [Format.JSON, Format.JSONL])
def test_what_is_exported_and_imported_is_the_same(opener: Opener, form: Format) -> None:
    one, two = opener(), opener("other")
    ids = [add_rich_conversation(one), add_rich_conversation(one)]
    text = exported_text(one, form, *ids)
    done = import_from(two, io.StringIO(text))
    assert done == ImportReport(2, 2, 8, ())
    assert [two.bundle(each) for each in ids] == [one.bundle(each) for each in ids]
    assert exported_text(two, form, *ids) == text
    assert len(two.search("english")) == 2
    assert import_from(two, io.StringIO(text)) == ImportReport(2, 0, 0, ())


def test_only_what_is_new_of_a_conversation_is_added(opener: Opener) -> None:
    one, two = opener(), opener("other")
    talk = add_rich_conversation(one)
    import_from(two, io.StringIO(exported_text(one, Format.JSONL, talk)))
    two.update_conversation(talk, title="my own title")
    one.add_message(talk, Role.USER, "more", parent_id=one.branch(talk)[-1].id)
    done = import_from(two, io.StringIO(exported_text(one, Format.JSONL, talk)))
    assert done == ImportReport(1, 0, 1, ())
    found = two.conversation(talk)
    assert found is not None
    assert found.title == "my own title"
    assert two.branch(talk, one.branch(talk)[-1].id)[-1].text == "more"


def test_a_deleted_conversation_comes_back_by_importing_it(history: History) -> None:
    talk = add_rich_conversation(history)
    text = exported_text(history, Format.JSONL, talk)
    history.delete_conversation(talk)
    import_from(history, io.StringIO(text))
    assert history.conversation(talk) is not None


def test_an_answer_on_its_way_is_exported_as_it_stands_and_arrives_cut(opener: Opener) -> None:
    one, two = opener(), opener("other")
    asked = ask(one)
    one.journal(asked.attempt.id, CONTENT, "half")
    import_from(two, io.StringIO(exported_text(one, Format.JSONL, asked.conversation_id)))
    found = two.message(asked.answer.id)
    assert found is not None
    assert (found.text, found.state) == ("half", AnswerState.INTERRUPTED)


def test_a_message_of_another_conversation_is_not_taken_over(history: History) -> None:
    good = to_json_of(history, add_rich_conversation(history))
    done = import_from(history, io.StringIO(json.dumps({**good, "id": "thief"})))
    assert len(done.skipped) == 1
    assert history.conversation("thief") is None


def test_a_broken_tree_becomes_a_tree(history: History) -> None:
    good = to_json_of(history, add_rich_conversation(history))
    first = good["messages"][0]
    messages = [
        {**first, "id": "a", "parent_id": "b", "attempts": []},
        {**first, "id": "b", "parent_id": "a", "attempts": []},
        {**first, "id": "c", "parent_id": "nowhere", "attempts": []},
        {**first, "id": "d", "parent_id": "d", "attempts": []},
    ]
    done = import_from(history, io.StringIO(json.dumps({**good, "id": "odd", "leaf_id": "zz", "messages": messages})))
    assert done.messages == 4
    assert [each.id for each in history.branch("odd", "b")] == ["a", "b"]
    assert [each.id for each in history.branch("odd", "d")] == ["d"]


def test_nothing_is_seen_before_the_end(history: History, opener: Opener) -> None:
    talk = add_stored_conversation(history)
    text, other = three_entries(history, talk), opener()
    seen: list[object] = []

    def look(_done: ImportReport) -> None:
        listed = (
            other.conversations(),
            other.deleted_conversations(),
            other.search("imported"),
            other.search("new words"),
        )
        branch = other.branch(talk)
        seen.append([len(each) for each in (*listed, branch, other.variants(branch[-1].id))])
        assert other.leaf_below(branch[0].id) == branch[-1].id

    import_from(history, io.StringIO(text), look)
    assert seen == [[1, 0, 0, 0, 2, 1]] * 6
    assert [len(other.conversations()), len(other.search("imported")), len(other.search("new words"))] == [3, 2, 1]
    assert [each.text for each in other.branch(talk, other.leaf_below(other.branch(talk)[0].id))][2:] == ["new words"]


def test_a_conversation_that_comes_twice_in_a_file_is_one(history: History) -> None:
    talk = add_stored_conversation(history)
    more = with_new_message(history, talk)
    last = {**more["messages"][-1], "id": "last", "parent_id": "more", "text": "last words"}
    more_yet = {**more, "messages": [*more["messages"], last]}
    lines = map(json.dumps, [chatgpt_entry("a"), more, chatgpt_entry("a"), more_yet, more_yet])
    assert import_from(history, io.StringIO("\n".join(lines))) == ImportReport(5, 1, 14, ())
    assert [each.text for each in history.branch(talk, "last")][2:] == ["new words", "last words"]


def test_a_second_import_at_the_same_time_is_refused(history: History, opener: Opener) -> None:
    other = opener()
    with history.import_session() as taking_in:
        taking_in.add(exported_bundle("first"))
        with pytest.raises(TransferError, match="Another import is under way") as raised:
            import_from(other, io.StringIO(json.dumps(chatgpt_entry("second"))))
        assert raised.value.hint.startswith("Nothing was imported.")
    assert [talk.title for talk in other.conversations()] == ["imported first"]
    assert import_from(other, io.StringIO(json.dumps(chatgpt_entry("second")))).conversations == 1


def test_an_import_that_fails_adds_nothing(history: History) -> None:
    talk = add_stored_conversation(history)
    before = history.bundle(talk)
    with pytest.raises(ZeroDivisionError), history.import_session() as session:  # noqa: PT012 - the import is the point
        session.add(exported_bundle("first"))
        session.add(from_json(json.loads(json.dumps(with_new_message(history, talk)))))
        raise ZeroDivisionError
    assert [each.id for each in history.conversations()] == [talk]
    assert history.deleted_conversations() == []
    assert history.search("new words") == []
    assert history.bundle(talk) == before
