"""The tree of a conversation: its outline, labels, and deleted branches; and the tags of conversations."""

from __future__ import annotations

import io
import json

import pytest

from holytui.errors import StoreBusy, StoreError
from holytui.models import AnswerState, Role
from holytui.store.history import History
from holytui.store.tags import TagChange
from holytui.store.transfer.native import from_json, to_json
from holytui.store.transfer.transfer import import_from
from tests.store.conformance.conftest import Opener
from tests.store.conformance.test_replica import replica, sync


def _tree(history: History) -> tuple[str, dict[str, str]]:
    """A question with two answers, the first of which was asked on; the second is shown."""
    talk = history.create_conversation(title="t").id
    ids: dict[str, str] = {}

    def add(name: str, role: Role, below: str | None) -> None:
        parent = ids[below] if below else None
        ids[name] = history.add_message(talk, role, f"the {name}", parent_id=parent, model="a/b").id

    add("question", Role.USER, None)
    add("first", Role.ASSISTANT, "question")
    add("next", Role.USER, "first")
    add("second", Role.ASSISTANT, "question")
    return talk, ids


def test_the_outline_has_every_message_with_the_beginning_of_its_text(history: History) -> None:
    talk, ids = _tree(history)
    long = history.add_message(talk, Role.USER, "ế" * 5000, parent_id=ids["second"])
    found = history.outline(talk)
    assert [entry.id for entry in found] == [*ids.values(), long.id]
    assert [entry.parent_id for entry in found][:4] == [None, ids["question"], ids["first"], ids["question"]]
    assert [entry.text for entry in found][:2] == ["the question", "the first"]
    assert set(found[-1].text) == {"ế"}
    assert 100 < len(found[-1].text) < 1000
    assert (found[1].role, found[1].model, found[1].state) == (Role.ASSISTANT, "a/b", AnswerState.COMPLETE)


def test_labels_are_kept_and_removed(opener: Opener) -> None:
    first = opener()
    talk, ids = _tree(first)
    first.set_label(ids["first"], "nháp")
    first.set_label(ids["second"], "better")
    first.set_label(ids["first"], "")
    first.close()
    again = opener()
    assert again.labels(talk) == {ids["second"]: "better"}
    with pytest.raises(StoreError):
        again.set_label("nowhere", "x")


def test_a_deleted_branch_is_shown_nowhere_and_comes_back(history: History) -> None:
    talk, ids = _tree(history)
    history.update_conversation(talk, leaf_id=ids["next"])
    assert history.prune(ids["first"]) == ids["second"]
    assert [each.id for each in history.branch(talk)] == [ids["question"], ids["second"]]
    assert [entry.id for entry in history.outline(talk)] == [ids["question"], ids["second"]]
    assert history.variant_ids(ids["second"]) == [ids["second"]]
    assert [each.id for each in history.variants(ids["second"])] == [ids["second"]]
    assert history.leaf_below(ids["question"]) == ids["second"]
    assert [hit.message_id for hit in history.search("the")] == [ids["second"], ids["question"]]
    assert [each.message_id for each in history.questions(5)] == [ids["question"]]
    bundle = history.bundle(talk)
    assert bundle is not None
    assert [each.id for each in bundle.messages] == [ids["question"], ids["second"]]
    history.restore_branch(ids["first"])
    assert history.variant_ids(ids["second"]) == [ids["first"], ids["second"]]
    assert len(history.outline(talk)) == len(history.search("the")) == 4


def test_a_branch_that_is_not_shown_is_deleted_without_leaving_the_shown_one(history: History) -> None:
    talk, ids = _tree(history)
    assert history.prune(ids["next"]) == ids["second"]
    assert history.leaf_below(ids["first"]) == ids["first"]
    assert history.prune(ids["second"]) == ids["first"]
    assert history.prune(ids["first"]) == ids["question"]
    assert [each.id for each in history.branch(talk)] == [ids["question"]]


def test_neither_the_whole_conversation_nor_an_answer_in_progress_is_deleted(history: History) -> None:
    talk, ids = _tree(history)
    with pytest.raises(StoreError, match="whole conversation"):
        history.prune(ids["question"])
    history.add_message(talk, Role.ASSISTANT, "", parent_id=ids["next"], state=AnswerState.STREAMING)
    with pytest.raises(StoreBusy):
        history.prune(ids["first"])
    assert len(history.outline(talk)) == 5
    assert history.prune(ids["second"])


def test_a_deleted_branch_is_destroyed_with_deleted_conversations(opener: Opener) -> None:
    history = opener(clock=iter(range(100, 10_000)).__next__)
    talk, ids = _tree(history)
    history.prune(ids["first"])
    assert history.purge_deleted(100) == 0
    assert history.message(ids["next"]) is not None
    assert history.purge_deleted(10_000) == 0
    assert history.message(ids["next"]) is None
    assert history.message(ids["first"]) is None
    with pytest.raises(StoreError):
        history.restore_branch(ids["first"])
    assert [each.id for each in history.branch(talk)] == [ids["question"], ids["second"]]


def test_tags_are_added_and_removed(opener: Opener) -> None:
    first = opener()
    talk, _ids = _tree(first)
    assert first.change_tags(talk, TagChange(("work", "đọc"))) == ("work", "đọc")
    assert first.change_tags(talk, TagChange(("home/",), ("work",))) == ("home/", "đọc")
    first.close()
    again = opener()
    (found,) = again.conversations()
    assert found.tags == ("home/", "đọc")
    again.create_conversation(title="other")
    assert sorted(each.tags for each in again.conversations()) == [(), ("home/", "đọc")]
    with pytest.raises(StoreError):
        again.change_tags("nowhere", TagChange(("x",)))


def test_a_fork_keeps_the_tags(history: History) -> None:
    talk, ids = _tree(history)
    history.change_tags(talk, TagChange(("work/",)))
    fork = history.conversation(history.fork(ids["second"], "copy"))
    assert fork is not None
    assert fork.tags == ("work/",)


def test_tags_and_labels_are_exported_and_imported(history: History, opener: Opener) -> None:
    talk, ids = _tree(history)
    history.change_tags(talk, TagChange(("work/client", "idea")))
    history.set_label(ids["first"], "nháp")
    bundle = history.bundle(talk)
    assert bundle is not None
    entry = json.loads(json.dumps(to_json(bundle)))
    assert from_json(entry) == bundle
    other = opener("other")
    other.add_bundle(from_json(entry))
    assert other.bundle(talk) == bundle
    # a file that is imported again adds labels, but changes none
    other.set_label(ids["first"], "mine")
    entry["messages"][-1]["label"] = "theirs"
    import_from(other, io.StringIO(json.dumps(entry)))
    assert other.labels(talk) == {ids["first"]: "mine", ids["second"]: "theirs"}


def test_importing_a_deleted_branch_brings_it_back(history: History) -> None:
    talk, ids = _tree(history)
    bundle = history.bundle(talk)
    assert bundle is not None
    history.prune(ids["first"])
    history.add_bundle(bundle)
    assert [entry.id for entry in history.outline(talk)] == list(ids.values())


def test_a_file_of_an_older_version_has_no_tags(history: History) -> None:
    talk, _ids = _tree(history)
    bundle = history.bundle(talk)
    assert bundle is not None
    entry = json.loads(json.dumps(to_json(bundle)))
    assert "tags" not in entry
    assert all("label" not in message for message in entry["messages"])
    assert from_json(entry).conversation.tags == ()


def _two_hosts(opener: Opener) -> tuple[History, History, str, dict[str, str]]:
    one, two = opener(), opener("two")
    talk, ids = _tree(one)
    sync(one, two)
    return one, two, talk, ids


def test_tags_and_labels_of_two_hosts_are_united(opener: Opener) -> None:
    one, two, talk, ids = _two_hosts(opener)
    one.change_tags(talk, TagChange(("work", "idea")))
    one.set_label(ids["first"], "nháp")
    two.change_tags(talk, TagChange(("home",)))
    two.set_label(ids["second"], "better")
    sync(one, two)
    assert one.bundle(talk) == two.bundle(talk)
    assert one.labels(talk) == {ids["first"]: "nháp", ids["second"]: "better"}
    assert one.conversations()[0].tags == ("home", "idea", "work")
    two.change_tags(talk, TagChange(remove=("work",)))
    two.set_label(ids["first"], "")
    sync(one, two)
    assert one.labels(talk) == {ids["second"]: "better"}
    assert one.conversations()[0].tags == ("home", "idea")
    assert replica(one).digest() == replica(two).digest()


def test_two_hosts_that_choose_other_folders_agree_on_one(opener: Opener) -> None:
    one, two, talk, _ids = _two_hosts(opener)
    one.change_tags(talk, TagChange(("work/",)))
    two.change_tags(talk, TagChange(("home/",)))
    sync(one, two)
    assert [each.conversations()[0].tags for each in (one, two)] == [("home/",), ("home/",)]
    one.change_tags(talk, TagChange(remove=("home/",)))
    sync(one, two)
    assert [each.conversations()[0].tags for each in (one, two)] == [(), ()]


def test_a_deleted_branch_is_deleted_on_the_other_host_and_comes_back(opener: Opener) -> None:
    one, two, talk, ids = _two_hosts(opener)
    one.prune(ids["first"])
    two.add_message(talk, Role.USER, "more", parent_id=ids["next"], show=False)
    sync(one, two)
    assert [entry.id for entry in two.outline(talk)] == [ids["question"], ids["second"]]
    assert one.bundle(talk) == two.bundle(talk)
    two.restore_branch(ids["first"])
    sync(one, two)
    assert len(one.outline(talk)) == len(two.outline(talk)) == 5
    assert one.bundle(talk) == two.bundle(talk)


def test_imported_tags_and_labels_travel_too(opener: Opener) -> None:
    one, two = opener(), opener("two")
    talk, ids = _tree(one)
    one.change_tags(talk, TagChange(("work",)))
    one.set_label(ids["first"], "nháp")
    bundle = one.bundle(talk)
    assert bundle is not None
    other = opener("three")
    other.add_bundle(bundle)
    sync(two, other)
    assert two.bundle(talk) == bundle
