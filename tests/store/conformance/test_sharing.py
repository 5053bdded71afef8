"""A history used by several threads and openers, and after its end."""

from __future__ import annotations

import threading

import pytest

from holytui.errors import StoreError
from holytui.models import Role
from holytui.store.history import History
from tests.store.conformance.conftest import Opener
from tests.store.samples import CONTENT, ask


def test_the_version_changes_when_anyone_writes(opener: Opener) -> None:
    one, two = opener(), opener()
    before = one.version()
    assert one.version() == before
    made = two.create_conversation(title="from the other")
    after = one.version()
    assert after != before
    one.update_conversation(made.id, pinned=True)
    assert one.version() != after


def test_only_writes_of_others_change_the_others_version(opener: Opener) -> None:
    one, two = opener(), opener()
    before = one.others_version()
    one.create_conversation(title="my own")
    assert one.others_version() == before
    two.create_conversation(title="from the other")
    assert one.others_version() != before


def test_a_closed_history_says_so(opener: Opener) -> None:
    history = opener()
    history.version()
    asked = ask(history)
    history.close()
    history.close()
    for use in (
        history.conversations,
        history.version,
        history.flush,
        lambda: history.journal(asked.attempt.id, CONTENT, "late"),
    ):
        with pytest.raises(StoreError, match="closed"):
            use()


def test_many_threads_read_and_write_at_once(history: History) -> None:
    asked = ask(history)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(10):
                made = history.create_conversation(title=f"{number}-{step}")
                history.add_message(made.id, Role.USER, "x", parent_id=None)
                history.journal(asked.attempt.id, CONTENT, "y")
                history.conversations()
                history.branch(made.id)
        except BaseException as exc:  # noqa: BLE001 - a thread's failure is the test's
            failed.append(exc)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(history.conversations()) == 61
    assert history.raw_text(asked.attempt.id, CONTENT) == "y" * 60
