"""Which new samples are set aside as test samples, decided once, when they are added.

Pictures of one burst are nearly the same picture. Were some of them trained on and others tested,
the test would say nothing. So a burst counts as one here: a take, which goes to one part whole.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from odt_core.workspace.manifest import Part, SampleEntry

_GROUP = 5  # one sample of five is a test sample


@dataclass(frozen=True)
class Tally:
    """How much each label has: single samples and takes count one each."""

    all: Counter[str]
    tests: Counter[str]


def tally(samples: Sequence[SampleEntry], but: str = "") -> Tally:
    """Counts by label; the take `but` is left out."""
    takes: dict[tuple[str, str], Part] = {}
    counts, tests = Counter[str](), Counter[str]()
    for sample in samples:
        if sample.take:
            if sample.take != but:
                takes[sample.label, sample.take] = sample.part
            continue
        counts[sample.label] += 1
        tests[sample.label] += sample.part is Part.TEST
    for (label, _), part in takes.items():
        counts[label] += 1
        tests[label] += part is Part.TEST
    return Tally(counts, tests)


def part_of_take(
    samples: Sequence[SampleEntry], label: str, take: str, more: int, seed: int
) -> Part:
    """Train or test, for a take of that label that gets `more` pictures now.

    samples: all that there are. A take that is there already keeps its part. None is for testing
    when there would be more pictures to test than to train on.
    """
    there = [sample for sample in samples if sample.label == label]
    known = next((sample.part for sample in there if sample.take == take), None)
    others = [sample.part for sample in there if sample.take != take]
    if known is None:
        counted = tally(there, but=take)
        known = part_of_next(counted.all[label], counted.tests[label], seed)
    tests = others.count(Part.TEST) + len(there) - len(others) + more
    return Part.TRAIN if tests > others.count(Part.TRAIN) else known


def whole_takes(samples: Sequence[SampleEntry], ids: Collection[str]) -> set[str]:
    """`ids`, and those of all samples that share a take with one of them."""
    takes = {(s.label, s.take) for s in samples if s.take and s.id in ids}
    return set(ids) | {s.id for s in samples if (s.label, s.take) in takes}


def part_of_next(count: int, tests: int, seed: int) -> Part:
    """Train or test, for the sample that a label gets next.

    `count` is how many samples the label has already (a take counts one), `tests` how many of
    those are test samples. Of every five consecutive samples one is chosen, by a hash of `seed` and
    the number of the five; of the first five always the third, so that three samples have one. The
    choice depends on the position, so that it stands when more samples come. The number of tests
    only steps in where the person has moved or deleted samples: from the third sample on there is
    at least one, and none is added beyond a fifth, rounded up.
    """
    group, place = divmod(count, _GROUP)
    total = count + 1
    due = place == _place(group, seed) or (tests == 0 and total >= 3)
    return Part.TEST if due and tests < -(-total // _GROUP) and total >= 3 else Part.TRAIN


def _place(group: int, seed: int) -> int:
    if group == 0:
        return 2
    return hashlib.sha256(f"{seed}:{group}".encode()).digest()[0] % _GROUP
