"""A question that never went out is taken back: nothing of it stays, and what follows it does."""

from __future__ import annotations

from pathlib import Path

from holytui.models import AnswerState, Role
from holytui.store.sqlite import SqliteHistory


def test_a_question_in_the_middle_a_last_one_and_another_answer(tmp_path: Path) -> None:
    with SqliteHistory(tmp_path / "history.db") as history:
        talk = history.create_conversation(title="t").id

        def asked(text: str, parent: str | None) -> tuple[str, str]:
            question = history.add_message(talk, Role.USER, text, parent_id=parent).id
            return question, answered(question)

        def answered(question: str) -> str:
            return history.add_message(talk, Role.ASSISTANT, "", parent_id=question, state=AnswerState.QUEUED).id

        def texts() -> list[str]:
            return [one.text for one in history.branch(talk) if one.role is Role.USER]

        first, one = asked("first", None)
        _second, two = asked("second", one)
        _third, three = asked("third", two)
        assert history.withdraw(two)
        assert texts() == ["first", "third"]
        assert history.withdraw(three)
        assert texts() == ["first"]
        assert history.search("second") == history.search("third") == []
        again = answered(first)
        assert not history.withdraw(again)
        assert [message.id for message in history.branch(talk)] == [first, one]
        assert history.withdraw(one)
        assert history.branch(talk) == []
        assert history.unfinished() == []
