"""`train`: personalise a model with samples from disk."""

from __future__ import annotations

import math
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odt_core.cli.command import Command, Result
from odt_core.cli.figures import compared, evaluated, judged_lines, why_unjudged
from odt_core.cli.output import check_output
from odt_core.cli.progress import progress_line
from odt_core.cli.sources import (
    PATH_HELP,
    add_base_test,
    add_model,
    add_paths,
    are_unnamed,
    check_used,
    find_model,
    labels_of,
    open_base_test,
    open_checkpoint,
    open_model,
    open_training,
    paths_given,
)
from odt_core.cli.stopping import stopped_by_signals
from odt_core.cli.training_options import add_settings, given_settings
from odt_core.errors import CheckpointError, NoAnswerError
from odt_core.evaluation.over_again import copies, exact_copies, once
from odt_core.training import Callback, Outcome, Run, Settings, fit
from odt_core.training.batches import why_other_size
from odt_core.training.checks import check_trainable, why_one_label_alone
from odt_core.training.history import Record

if TYPE_CHECKING:
    import numpy as np

    from odt_core.dialects import Contract
    from odt_core.runtime import Model, Session
    from odt_core.samples import Labels, Samples


def _arguments(parser: ArgumentParser) -> None:
    add_model(parser)
    add_paths(parser, "--samples", PATH_HELP, required=True)
    add_paths(parser, "--test", "samples to judge by; never trained on")
    add_base_test(parser, "default: those of the model's card")
    parser.add_argument(
        "--checkpoint", metavar="OUT.safetensors", help="where to write the personalised weights"
    )
    parser.add_argument(
        "--from", dest="source", metavar="C.safetensors", help="begin with these weights"
    )
    add_settings(parser)


def _run(options: Namespace) -> Result:
    model = open_model(options)
    check_used(model)
    check_trainable(model.contract)  # before a sample is read: what is wrong is not theirs
    settings = _settings(options, model)
    if options.checkpoint:  # over --from it may be written: that goes on from it
        read = paths_given(options.samples, options.test, options.base_test)
        sources = [find_model(options.model), *read]
        check_output(Path(options.checkpoint), *sources, kind=".safetensors")
    source = open_checkpoint(options.source, model) if options.source else None
    labels = labels_of(source, model)
    unnamed = are_unnamed(labels, model, source)
    samples, test, others = open_training(options, model, labels, unnamed=unnamed)
    base, own = model.session(), model.session()
    if source is not None:
        own.restore(source)
    base_test, base_others = open_base_test(options, model, samples.labels)
    same = None if test is None else copies(test, model.preprocessing)
    scored = None if test is None else once(test, same)
    replay = model.card.load_replay() if settings.replay > 0 else None
    with stopped_by_signals() as control, progress_line() as say:
        callbacks = [] if options.json else [_Ticker(say)]
        history = fit(
            own,
            samples,
            settings,
            callbacks,
            replay=replay,
            test=scored,
            base_test=base_test,
            control=control,
        )
    learnt = history.learnt  # else the weights are those it began with
    unjudged = _why_unjudged(model.contract, learnt, test) if test is not None else None
    judged: dict[str, Any] = {"test": None, "base_test": None}
    for key, group in (("test", test), ("base_test", base_test)):
        if group is not None and len(group) and not _why_unjudged(model.contract, learnt, group):
            try:
                given = getattr(options, key) is not None  # else they are of the model's card
                alike = same if key == "test" else exact_copies(group.x, group.y)
                judged[key] = _judge(model, base, own, samples, group, alike, given)
            except NoAnswerError as failure:
                unjudged = f"not judged: {failure}"
    written, error = None, None
    if options.checkpoint and learnt:
        try:
            _write(options.checkpoint, own, judged)
            written = options.checkpoint
        except CheckpointError as failure:  # the figures are worth having all the same
            error = str(failure)
    reports = model.contract.train[0].loss is not None
    return {
        "steps": history.steps,
        "learnt": history.learnt,
        "seconds": round(history.seconds, 4),
        "loss": [record.loss for record in history.records] if reports else [],
        "loss_name": model.contract.loss_note,
        "batches": why_other_size(settings, model.contract) or None,
        "notice": why_one_label_alone(model.contract, samples, replay) or None,
        "labels": list(samples.labels.names) if model.contract.classifies else [],
        "guessed": _guessed(samples.labels) if unnamed else None,
        **judged,
        "base_task": judged["base_test"],  # the name in scripts of others: it stays
        "unjudged": unjudged,
        "left_out": [said for said in (others, base_others) if said],
        "outcome": history.outcome.value,
        "message": history.message,
        "checkpoint": written,
        "unwritten": "nothing was learnt" if options.checkpoint and not learnt else None,
        "error": error,
    }


def _code(result: Result) -> int:
    diverged = result["outcome"] == Outcome.DIVERGED.value
    return 1 if diverged or not result["learnt"] else 0


def _guessed(labels: Labels) -> str | None:
    """What is said of outputs that nobody had named, and that are more than the labels."""
    if labels.used.all():
        return None
    return (
        f"nobody had named the model's {len(labels)} outputs: these labels took some of them, "
        "whatever the base model knew by it"
    )


def _why_unjudged(contract: Contract, learnt: bool, test: Samples) -> str | None:
    """Why nothing can be said of test samples; None where it can."""
    return why_unjudged(contract, test) if learnt else "not judged: nothing was learnt"


def _settings(options: Namespace, model: Model) -> Settings:
    settings = Settings.from_json(model.card.settings)
    return replace(settings, **given_settings(options, model))


def _write(path: str, session: Session, metrics: dict[str, Any]) -> None:
    from odt_core.checkpoint import save_checkpoint_file

    checkpoint = session.checkpoint(
        metrics={key: _figures(value) for key, value in metrics.items() if value is not None},
        note="trained on the command line",
    )
    save_checkpoint_file(checkpoint, path)


def _judge(
    model: Model,
    base: Session,
    own: Session,
    samples: Samples,
    group: Samples,
    same: np.ndarray | None,
    given: bool,
) -> dict[str, Any]:
    """Base against personalised. same: as of `answered`; given: whether somebody chose the group,
    who may have chosen some of the samples trained on.
    """
    from odt_core.evaluation import claims, leakage

    filled = None if base.uninitialised else base
    before, after, labels = evaluated(filled, own, group, samples.labels, same)
    if before is None:
        return compared(None, after, None)
    leak = leakage(samples, group, model.preprocessing) if given else None
    return compared(before, after, claims(before, after, model.labels.used, labels.names, leak))


def _figures(judged: Mapping[str, Any]) -> dict[str, Any]:
    """Of both models, without the matrices, which are too large for a checkpoint, and what follows
    from them.
    """
    left_out = ("confusion", "balanced_accuracy", "constant_answer")
    return {
        which: judged[which]
        and {name: one for name, one in judged[which].items() if name not in left_out}
        for which in ("base", "personalised")
    }


class _Ticker(Callback):
    """Says how far the run is, a few times a second."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._last = 0.0

    def on_step_end(self, run: Run, record: Record) -> None:
        now = time.monotonic()
        if now - self._last > 0.2 or record.step == run.total:
            self._last = now
            loss = "" if math.isnan(record.loss) else f"loss {record.loss:.4f}  "
            self._say(f"step {record.step} of {run.total}  {loss}{record.seconds:.1f} s")


def _text(result: Result) -> str:
    lines = [f"{result['message']} {result['seconds']:.2f} s of training."]
    lines += [said for said in (result["batches"], result["notice"]) if said]
    if result["loss"]:
        first, last = result["loss"][0], result["loss"][-1]
        lines.append(f"{result['loss_name']}  {first:.4f} → {last:.4f}")
    if result["labels"]:
        names = [name for name in result["labels"] if name is not None]
        lines.append(f"labels  {', '.join(names[:12])}{' …' if len(names) > 12 else ''}")
    if result["guessed"]:
        lines.append(f"labels  {result['guessed']}")
    lines += judged_lines(result)
    if result["checkpoint"]:
        lines.append(f"checkpoint  {result['checkpoint']}")
    if result["unwritten"]:
        lines.append(f"checkpoint  not written: {result['unwritten']}")
    return "\n".join(lines)


COMMAND = Command(
    name="train",
    summary="personalise a model with your samples",
    description=(
        "Personalise a model with samples from disk and judge it against the base model.\n"
        "A model whose outputs have no names takes those of its samples, placed in the order of\n"
        "all of them, --test among them where there are outputs for all. With --json the last\n"
        "line has steps, learnt (whether a weight has changed), seconds, loss (one per step,\n"
        "where the model reports it), batches (what to know where the model trains with another\n"
        "batch size than asked for; else null), notice (what to know where all that is trained on\n"
        "is of one label; else null), labels (names of the outputs), guessed (what to know where\n"
        "nobody had named them and they are more than the labels; else null), test (null without\n"
        "--test) and base_test (null without --base-test where the model has no base test set),\n"
        "each with accuracy and n of base and personalised, and\n"
        "sentences that say what follows from them; for a model of values mean_squared_error and\n"
        "mean_absolute_error instead of accuracy, and places_right and mean_iou where each pixel\n"
        "or word has a class; for labels also balanced_accuracy, for all constant_answer, as\n"
        "`evaluate --help` tells. unjudged says why --test gave no figures (null where it did),\n"
        "left_out which samples to judge by are of labels that the model never learnt. The exit\n"
        "code is 1 where training diverged or where nothing was learnt; then checkpoint is null.\n"
        "Ctrl+C and SIGTERM stop training and keep what was learnt."
    ),
    example=(
        "example: python -m odt_core train digits --samples me.zip --test more.zip "
        "--checkpoint me.safetensors"
    ),
    arguments=_arguments,
    run=_run,
    text=_text,
    code=_code,
)
