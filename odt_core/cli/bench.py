"""`bench`: what a model costs on this machine."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from odt_core.cli.command import Command, Result
from odt_core.cli.sources import add_model, open_model
from odt_core.errors import SettingsError
from odt_core.training.settings import Settings

if TYPE_CHECKING:
    from odt_core.runtime import Model


def _arguments(parser: ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument(
        "--batch-sizes", default="1,8,32,128", metavar="N,N,…", help="(default: 1,8,32,128)"
    )
    parser.add_argument("--seconds", type=float, default=0.5, help="for each figure (0.5)")
    parser.add_argument("--threads", type=int, default=1, help="of LiteRT (1)")


def _run(options: Namespace) -> Result:
    try:
        sizes = [int(size) for size in options.batch_sizes.split(",")]
    except ValueError:
        sizes = []
    if not sizes or min(sizes) < 1 or not options.seconds > 0:
        raise SettingsError("--batch-sizes takes numbers such as 1,32; --seconds more than 0.")
    open_model(options.model)  # once, so that imports do not count
    began = time.perf_counter()
    model = open_model(options.model)
    model.session(threads=options.threads)
    load = time.perf_counter() - began
    train, infer = {}, {}
    for size in sizes:
        if model.contract.infer is not None:
            infer[str(size)] = _time(_infer(model, size, options), options.seconds)
        multiple = model.contract.train[-1].batch or 1 if model.contract.train else 0
        if multiple and size % multiple == 0:
            train[str(size)] = _time(_train(model, size, options), options.seconds)
    return {
        "model": model.name,
        "threads": options.threads,
        "load_ms": load * 1000,
        "train_step_ms": train,
        "infer_ms": infer,
    }


def _infer(model: Model, size: int, options: Namespace) -> Callable[[], object]:
    session, x = model.session(threads=options.threads), _inputs(model, size)
    return lambda: session.infer(x)


def _train(model: Model, size: int, options: Namespace) -> Callable[[], object]:
    session, x = model.session(threads=options.threads), _inputs(model, size)
    if model.contract.sets_learning_rate:
        session.learning_rate = min(Settings().learning_rate or 0.01, 0.01)
    if model.contract.measures_errors:
        y: np.ndarray = np.zeros((size, *model.contract.target_shape), np.float32)
    else:
        y = np.arange(size) % (model.contract.outputs or 1)
    return lambda: session.train_step(x, y)


def _inputs(model: Model, size: int) -> np.ndarray:
    shape = (size, *model.contract.input_shape)
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def _time(call: Callable[[], object], seconds: float) -> float:
    from odt_core.evaluation.timing import median_ms

    return median_ms(call, seconds, warm_up=3)[0]


def _text(result: Result) -> str:
    lines = [f"{result['model']}  load {result['load_ms']:.0f} ms  threads {result['threads']}"]
    lines.append("batch size   train step   inference  (median ms)")
    for size in dict.fromkeys([*result["train_step_ms"], *result["infer_ms"]]):
        train, infer = result["train_step_ms"].get(size), result["infer_ms"].get(size)
        lines.append(
            f"{size:>10}   {_figure(train):>10}   {_figure(infer):>9}",
        )
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


COMMAND = Command(
    name="bench",
    summary="what a model costs here: load, train step, inference",
    description="Measure a model on this machine: medians of load, train step and inference in ms.",
    example="example: python -m odt_core bench digits --batch-sizes 1,32",
    arguments=_arguments,
    run=_run,
    text=_text,
)
