"""Makes `docs/states.md` from the engine's table: `python -m tests.engine.states_table > docs/states.md`."""

from __future__ import annotations

import inspect
import re

from holytui.engine.turn.machine import TurnMachine
from holytui.engine.turn.transitions import IGNORED, INPUTS, TABLE
from holytui.models import AnswerState


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def render() -> str:
    """The page."""
    states = [state for state in AnswerState if not state.final]
    final = ", ".join(f"`{state.value}`" for state in AnswerState if state.final)
    lines = [
        "# The states of an answer",
        "",
        "Generated from `holytui/engine/turn/transitions.py` by `python -m tests.engine.states_table`;",
        "a test compares them.",
        "A row is an input, a column the state of the answer, a cell the action taken (below).",
        f"`·`: the input no longer matters and is ignored, as every input is in {final}.",
        "",
        "| | " + " | ".join(state.value for state in states) + " |",
        "| --- |" + " --- |" * len(states),
    ]
    for happened in INPUTS:
        cells = ["·" if (does := TABLE[state][happened]) == IGNORED else does for state in states]
        lines.append(f"| {_words(happened.__name__)} | " + " | ".join(cells) + " |")
    lines += ["", "Actions:", ""]
    done = dict.fromkeys(TABLE[state][happened] for happened in INPUTS for state in states)
    for name in done:
        if name != IGNORED:
            lines.append(f"- **{name}**: {inspect.getdoc(getattr(TurnMachine, name))}")
    lines += [
        "",
        "A turn ends in exactly one of four events: `Finished`, `Stopped`, `Interrupted` (can be resumed), `Failed`.",
        "Every piece of text is journalled before it is shown, and the end is durable before its event.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(render(), end="")  # noqa: T201 - it is a script
