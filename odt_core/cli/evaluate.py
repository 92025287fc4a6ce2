"""`evaluate`: how good a model is on samples, and whether a checkpoint is better than the base."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

import numpy as np

from odt_core.cli.command import Command, Result
from odt_core.cli.figures import (
    compared,
    evaluated,
    judged_lines,
    places_right,
    why_unjudged,
)
from odt_core.cli.sources import (
    PATH_HELP,
    add_base_test,
    add_checkpoint,
    add_model,
    add_paths,
    are_unnamed,
    labels_of,
    open_base_test,
    open_checkpoint,
    open_model,
    open_tests,
)
from odt_core.samples.labels import called
from odt_core.words import over_again, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odt_core.samples import Samples

_MATRIX = 20  # labels that a terminal has room for


def _arguments(parser: ArgumentParser) -> None:
    add_model(parser)
    add_paths(parser, "--samples", PATH_HELP, required=True)
    add_base_test(parser, "default: none")
    add_checkpoint(parser)


def _run(options: Namespace) -> Result:
    from odt_core.evaluation import claims
    from odt_core.evaluation.evaluation import answered
    from odt_core.evaluation.over_again import copies, exact_copies
    from odt_core.evidence import all_trained_on
    from odt_core.training import Reason

    model = open_model(options)
    checkpoint = open_checkpoint(options.checkpoint, model) if options.checkpoint else None
    labels = labels_of(checkpoint, model)
    unnamed = are_unnamed(labels, model, checkpoint)
    samples, left_out = open_tests(options.samples, model, labels, unnamed=unnamed)
    told = [left_out]
    of_the_base = None
    if options.base_test:
        of_the_base, left_out = open_base_test(options, model, samples.labels)
        told.append(left_out)
    base = own = model.session()
    start = None if base.uninitialised else base
    if checkpoint is not None:
        own = model.session()
        own.restore(checkpoint)
    best = checkpoint is not None and checkpoint.meta.made_as == Reason.BEST
    replay = model.card.load_replay() if checkpoint is not None else None

    def why(group: Samples) -> str | None:
        # Where its answers cannot be scored the session says why.
        return why_unjudged(model.contract, group) if model.contract.scored else None

    def judged(group: Samples, *, mine: bool, chosen: bool) -> dict[str, Any]:
        if why(group):
            return compared(None, None, None)
        how = model.preprocessing
        same = copies(group, how) if mine else exact_copies(group.x, group.y)
        if checkpoint is None:
            found = None if start is None else answered(start, group, same)
            return compared(found, None, None)
        before, after, asked = evaluated(start, own, group, samples.labels, same)
        said = None
        if before is not None:
            leak = all_trained_on(checkpoint, group, replay)
            said = claims(before, after, model.labels.used, asked.names, leak, chosen=chosen)
        return compared(before, after, said)

    return {
        "labels": list(samples.labels.names),
        **judged(samples, mine=True, chosen=best),
        "base_test": judged(of_the_base, mine=False, chosen=False)
        if of_the_base is not None and not why(of_the_base)
        else None,
        "unjudged": why(samples),
        "left_out": [said for said in told if said],
    }


def _text(result: Result) -> str:
    lines = list(result["left_out"])
    for key in ("base", "personalised"):
        row = result[key]
        if not row:
            continue
        more = over_again(row["n"], row["different"])
        if "accuracy" in row:
            low, high = row["interval"]
            lines.append(
                f"{key:12}  accuracy {percent(row['accuracy'])} ({row['correct']} of "
                f"{row['different']}{more}; 95 % interval {percent(low)} to {percent(high)})  "
                f"cross-entropy {row['cross_entropy']:.4f}"
            )
        else:
            lines.append(
                f"{key:12}  mean squared error {row['mean_squared_error']:.6g}, mean absolute "
                f"error {row['mean_absolute_error']:.6g} ({row['different']} samples{more})"
                + (f", {places_right(row)}" if row["places_right"] is not None else "")
            )
    lines += [*_matrix(result), *result["sentences"]]
    return "\n".join(lines + judged_lines({**result, "test": None, "left_out": ()}))


def _matrix(result: Result) -> list[str]:
    """What is taken for what, by the personalised model where there is one, of the labels that are
    there: a line for each right label. Nothing where they are too many to read.
    """
    which = "personalised" if result["personalised"] else "base"
    row = result[which]
    if not row or "confusion" not in row:
        return []
    counts = np.array(row["confusion"])
    there = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    if not 1 < len(there) <= _MATRIX:
        return []
    names = [called(result["labels"][at], int(at)) for at in there]
    wide = max(len(name) for name in names)
    cells = [[f"{n:,}" for n in line] for line in counts[np.ix_(there, there)]]
    widths = [max(len(names[k]), *(len(line[k]) for line in cells)) for k in range(len(there))]

    def line(first: str, rest: Sequence[str]) -> str:
        padded = (one.rjust(width) for one, width in zip(rest, widths, strict=True))
        return f"  {first:{wide}}  {'  '.join(padded)}"

    told = f"{which}: a line for each right label, a column for what it is taken for"
    return [told, line("", names), *map(line, names, cells)]


COMMAND = Command(
    name="evaluate",
    summary="how good a model is on samples; with a checkpoint, base against personalised",
    description=(
        "Accuracy with a 95 % Wilson interval, cross-entropy and confusion matrix. With a\n"
        "checkpoint also McNemar's exact test of personalised against base. For a model of values\n"
        "mean squared and mean absolute error, and the sign test; where each pixel or word has a\n"
        "class, also the share of right ones and the mean intersection over union.\n"
        "A sample that is another over again is judged once: every figure is of the different\n"
        "ones (different) of the n samples.\n"
        "Samples that are exactly those that the checkpoint was trained on are told as such; of\n"
        "some of them alone it cannot be told. Samples of labels that the model never learnt are\n"
        "left out, and told (left_out); unjudged says why there are no figures (null where there\n"
        "are).\n"
        f"The text shows the matrix up to {_MATRIX} labels, --json always, and of each model\n"
        "balanced_accuracy (the mean over labels of the share of each that is right; a label\n"
        "without samples is left out) and constant_answer (the commonest label, or class of a\n"
        "pixel or word, or which labels mostly are there where several may be; and how many\n"
        "samples or places always saying it gets right, of how many; for other models of values\n"
        "the mean squared error of always giving the mean of these very targets). comparison has\n"
        "verdict and worse_at: the outputs of labels that lost right answers by more than chance,\n"
        "in spite of a gain in all."
    ),
    example=(
        "example: python -m odt_core evaluate digits --samples test.zip --checkpoint me.safetensors"
    ),
    arguments=_arguments,
    run=_run,
    text=_text,
)
