"""How often the 95 % interval of a mean squared error holds the truth, by simulation.

    python -m benchmarks.evaluation.error_intervals

Prints one JSON object: for each spread of the errors and number of test samples the share of
made-up studies in which the interval holds the true mean, for one seed and for three whose models
differ.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from odt_core.studies import Quantity
from odt_core.studies.crossed import estimate

STUDIES = 2_000
COUNTS = (2, 5, 10, 20, 50, 200)  # test samples
SPREAD = 0.2  # of the logarithm of a seed's error

Errors = Callable[[np.random.Generator, int], np.ndarray]
# Errors of a mean square of 1.
SPREADS: dict[str, Errors] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "Laplace": lambda rng, n: rng.laplace(scale=0.5**0.5, size=n),
    "Student, 5 degrees of freedom": lambda rng, n: rng.standard_t(5, size=n) * 0.6**0.5,
}


def held(errors: Errors, n: int, seeds: int) -> float:
    """Share of studies whose interval holds 1."""
    rng, count = np.random.default_rng((n, seeds)), 0
    for _ in range(STUDIES):
        quality = np.ones(1)
        if seeds > 1:
            quality = np.exp(SPREAD * rng.normal(size=seeds) - SPREAD**2 / 2)
        low, high = estimate(quality[:, None] * errors(rng, n) ** 2, Quantity.ERROR).interval
        count += low <= 1 <= high
    return count / STUDIES


def main() -> None:
    """All of it."""
    found = {
        name: {n: {seeds: held(errors, n, seeds) for seeds in (1, 3)} for n in COUNTS}
        for name, errors in SPREADS.items()
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
