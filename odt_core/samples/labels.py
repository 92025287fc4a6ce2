"""Labels: what each output of a model is called."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import count
from math import inf

import numpy as np

from odt_core.errors import LabelError
from odt_core.kinds import check_kind
from odt_core.words import some_of

_log = logging.getLogger(__name__)

MAX_LABEL_LENGTH = 40
# Between two characters: Persian is spelt with them, and families and flags are drawn with them.
_JOINERS = re.compile(r"(?<=\S)[\u200c\u200d](?=\S)")


def clean_label(name: str) -> str:
    """`name` in Unicode NFC without outer white space; LabelError when empty, too long or not
    printable. macOS names folders in NFD, in which "É" is two characters.
    """
    name = " ".join(unicodedata.normalize("NFC", str(name)).split())
    if not name:
        raise LabelError("A label is empty. Give it a name, for example 'heart'.")
    if len(name) > MAX_LABEL_LENGTH:
        raise LabelError(
            f"The label '{name[:20]}…' has {len(name)} characters. "
            f"Shorten it to {MAX_LABEL_LENGTH} or fewer."
        )
    if set(name) == {"."}:
        raise LabelError(f"'{name}' cannot be a name. Use a letter, digit or symbol in it.")
    letters = _JOINERS.sub("", name)
    wrong = next((c for c in letters if c in "/\\" or not c.isprintable()), None)
    if wrong is not None:
        what = f"'{wrong}'"
        if not wrong.isprintable():
            what = f"An invisible character (U+{ord(wrong):04X})"
        raise LabelError(f"{what} cannot be in a name. Take it out of '{_seen(letters)}'.")
    return name


def _seen(name: str) -> str:
    """A name letter for letter, with a mark for each that cannot be seen."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)


def _composed(name: object) -> str:
    """The name in NFC; LabelError where it is no text."""
    check_kind(name, str, "The name of an output comes as text, or as None for none", LabelError)
    return unicodedata.normalize("NFC", str(name))


def _is_number(name: str) -> bool:
    return name.removeprefix("-").isdecimal()


def in_order(names: Iterable[str]) -> list[str]:
    """Each name once: numbers first, 2 before 10, then the others by the alphabet."""
    return sorted(set(names), key=lambda one: (int(one) if _is_number(one) else inf, one))


def _other(name: str, taken: Sequence[str | None]) -> str:
    """A name that is not taken, near to one that is: "cat 2"."""
    ends = (f" {number}" for number in count(2))
    return next(
        new for end in ends if (new := name[: MAX_LABEL_LENGTH - len(end)] + end) not in taken
    )


def same_label(one: str, other: str) -> bool:
    """Whether a person would take two names for the same: case and compatibility forms aside."""
    return folded(one) == folded(other)


@lru_cache(maxsize=8192)  # each name is compared with many others
def folded(name: str) -> str:
    """What names that a person would take for the same have in common; no name to show."""
    name = name.replace("\u200c", "").replace("\u200d", "")  # joiners, which nobody sees
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def unlike(names: Iterable[str]) -> list[str]:
    """The names in order; of those that a person would take for one another the first alone."""
    first: dict[str, str] = {}
    for name in in_order(names):
        first.setdefault(folded(name), name)
    return list(first.values())


def called(name: str | None, output: int) -> str:
    """What a reader sees of an output: its name, else its number, counted from 0 as in the model's
    arrays: "output 3" is the fourth.
    """
    return f"output {output}" if name is None else name


@dataclass(frozen=True)
class Labels:
    """Names of a model's outputs, one per output; None is a free output that nobody has named.

    Names are in Unicode NFC, in whichever form they are given: "É" is one label, not two.
    """

    names: tuple[str | None, ...]

    def __post_init__(self) -> None:
        wanted = "The names of a model's outputs come as a tuple, one for each"
        check_kind(self.names, (tuple, list), wanted, LabelError)
        names = tuple(None if name is None else _composed(name) for name in self.names)
        object.__setattr__(self, "names", names)
        named = [name for name in names if name is not None]
        for name in named:
            if clean_label(name) != name:
                raise LabelError(f"The label '{_seen(name)}' has extra white space. Remove it.")
        doubled = [name for name, times in Counter(named).items() if times > 1]
        if doubled:
            raise LabelError(f"The label '{min(doubled)}' is there twice. Rename one of them.")

    @staticmethod
    def numbered(count: int) -> Labels:
        """ "0".."count-1", for a model that says nothing about its outputs."""
        return Labels(tuple(str(k) for k in range(count)))

    @staticmethod
    def said(names: Sequence[str | None], otherwise: Labels) -> Labels:
        """Those that a file says; `otherwise` where they are not as many, or cannot be names."""
        with suppress(LabelError):
            if len(names) == len(otherwise):
                return Labels(tuple(names))
        return otherwise

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """The output that `name` stands for (`taken_for`); LabelError when there is none."""
        found = self.taken_for(str(name))
        if found is None:
            known = ", ".join(str(n) for n in self.names if n is not None)
            raise LabelError(f"There is no label '{name}'. Known labels: {known}.")
        return self.names.index(found)

    def taken_for(self, name: str) -> str | None:
        """The label of exactly that name, else one that a person would take it for; None where
        there is neither.
        """
        name = _composed(name)
        return name if name in self.names else self._by_folded.get(folded(name))

    @cached_property
    def _by_folded(self) -> dict[str, str]:
        """The first name of those that read alike: each is folded once, of a thousand too."""
        return {folded(name): name for name in reversed(self.names) if name is not None}

    def called(self, output: int) -> str:
        """What a reader sees of an output, 0..K-1; as the function `called` tells."""
        return called(self.names[output], output)

    def extended(self, names: Iterable[str]) -> Labels:
        """With the new ones of `names` on the free outputs, in order; known names stay in place.
        One that a person would take for another, such as "Heart" beside "heart", is not new.

        LabelError when a name is empty or too long, or no output is left for it.
        """
        result, taken = list(self.names), set(self._by_folded)
        for name in dict.fromkeys(map(clean_label, names)):
            if folded(name) in taken:
                continue
            taken.add(folded(name))
            if not result:
                raise LabelError(
                    f"The model tells no labels apart, so '{name}' cannot be one of them. Give its "
                    f"samples targets instead (y as float32, or columns of numbers)."
                )
            if None not in result and self == Labels.numbered(len(self)):
                raise LabelError(
                    f"The model's {len(self)} outputs have numbers for names, 0 to "
                    f"{len(self) - 1}, and there is none left for '{name}'. Use these numbers for "
                    f"labels, or other labels alone, at most {len(self)}."
                )
            if None not in result:
                raise LabelError(
                    f"The model has {len(self.names)} outputs and all have names: there is none "
                    f"left for '{name}'. Use one of the labels that exist."
                )
            result[result.index(None)] = name
        return Labels(tuple(result))

    def named_after(self, names: Iterable[str]) -> Labels:
        """These; where they are but numbers, the names in their order, one an output, unless all
        of them are among those numbers, or some beside words: these mean outputs. So 1 to 4 are the
        names of four outputs, −1 and 1 of two. Those that a person would take for the same are
        one, unless there is an output for just each of them; a warning is logged then. LabelError
        when there are more names than outputs.
        """
        found = map(clean_label, dict.fromkeys(names))
        new = in_order(self.taken_for(name) or name for name in found)
        if self == Labels.numbered(2) and "-1" in new and set(new) <= {"-1", "1"}:
            return Labels(("-1", "1"))
        known = set(new) & set(self.names)
        words = not all(map(_is_number, new))
        if self != Labels.numbered(len(self)) or len(known) == len(new) or (known and words):
            return self
        once = unlike(new)
        if len(once) > len(self) > 0:
            raise LabelError(
                f"The model has {len(self)} outputs for the {len(once)} labels of the samples: "
                f"there is none left for '{once[len(self)]}'. Use at most {len(self)} labels."
            )
        if len(new) != len(self):
            return Labels((None,) * len(self)).extended(once)
        if len(once) < len(new):  # "A" and "a" are two of a model of all letters
            _log.warning(
                "Labels that read the same as others (%s) are kept apart, as the model has an "
                "output for each. If they are one, give their samples one name.",
                some_of([f"'{name}'" for name in in_order(set(new) - set(once))]),
            )
        return Labels(tuple(new))

    def of(self, names: Iterable[str]) -> Labels:
        """These of them alone, each on its output; no others."""
        kept = {self.taken_for(clean_label(name)) for name in set(names)}
        return Labels(tuple(name if name in kept else None for name in self.names))

    def counted_from_0(self, names: Iterable[str]) -> str:
        """What is told of samples' labels that mean outputs (`named_after`), and none the first, so
        that they may as well count from 1, some of them missing; "" of others.
        """
        found = in_order(names)
        if self != Labels.numbered(len(self)) or not set(found) <= set(self.names[1:]) or not found:
            return ""
        return (
            f"Nobody has named the model's {len(self)} outputs: the samples' labels "
            f"({some_of(found)}) are taken for numbers of outputs, counted from 0."
        )

    def with_those_of(self, base: Labels) -> Labels:
        """These names, and those of a base model on the outputs that have none here: what it is
        asked on its own test set, where a label that a person turned off is no label forgotten.
        """
        if len(base) != len(self):
            return self
        names = list(self.names)
        for at, name in enumerate(base.names):
            if names[at] is None and name is not None:
                names[at] = name if name not in names else _other(name, names)
        return Labels(tuple(names))

    @property
    def used(self) -> np.ndarray:
        """bool [K]: outputs that have a name. The others never win a prediction."""
        return np.array([name is not None for name in self.names], bool)
