"""The number of open files: raised as far as it goes, a quarter kept for those who are there."""

import os
import resource

import pytest

from pages.ui import descriptors


@pytest.fixture
def limit():
    """Sets how many files this process may open, until the test is over."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)

    def lower(to: int) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (to, most))

    yield lower
    lower(before)


def test_number_that_may_be_opened_is_raised_to_what_the_system_allows(limit):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit(512)
    descriptors.allow_many()
    now, still = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert (now, still) == (min(most, 65_536) if most > 0 else 65_536, most)


@pytest.mark.parametrize("most", [524_288, resource.RLIM_INFINITY])
def test_number_that_may_be_opened_is_not_lowered_where_it_is_more_than_enough(monkeypatch, most):
    given = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (262_144, most))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: given.append(limits))
    descriptors.allow_many()
    assert not given


def test_number_that_may_be_opened_is_raised_without_a_limit_where_there_was_none(monkeypatch):
    given = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: given.append(limits))
    descriptors.allow_many()
    assert given == [(65_536, resource.RLIM_INFINITY)]


def test_few_are_left_as_soon_as_less_than_a_quarter_is(limit):
    used = len(os.listdir("/dev/fd"))
    limit(used * 4 // 3 + 2)
    assert not descriptors.few_left()
    limit(used * 4 // 3 - 2)
    assert descriptors.few_left()


def test_few_are_left_where_none_is(limit):
    limit(len(os.listdir("/dev/fd")) - 1)
    assert descriptors.few_left()
