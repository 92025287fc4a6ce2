"""Hostile input, searched for by hypothesis: the same examples every time, and few enough; and an
end to what would take for ever.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

_MOST = 60  # seconds, of which linear code takes less than one

settings.register_profile(
    "hostile",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("hostile")


def _stop(*_: object) -> NoReturn:
    raise TimeoutError(f"It takes more than {_MOST} seconds.")


@pytest.fixture
def a_minute() -> Iterator[None]:
    """Patterns that hold the interpreter look for signals, too."""
    before = signal.signal(signal.SIGALRM, _stop)
    signal.alarm(_MOST)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
