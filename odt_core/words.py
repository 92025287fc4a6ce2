"""Names that people invent, taken apart and listed; counts and measures as people read them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

_FIRST = 5  # of many numbers
_ENDS, _MOST_DIGITS = (0.0, 100.0), 12  # of a percentage


def words(name: str) -> frozenset[str]:
    """The words of a name in lower case: "trainStep_v2" gives train, step and v."""
    return frozenset(
        word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name) if word
    )


def inputs_in_words(sizes: Mapping[str, int]) -> str:
    """ "'item' (1 number), 'user' (1 number)": how many of a sample's numbers each input takes."""
    return ", ".join(f"'{one}' ({count(size, 'number')})" for one, size in sizes.items())


def some_of(those: Sequence[object]) -> str:
    """ "3, 5, 8, 9, 12 and 7 more": the first of many numbers or names."""
    more = f" and {len(those) - _FIRST:,} more" if len(those) > _FIRST else ""
    return ", ".join(map(str, those[:_FIRST])) + more


def sentences(*said: str) -> str:
    """Those that say something, one after the other; "" of none."""
    return " ".join(filter(None, said))


def different_of(number: int, different: int) -> str:
    """ "32", or "13 different among 32": of how many samples figures are."""
    return f"{different:,} different among {number:,}" if different < number else f"{number:,}"


def over_again(number: int, different: int) -> str:
    """ "", or "; 19 more are others over again": what a count of the different ones leaves out."""
    more = number - different
    if not more:
        return ""
    return f"; {more:,} more {'is another' if more == 1 else 'are others'} over again"


def count(number: int, noun: str) -> str:
    """1, "sample" -> "1 sample"; 2400 -> "2,400 samples"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(share: float, digits: int = 1) -> str:
    """0.9731 -> "97.3%"; with as many digits more as it takes not to be read as all or as none:
    2,999 of 3,000 are 99.97%.
    """
    while digits < _MOST_DIGITS and 0 < share < 1 and float(f"{100 * share:.{digits}f}") in _ENDS:
        digits += 1
    return f"{share:.{digits}%}"


def percent_apart(share: float, digits: int = 1) -> str:
    """`percent` as it stands in a sentence: 0.9731 -> "97.3 %"."""
    return percent(share, digits).replace("%", " %")


def in_points(difference: float) -> str:
    """0.0213 -> "+2.1": the difference of two shares, with as many digits more as it takes not to
    be read as none; "0.0" where it is none, or what rounding left of it.
    """
    size = percent(abs(difference)).removesuffix("%")
    if float(size) == 0:
        return "0.0"
    return f"{'−' if difference < 0 else '+'}{size}"


def measured(value: float, decimals: int = 0) -> str:
    """0.0412 -> "0.041", 4321.0 -> "4,321": two figures that count, and at least so many decimals,
    never with an exponent. value: at least 0.
    """
    if value:
        decimals = max(decimals, 1 - math.floor(math.log10(value)))
    return f"{value:,.{decimals}f}"


def size(number: int) -> str:
    """Bytes as kB or MB."""
    if number < 1_000_000:
        return f"{number / 1_000:,.0f} kB" if number >= 1_000 else f"{number} bytes"
    return f"{number / 1_000_000:,.1f} MB"


def too_large(name: str, size: int, limit: int) -> str:
    """ "'me.csv' is 61 MB; the limit is 50 MB", without a full stop, of bytes; "is more than 50 MB,
    the limit" where no more was read, or it is less than a megabyte more.
    """
    most = f"{limit / 1e6:.0f} MB"
    if f"{size / 1e6:.0f} MB" == most:
        return f"'{name}' is more than {most}, the limit"
    return f"'{name}' is {size / 1e6:.0f} MB; the limit is {most}"
