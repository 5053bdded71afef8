"""The texts that ↑ and ↓ bring into the prompt: a cleared text, and the earlier questions."""

from __future__ import annotations

from collections.abc import Sequence

from holytui.text import fold
from holytui.ui.composer.draft_store import Draft

_SEARCHED = 20_000
"""Characters at each end of a question that are searched: more would hold the event loop."""


class PromptHistory:
    """The earlier questions of a conversation, and the position among them.

    With a text in the prompt only questions that contain it are found, ignoring case and accents.
    """

    def __init__(self) -> None:
        self._questions: list[str] = []
        self._index = 0
        self._draft = Draft()
        """The prompt before the first step to an earlier question."""
        self.cleared = Draft()
        """The prompt that a key has cleared; empty if there is none."""

    def load(self, questions: Sequence[str]) -> None:
        """Use the questions of another conversation, oldest first."""
        self._questions = list(questions)
        self._index = len(questions)

    def add(self, question: str) -> None:
        """Add a question that was sent; one equal to the last is not added again."""
        if not self._questions or self._questions[-1] != question:
            self._questions.append(question)
        self._index = len(self._questions)

    def forget_draft(self) -> None:
        """Discard the prompt that `newer` would bring back."""
        self._draft = Draft()

    def take_cleared(self) -> Draft | None:
        """The cleared prompt, once, or None."""
        if self.cleared == Draft():
            return None
        cleared, self.cleared = self.cleared, Draft()
        self._index = len(self._questions)
        return cleared

    def older(self, draft: Draft, text: str) -> str | None:
        """The question before, or None if no older one contains the text. `draft` is the content of the prompt now, and
        `text` is that with its pastes unfolded."""
        if self._index < len(self._questions) and text != self._questions[self._index]:
            self._index = len(self._questions)  # a recalled question was edited: that is another text to look for
        if self._index == len(self._questions):
            self._draft = draft
        return self._step(range(self._index - 1, -1, -1))

    def newer(self) -> str | Draft | None:
        """The question after, or at the end the draft that `older` was given; None if it is shown already."""
        if self._index >= len(self._questions):
            return None
        question = self._step(range(self._index + 1, len(self._questions)))
        if question is not None:
            return question
        self._index = len(self._questions)
        return self._draft

    def _step(self, places: range) -> str | None:
        wanted = fold(self._draft.text.strip())
        found = next((place for place in places if not wanted or wanted in _searched(self._questions[place])), None)
        if found is None:
            return None
        self._index = found
        return self._questions[found]


def _searched(question: str) -> str:
    """The part of a question that is searched, for comparison."""
    if len(question) > 2 * _SEARCHED:
        question = f"{question[:_SEARCHED]}\n{question[-_SEARCHED:]}"
    return fold(question)
