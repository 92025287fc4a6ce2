"""How well the photo model learns the ready-made sets that ship, each photograph tested once by a
model that was trained on all the others of its set.

    python -m benchmarks.photos.sets
"""

from __future__ import annotations

import numpy as np

from odt_core.bundled import ASSETS
from odt_core.evaluation import wilson
from odt_core.runtime import Model, load_model
from odt_core.samples import RawSamples, Samples
from odt_core.training import fit


def left_out(model: Model, photos: RawSamples) -> tuple[int, list[str]]:
    """How many are told right, and what went wrong with the others."""
    samples = model.prepare(photos)
    session = model.session()
    x = session.extract(samples.x)
    answers = np.empty(len(x), np.int64)
    for k in range(len(x)):
        others = np.arange(len(x)) != k
        session.reset()
        fit(session, Samples(x[others], samples.y[others], samples.labels))
        answers[k] = session.predict_proba(x[k : k + 1], samples.labels).argmax()
    wrong = np.flatnonzero(answers != samples.y)
    names = samples.labels.names
    return len(x) - len(wrong), [f"{photos.names[k]} for {names[answers[k]]}" for k in wrong]


def main() -> None:
    model = load_model(ASSETS / "models" / "photos.tflite")
    sets = model.card.load_people()
    together = RawSamples(
        tuple(item for one in sets.values() for item in one.items),
        tuple(label for one in sets.values() for label in one.labels),
        tuple(name for one in sets.values() for name in one.names),
    )
    for name, photos in {**sets, "All of them": together}.items():
        right, wrong = left_out(model, photos)
        low, high = wilson(right, len(photos))
        print(f"| {name} | {right} of {len(photos)} | {low:.0%}–{high:.0%} | {'; '.join(wrong)} |")


if __name__ == "__main__":
    main()
