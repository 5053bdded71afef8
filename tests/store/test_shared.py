from __future__ import annotations

from pathlib import Path

from benchmarks.store_shared import lost, share


def test_four_processes_on_one_file_lose_nothing_and_meet_no_error(path: Path) -> None:
    done = share(path, 6.0, 4)
    assert [each.errors for each in done] == [[]] * 4
    assert sorted(each.process for each in done) == [0, 1, 2, 3]
    assert all(each.answers > 3 for each in done)
    assert lost(path, done) == 0
