"""Sample conversations and usage for tests, with fixed times. The main one has something for each key to act on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, Attempt, Conversation, DeltaKind, Join, Message, Problem, Role, Usage
from holytui.store.history import History
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.values import Bundle

NOON = 1_582_891_200.0
"""2020-02-28 12:00 UTC: long enough ago for every clock."""
TALK, LONG = "0190-talk", "0191-long"
CUT = "0190-answer-3"

CODE = """Two ways:

```python
print("one")
```

and

```sh
echo two
```
"""


def _question(number: int, parent: str | None, text: str) -> Message:
    return Message(f"0190-question-{number}", TALK, parent, Role.USER, text, NOON + 60 * number)


def _answer(name: str, question: Message, text: str, **more: object) -> Message:
    figures: dict[str, object] = {
        "model": "guide/guide",
        "usage": Usage(12, 34),
        "attempts": 1,
        "first_token_s": 0.4,
        "duration_s": 2.0,
        **more,
    }
    return Message(f"0190-answer-{name}", TALK, question.id, Role.ASSISTANT, text, question.created_at + 1, **figures)  # type: ignore[arg-type]  # figures


def add_sample(history: History, *, long: int = 0) -> None:
    """Add the main sample: code, reasoning, two variants, another model, a seam and an interrupted answer. `long`: the
    number of questions in a second conversation; 0: none."""
    first = _question(1, None, "How do I print?")
    older = _answer("1", first, "An older answer.")
    newer = _answer("1b", first, CODE, reasoning="The user wants to print.\nPerhaps twice.", reasoning_s=1.2)
    second = _question(2, newer.id, "And in a shell?")
    joined = _answer("2", second, "Use echo, which prints its words.", model="guide/half", seams=(9,), attempts=2)
    third = _question(3, joined.id, "Tell me a long story")
    problem = Problem("The connection was lost", "c goes on from here", Fault(FaultKind.CLOSED))
    cut = _answer(
        "3", third, "Once upon a", state=AnswerState.INTERRUPTED, problem=problem, usage=None, model="guide/half"
    )
    talk = Conversation(TALK, "How do I print?", NOON, NOON + 200, leaf_id=cut.id, model="guide/guide")
    attempts = [
        (
            Attempt(
                "0190-attempt-1",
                joined.id,
                1,
                NOON + 121,
                NOON + 122,
                NOON + 123,
                bytes_received=900,
                status=200,
                fault=Fault(FaultKind.RESET),
            ),
            {DeltaKind.CONTENT: "Use echo,"},
        ),
        (
            Attempt(
                "0190-attempt-2",
                joined.id,
                2,
                NOON + 124,
                NOON + 125,
                NOON + 126,
                Join.MARKED,
                cut=9,
                resumed_by="prefill",
                bytes_received=1200,
                status=200,
                finish_reason="stop",
            ),
            {DeltaKind.CONTENT: "Use echo, which prints its words."},
        ),
        (
            Attempt(
                "0190-attempt-3",
                cut.id,
                1,
                NOON + 181,
                NOON + 182,
                NOON + 183,
                bytes_received=300,
                status=200,
                fault=Fault(FaultKind.CLOSED),
            ),
            {DeltaKind.CONTENT: "Once upon a"},
        ),
    ]
    history.add_bundle(Bundle(talk, [first, older, newer, second, joined, third, cut], attempts))
    if long:
        _add_long(history, long)


def add_usage_sample(path: Path) -> str:
    """Add answers of three models on several days before NOON; returns the id of the last conversation."""
    moment = [0.0]
    talk = ""
    with SqliteHistory(path, clock=lambda: moment[0]) as history:
        for number in range(24):
            moment[0] = NOON - 86_400.0 * ((23 - number) // 4 * 3) + 60 * number
            model = ("lab/one", "lab/one", "lab/two", "guide/guide")[number % 4]
            if number % 4 == 0:
                talk = history.create_conversation(title=f"Day {number // 4}", model="lab/one").id
            question = history.add_message(talk, Role.USER, "Why?", parent_id=None)
            answer = history.add_message(
                talk, Role.ASSISTANT, "", parent_id=question.id, model=model, state=AnswerState.QUEUED
            )
            for again in range(3 if number % 7 == 3 else 1):
                history.begin_attempt(Attempt(f"0192-{number}-{again}", answer.id, again + 1, moment[0]))
            ended = replace(
                answer,
                text="So.",
                state=AnswerState.STOPPED if number % 11 == 5 else AnswerState.COMPLETE,
                usage=Usage(400 + 97 * number, 60 + 31 * (number * 5 % 13), estimated=model == "lab/two"),
                first_token_s=0.3 + number * 7 % 5 / 4,
                duration_s=2.0 + number * 3 % 7,
            )
            history.finish(ended)
    return talk


def _add_long(history: History, count: int) -> None:
    messages: list[Message] = []
    for number in range(count):
        parent = messages[-1].id if messages else None
        question = Message(f"0191-q{number:05}", LONG, parent, Role.USER, f"Question {number}", NOON - 9000 + number)
        messages.append(question)
        messages.append(
            Message(
                f"0191-r{number:05}", LONG, question.id, Role.ASSISTANT, f"Answer {number}.\n\nWith more.\n",
                NOON - 9000 + number, model="guide/guide", usage=Usage(1, 2), duration_s=1.0, attempts=1,
            )
        )  # fmt: skip
    leaf = messages[-1].id
    history.add_bundle(Bundle(Conversation(LONG, "A long talk", NOON - 9000, NOON - 5000, leaf_id=leaf), messages))
