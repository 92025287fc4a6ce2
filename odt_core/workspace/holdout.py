"""Which new samples are set aside as test samples, decided once, when they are added."""

import hashlib

from odt_core.workspace.manifest import Part

_GROUP = 5  # one sample of five is a test sample


def part_of_next(count: int, tests: int, seed: int) -> Part:
    """Train or test, for the sample that a label gets next.

    `count` is how many samples the label has already, `tests` how many of those are test
    samples. Of every five consecutive samples one is chosen, by a hash of `seed` and the number
    of the five; of the first five always the third, so that three samples have one. The choice
    depends on the position, so that it stands when more samples come. The number of tests only
    steps in where the person has moved or deleted samples: from the third sample on there is at
    least one, and none is added beyond a fifth, rounded up.
    """
    group, place = divmod(count, _GROUP)
    total = count + 1
    due = place == _place(group, seed) or (tests == 0 and total >= 3)
    return Part.TEST if due and tests < -(-total // _GROUP) and total >= 3 else Part.TRAIN


def _place(group: int, seed: int) -> int:
    if group == 0:
        return 2
    return hashlib.sha256(f"{seed}:{group}".encode()).digest()[0] % _GROUP
