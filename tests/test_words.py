"""Measures and shares as people read them: never more, and never less, than there is."""

import pytest

from odt_core.words import different_of, in_points, measured, over_again, percent


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.9731, "97.3%"),
        (2999 / 3000, "99.97%"),
        (1 / 3000, "0.03%"),
        (1.0, "100.0%"),
        (0.0, "0.0%"),
        (float("nan"), "nan%"),
    ],
)
def test_share_is_read_as_all_or_none_only_where_it_is(share, said):
    assert percent(share) == said


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [(0.9731, 0, "97%"), (2999 / 3000, 0, "99.97%"), (0.004, 0, "0.4%"), (1e-5, 2, "0.001%")],
)
def test_share_with_other_digits_is_read_as_all_or_none_only_where_it_is(share, digits, said):
    assert percent(share, digits) == said


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.0213, "+2.1"),
        (-0.0004, "−0.04"),
        (-8 / 20_000_000, "−0.00004"),
        (-1.0, "−100.0"),
        (-0.0, "0.0"),
        (-1e-17, "0.0"),
    ],
)
def test_difference_of_shares_is_read_as_none_only_where_it_is(difference, said):
    assert in_points(difference) == said


@pytest.mark.parametrize(
    ("value", "decimals", "said"),
    [
        (123.4, 0, "123"),
        (4321.0, 0, "4,321"),
        (1.24, 0, "1.2"),
        (12.34, 1, "12.3"),
        (0.0412, 1, "0.041"),
        (0.0, 1, "0.0"),
    ],
)
def test_measure_has_two_figures_that_count_and_no_exponent(value, decimals, said):
    assert measured(value, decimals) == said


@pytest.mark.parametrize(
    ("different", "told", "beside"),
    [
        (1000, "1,000", ""),
        (999, "999 different among 1,000", "; 1 more is another over again"),
        (7, "7 different among 1,000", "; 993 more are others over again"),
    ],
)
def test_copies_are_told_beside_what_is_counted(different, told, beside):
    assert different_of(1000, different) == told
    assert over_again(1000, different) == beside
