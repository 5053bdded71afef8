from __future__ import annotations

import threading
import time
import uuid

import pytest

from holytui import ids


def test_an_id_is_a_uuid_of_version_7_with_the_time_in_it() -> None:
    before = time.time_ns() // 1_000_000
    value = uuid.UUID(ids.new_id())
    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert before <= value.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_a_short_id_is_the_end_of_one_and_finds_it() -> None:
    made = [ids.new_id() for _ in range(50)]
    for one in made:
        short = ids.short_id(one, made)
        assert len(short) == 8
        assert ids.match(made, short) == [one]
        assert ids.match(made, one[:-1]) == [one]
    assert len(ids.match(made, made[0][:6])) == 50
    assert ids.match(made, made[0][-3:]) == []


def test_an_id_that_others_end_or_begin_like_is_not_cut() -> None:
    one = "01900000-0000-7000-8000-00000000abcd"
    assert ids.short_id(one, [one, "01900000-0000-7000-8000-10000000abcd"]) == one
    assert ids.short_id(one, [one, "0000abcd-of-elsewhere"]) == one
    assert ids.short_id("chat 1 of elsewhere", []) == "chat 1 of elsewhere"
    assert ids.match(["abcd", "xabcd"], "abcd") == ["abcd"]


def test_later_ids_are_greater() -> None:
    made = [ids.new_id() for _ in range(5000)]
    assert made == sorted(set(made))


def test_a_clock_set_back_does_not_turn_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ids.new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 1)
    second, third = ids.new_id(), ids.new_id()
    assert first < second < third


def test_threads_never_get_the_same_id() -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend(ids.new_id() for _ in range(500))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2000
