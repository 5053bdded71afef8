from __future__ import annotations

import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from holytui.models import AnswerState, Conversation, Image, Message, Role
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.sqlite.writer import Timing
from tests import pictures
from tests.store.samples import CONTENT, attempt_for


class Trees(RuleBasedStateMachine):
    """Random work by two histories on one file; after each step the trees are trees, and nothing said is lost."""

    talks: Bundle[Conversation] = Bundle("talks")
    messages: Bundle[Message] = Bundle("messages")

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "history.db"
        self.both = [SqliteHistory(path, timing=Timing(batch=3600.0)) for _ in range(2)]
        self.said: dict[str, tuple[str, tuple[Image, ...]]] = {}

    def teardown(self) -> None:
        for history in self.both:
            history.close()
        with closing(sqlite3.connect(self.both[0].path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        self.folder.cleanup()

    @rule(target=talks, who=st.integers(0, 1))
    def begin(self, who: int) -> Conversation:
        return self.both[who].create_conversation(title="t")

    @rule(target=messages, talk=talks, who=st.integers(0, 1), text=st.text(max_size=5))
    def say_at_the_end(self, talk: Conversation, who: int, text: str) -> Message:
        branch = self.both[who].branch(talk.id)
        return self.keep(
            self.both[who].add_message(talk.id, Role.USER, text, parent_id=branch[-1].id if branch else None)
        )

    @rule(target=messages, talk=talks, who=st.integers(0, 1), shades=st.lists(st.integers(0, 2), max_size=3))
    def show(self, talk: Conversation, who: int, shades: list[int]) -> Message:
        files = [pictures.png(shade=shade) for shade in shades]
        images = [pictures.image(data) for data in files]
        data = {image.digest: file for image, file in zip(images, files, strict=True)}
        return self.keep(
            self.both[who].add_message(talk.id, Role.USER, "see", parent_id=None, images=images, image_data=data)
        )

    @rule(who=st.integers(0, 1))
    def purge(self, who: int) -> None:
        self.both[who].delete_conversation(self.both[who].create_conversation(title="gone").id)
        self.both[who].purge_deleted(time.time() + 1)

    @rule(target=messages, message=messages, who=st.integers(0, 1), show=st.booleans())
    def edit(self, message: Message, who: int, show: bool) -> Message:
        return self.keep(
            self.both[who].add_message(
                message.conversation_id, message.role, "edited", parent_id=message.parent_id, show=show
            )
        )

    @rule(target=messages, message=messages, who=st.integers(0, 1), text=st.text("ab", min_size=1, max_size=5))
    def answer(self, message: Message, who: int, text: str) -> Message:
        history = self.both[who]
        answer = history.add_message(
            message.conversation_id, Role.ASSISTANT, "", parent_id=message.id, state=AnswerState.QUEUED
        )
        attempt = attempt_for(answer.id)
        history.begin_attempt(attempt)
        history.journal(attempt.id, CONTENT, text)
        now = history.message(answer.id)
        assert now is not None
        assert now.text == text
        history.finish(replace(now, state=AnswerState.STOPPED))
        return self.keep(replace(answer, text=text))

    @rule(target=messages, message=messages, who=st.integers(0, 1))
    def copy(self, message: Message, who: int) -> Message:
        copy = self.both[who].message(self.both[who].copy_as_variant(message.id))
        assert copy is not None
        assert (copy.text, copy.images) == (message.text, message.images)
        return self.keep(copy)

    @rule(message=messages, who=st.integers(0, 1))
    def choose(self, message: Message, who: int) -> None:
        leaf = self.both[who].leaf_below(message.id)
        self.both[who].update_conversation(message.conversation_id, leaf_id=leaf)
        assert message.id in [each.id for each in self.both[who].branch(message.conversation_id)]

    def keep(self, message: Message) -> Message:
        self.said[message.id] = message.text, message.images
        return message

    @invariant()
    def trees_are_trees(self) -> None:
        for history in getattr(self, "both", []):
            for talk in history.conversations():
                branch = history.branch(talk.id)
                assert [each.parent_id for each in branch] == [None, *(each.id for each in branch)][: len(branch)]
                assert talk.leaf_id is None or branch[-1].id == talk.leaf_id
                for message in branch:
                    assert (message.text, message.images) == self.said[message.id]
                    for image in message.images:
                        assert pictures.image(history.image(image.digest) or b"") == image
                    assert message.id in [each.id for each in history.variants(message.id)]


TestTrees = Trees.TestCase
TestTrees.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
