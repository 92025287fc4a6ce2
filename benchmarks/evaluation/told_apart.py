"""How often "samples needed" tells two trainings apart, by simulation.

    python -m benchmarks.evaluation.told_apart

Prints one JSON object: for each case and number of test samples the share of made-up studies in
which three seeds' models are told from the base model, and in which the first of them alone is,
by the test that the Result has.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from odt_core.studies import Quantity
from odt_core.studies.crossed import can_be_told_apart

STUDIES = 2_000
SEEDS = 3
COUNTS = (10, 30, 100, 400)  # test samples

# (generator, test samples) -> outcomes of the base model [1, N] and of the trained ones [SEEDS, N]
Study = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def _spread(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Of a variance of 1, half of which is the sample's, whatever the model."""
    hard, alone = rng.normal(size=n), rng.normal(size=(1 + SEEDS, n))
    both = (hard + alone) * 0.5**0.5
    return both[:1], both[1:]


def labels(base: float, own: float, luck: float = 0.0) -> Study:
    """1 for a right answer, of shares base and own; luck: standard deviation of the seeds'."""

    def study(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        before, after = _spread(rng, n)
        shares = np.clip(own + luck * rng.normal(size=SEEDS), 0.001, 0.999)
        limits = np.array([NormalDist().inv_cdf(share) for share in shares])
        return (before < NormalDist().inv_cdf(base)) * 1.0, (after < limits[:, None]) * 1.0

    return study


def errors(base: float, own: float, luck: float = 0.0, *, rare: bool = False) -> Study:
    """Squared errors, of means base and own; luck: standard deviation of the seeds' logarithms.
    rare: the base model's are of Student's t with 2 degrees of freedom.
    """

    def study(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        before, after = _spread(rng, n)
        if rare:
            before = before / (rng.chisquare(2, n) / 2) ** 0.5
        return base * before**2, own * np.exp(luck * rng.normal(size=(SEEDS, 1))) * after**2

    return study


CASES = {
    Quantity.ACCURACY: {
        "no difference": labels(0.8, 0.8),
        "no difference, seeds differ by 10 points": labels(0.8, 0.8, 0.1),
        "80 % right to 90 %": labels(0.8, 0.9),
        "80 % right to 90 %, seeds differ by 5 points": labels(0.8, 0.9, 0.05),
    },
    Quantity.ERROR: {
        "no difference": errors(1, 1),
        "no difference, seeds differ by 30 %": errors(1, 1, 0.3),
        "3 to 1": errors(3, 1),
        "3 to 1, seeds differ by 30 %": errors(3, 1, 0.3),
        "100 to 1": errors(100, 1),
        "100 to 1, rare large ones before": errors(100, 1, rare=True),
    },
}


def told(study: Study, n: int, quantity: Quantity) -> dict[str, float]:
    """Share of studies that tell all seeds' models from the base model, and the first's."""
    rng, three, first = np.random.default_rng(n), 0, 0
    for _ in range(STUDIES):
        base, own = study(rng, n)
        three += can_be_told_apart(base, own, quantity)
        first += can_be_told_apart(base, own[:1], quantity)
    return {"three seeds": three / STUDIES, "the first": first / STUDIES}


def main() -> None:
    """All of it."""
    found = {
        f"{quantity}: {name}": {n: told(study, n, quantity) for n in COUNTS}
        for quantity, cases in CASES.items()
        for name, study in cases.items()
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
