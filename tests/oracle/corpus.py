"""What is done with the five files in tests/models, which others wrote."""

from __future__ import annotations

from pathlib import Path

from drill import Call, Drill, Feed, Problem

CORPUS_MODELS = Path(__file__).parents[1] / "models"

_BATCH = {"x": Feed("samples"), "y": Feed("column")}
_ONE = {"x": Feed("samples"), "y": Feed("values")}
_LINE = Problem("values", (1,))


def _logistic(*multiply: tuple[str, int]) -> Drill:
    calls = [Call("evaluate", _BATCH, "accuracy", 9)]
    for name, rows in multiply:
        calls.append(Call(name, {"input": Feed("counting", shape=(rows, 3))}, "output_0", 1))
    return Drill(
        Problem("classes", (30,), classes=2),
        tuple(Call("train", _BATCH, "loss", count) for count in (16, 5, 1, 8)),
        tuple(calls),
        read="parameters",
        write="restore",
    )


CORPUS = {
    "flower__android-kotlin-new__logistic_regression": _logistic(("multiply01", 1)),
    "flower__android-kotlin-new__model": _logistic(("multiply01", 3), ("multiply02", 1)),
    "flower__android-automotive__enginefaultdb": Drill(
        Problem("classes", (14,), classes=4),
        (Call("train", {"x": Feed("samples"), "y": Feed("one hot")}, "loss", 8),),
        (Call("infer", {"x": Feed("samples")}, "logits", 6),),
        expect="sparse loss with one-hot labels",
    ),
    "flutter_litert__training_model": Drill(
        _LINE,
        (Call("train", _ONE, "loss", 1),),
        (Call("infer", {"x": Feed("samples")}, "output", 1),),
        read="get_weights",
        write="set_weights",
    ),
    "flutter_litert__training_model_flex": Drill(
        _LINE,
        (Call("train", _ONE, "loss", 1),),
        (Call("infer", {"x": Feed("samples")}, "output", 1),),
        save="save",
        restore="restore",
    ),
}
