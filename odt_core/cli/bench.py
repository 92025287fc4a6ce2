"""`bench`: what a model costs on this machine."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from odt_core.cli.command import Command, Result
from odt_core.cli.sources import add_model, open_model
from odt_core.errors import SettingsError, SignatureError
from odt_core.training.settings import Settings

if TYPE_CHECKING:
    from odt_core.runtime import Model


_SIZES, _PROFILED = "1,8,32,128", "32"


def _arguments(parser: ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument(
        "--batch-sizes", metavar="N,N,…", help=f"(default: {_SIZES}; with --profile: {_PROFILED})"
    )
    parser.add_argument(
        "--profile", action="store_true", help="where the time of a train step goes, op by op"
    )
    parser.add_argument("--seconds", type=float, default=0.5, help="for each figure (0.5)")
    parser.add_argument("--threads", type=int, default=1, help="of LiteRT (1)")


def _run(options: Namespace) -> Result:
    asked = options.batch_sizes or (_PROFILED if options.profile else _SIZES)
    try:
        sizes = [int(size) for size in asked.split(",")]
    except ValueError:
        sizes = []
    if not sizes or min(sizes) < 1 or not options.seconds > 0:
        raise SettingsError("--batch-sizes takes numbers such as 1,32; --seconds more than 0.")
    if options.profile:
        return _profile(open_model(options), sizes, options.threads)
    open_model(options)  # once, so that imports do not count
    began = time.perf_counter()
    model = open_model(options)
    model.session(threads=options.threads)
    load = time.perf_counter() - began
    train, infer = {}, {}
    for size in sizes:
        if model.contract.infer is not None:
            infer[str(size)] = _time(_infer(model, size, options), options.seconds)
        if _trains_on(model, size):
            train[str(size)] = _time(_train(model, size, options), options.seconds)
    return {
        "model": model.name,
        "threads": options.threads,
        "load_ms": load * 1000,
        "train_step_ms": train,
        "infer_ms": infer,
    }


def _trains_on(model: Model, size: int) -> bool:
    """Whether a train step takes so many samples, in one call or several."""
    from odt_core.runtime.feeding import calls

    sizes = tuple(role.batch for role in model.contract.train if role.batch is not None)
    try:
        return bool(model.contract.train) and bool(not sizes or calls(size, sizes))
    except SignatureError:
        return False


def _profile(model: Model, sizes: list[int], threads: int) -> Result:
    from odt_core.runtime.profiling import profile_step

    found = [profile_step(model, size, threads=threads) for size in sizes]
    return {"model": model.name, "profiles": [asdict(one) for one in found]}


def _infer(model: Model, size: int, options: Namespace) -> Callable[[], object]:
    from odt_core.runtime.examples import example_batch

    session = model.session(threads=options.threads, whole=True)
    x = example_batch(model.contract, size)[0]
    return lambda: session.infer(x)


def _train(model: Model, size: int, options: Namespace) -> Callable[[], object]:
    from odt_core.runtime.examples import example_batch

    session = model.session(threads=options.threads, whole=True)
    x, y = example_batch(model.contract, size)
    if model.contract.sets_learning_rate:
        session.learning_rate = min(Settings().learning_rate or 0.01, 0.01)
    return lambda: session.train_step(x, y)


def _time(call: Callable[[], object], seconds: float) -> float:
    from odt_core.studies.timing import median_ms

    return median_ms(call, seconds)


def _text(result: Result) -> str:
    if "profiles" in result:
        return "\n\n".join(_profile_text(result["model"], one) for one in result["profiles"])
    lines = [f"{result['model']}  load {result['load_ms']:.0f} ms  threads {result['threads']}"]
    lines.append("batch size   train step   inference  (median ms)")
    for size in dict.fromkeys([*result["train_step_ms"], *result["infer_ms"]]):
        train, infer = result["train_step_ms"].get(size), result["infer_ms"].get(size)
        lines.append(
            f"{size:>10}   {_figure(train):>10}   {_figure(infer):>9}",
        )
    return "\n".join(lines)


def _profile_text(model: str, profile: dict[str, Any]) -> str:
    step, parts = profile["step_ms"], profile["parts"]
    lines = [
        f"{model}  {profile['signature']}  batch {profile['batch']}  threads {profile['threads']}  "
        f"step {step:.3f} ms  {parts} XNNPACK {'part' if parts == 1 else 'parts'}",
        f"{'op':<24} {'times':>5} {'ms':>8} {'share':>6}  run by  (each op measured alone)",
    ]
    rows = [(o["op"], o["times"], o["ms"], o["share"], o["delegate"]) for o in profile["ops"]]
    lines += [
        f"{op:<24} {times:>5} {ms:>8.4f} {share:>6.1%}  {by}" for op, times, ms, share, by in rows
    ]
    rest = profile["rest_ms"]
    lines.append(f"{'variables, moving, rest':<24} {'':>5} {rest:>8.4f} {rest / step:>6.1%}")
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


COMMAND = Command(
    name="bench",
    summary="what a model costs here: load, train step (op by op), inference",
    description="Measure a model on this machine: medians of load, train step and inference in ms.",
    example="example: python -m odt_core bench digits --batch-sizes 1,32",
    arguments=_arguments,
    run=_run,
    text=_text,
)
