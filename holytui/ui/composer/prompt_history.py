"""The texts that ↑ and ↓ bring into the prompt: a cleared text, and the earlier questions."""

from __future__ import annotations

from collections.abc import Sequence

from holytui.text import fold
from holytui.ui.composer.draft_store import Draft


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

    def older(self, draft: Draft) -> str | None:
        """The question before, or None if no older one contains the text. `draft` is the content of the prompt now."""
        if self._index < len(self._questions) and draft.text != self._questions[self._index]:
            self._index = len(self._questions)  # a recalled question was edited: that is another text to look for
        if self._index == len(self._questions):
            self._draft = draft
        return self._step(range(self._index - 1, -1, -1))

    def newer(self) -> Draft | None:
        """The question after, at the end the draft that `older` was given; None if it is shown already."""
        if self._index >= len(self._questions):
            return None
        question = self._step(range(self._index + 1, len(self._questions)))
        if question is not None:
            return Draft(question)
        self._index = len(self._questions)
        return self._draft

    def _step(self, places: range) -> str | None:
        wanted = fold(self._draft.text.strip())
        found = next((place for place in places if wanted in fold(self._questions[place])), None)
        if found is None:
            return None
        self._index = found
        return self._questions[found]
