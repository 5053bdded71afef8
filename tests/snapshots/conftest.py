from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.ui.conftest import build_harness

__all__ = ["build_harness"]


@pytest.fixture(autouse=True)
def _utc(_own_home: None) -> Iterator[None]:
    """The environment says UTC; the C library is told."""
    time.tzset()
    yield
    time.tzset()
