"""`report`: personalise, or take what was personalised, and put all evidence into one zip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odt_core.cli.command import Command, Result
from odt_core.cli.figures import compared, evaluated, judged_lines, why_unjudged
from odt_core.cli.output import check_output, write_model
from odt_core.cli.progress import progress_line
from odt_core.cli.sources import (
    PATH_HELP,
    add_base_test,
    add_model,
    add_paths,
    are_unnamed,
    check_used,
    choice_of,
    find_model,
    labels_of,
    open_base_test,
    open_checkpoint,
    open_model,
    open_tests,
    open_training,
    paths_given,
)
from odt_core.cli.stopping import terminated_as_interrupted
from odt_core.cli.training_options import add_settings, given_settings
from odt_core.errors import (
    ModelError,
    NothingLearntError,
    OdtError,
    SampleError,
    SettingsError,
    TrainingError,
)
from odt_core.graph.files import read_model_file
from odt_core.training.batches import why_other_size
from odt_core.training.checks import check_trainable, why_one_label_alone
from odt_core.training.history import Outcome
from odt_core.training.settings import Settings

if TYPE_CHECKING:
    import numpy as np

    from odt_core.bundled import ModelCard
    from odt_core.checkpoint import Checkpoint
    from odt_core.dialects.contract import Choice
    from odt_core.evidence import Curves, Evidence, Judged, Studies
    from odt_core.runtime import Model
    from odt_core.samples import Samples
    from odt_core.training.events import Event
    from odt_core.worker import Worker

CHECK_SECONDS = 3600


def _arguments(parser: ArgumentParser) -> None:
    add_model(parser)
    add_paths(parser, "--samples", PATH_HELP, required=True)
    add_paths(parser, "--test", "samples to judge by; never trained on")
    add_base_test(parser, "default: those of the model's card")
    parser.add_argument(
        "--checkpoint",
        metavar="C.safetensors",
        help="report on these weights, trained on the samples given (default: train now)",
    )
    parser.add_argument(
        "--from", dest="source", metavar="C.safetensors", help="the weights training began with"
    )
    parser.add_argument("--out", required=True, metavar="OUT.zip", help="the bundle to write")
    add_settings(parser)
    add_paths(
        parser,
        "--others",
        "samples of another person, for the negative control (default: somebody of the "
        "model's card who is not among your samples)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="leave out the studies (negative controls, samples needed, cost): they train up to "
        "23 times",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="unpack the bundle elsewhere and run its reproduce.py in a process of its own",
    )


@dataclass(frozen=True)
class _Given:
    """What the command line names, read."""

    model: Model
    original: bytes
    card: ModelCard
    choice: Choice
    settings: Settings  # to train with
    source: Checkpoint | None  # what training begins with
    checkpoint: Checkpoint | None  # what is trained already
    samples: Samples
    test: Samples | None
    others: Samples | None
    base_test: Samples | None  # of the model's card, as replay
    replay: Samples | None
    left_out: list[str]  # what is said of samples that are, "" of none


def _given(options: Namespace) -> _Given:
    model = open_model(options)
    check_used(model)
    if not options.checkpoint:  # else nothing has to be trained
        check_trainable(model.contract)
    source = open_checkpoint(options.source, model) if options.source else None
    checkpoint = open_checkpoint(options.checkpoint, model) if options.checkpoint else None
    settings = given_settings(options, model)
    if checkpoint is not None and settings:
        name = next(iter(settings)).replace("_", "-")
        raise SettingsError(
            f"--{name} would change nothing: the weights in {options.checkpoint} are trained "
            "already. Leave one of the two out."
        )
    weights = checkpoint or source
    labels = labels_of(weights, model)
    unnamed = are_unnamed(labels, model, weights)
    samples, test, said = open_training(options, model, labels, unnamed=unnamed)
    left_out = [said]
    others = None
    if options.others:
        others, said = open_tests(options.others, model, samples.labels)
        left_out.append(said)
    base_test, said = open_base_test(options, model, samples.labels)
    left_out.append(said)
    labels = model.labels if model.has_names else samples.labels
    card = replace(model.card, labels=labels)
    return _Given(
        model=model,
        original=read_model_file(find_model(options.model)),
        card=card,
        choice=choice_of(options),
        settings=replace(Settings.from_json(model.card.settings), **settings),
        source=source,
        checkpoint=checkpoint,
        samples=samples,
        test=test,
        others=others,
        base_test=base_test,
        replay=card.load_replay(),
        left_out=left_out,
    )


def _run(options: Namespace) -> Result:
    with terminated_as_interrupted():
        return _report(options)


def _report(options: Namespace) -> Result:
    from odt_core.evidence import bundle
    from odt_core.evidence.study_facts import study_facts
    from odt_core.worker import Worker, warm_up

    out = Path(options.out)
    samples = paths_given(options.samples, options.test, options.base_test, options.others)
    weights = map(Path, filter(None, (options.source, options.checkpoint)))
    check_output(out, find_model(options.model), *samples, *weights, kind=".zip")
    warm_up()  # while the samples are read
    given = _given(options)
    # Whatever runs the model does so in a process of its own, which cannot reach the network.
    with Worker.start(given.original, given.card, given.model.name, given.choice) as worker:
        evidence = _evidence(options, given, worker)
        labels = given.samples.labels
        packed = bundle(
            evidence, lambda predicts: worker.bake(inference_only=predicts, labels=labels)
        )
    error = None
    try:
        write_model(out, packed)
    except ModelError as failure:  # the figures are worth having all the same
        error = str(failure)
    known = given.card.labels.used
    judged = {
        name: compared(one.base, one.own, one.claims(known))
        for name, one in evidence.judged.items()
    }
    studies, curves, test = evidence.studies, evidence.curves, given.test
    return {
        "bundle": None if error else options.out,
        "bytes": len(packed),
        "steps": evidence.checkpoint.meta.step,
        "batches": _batches(given) or None,
        "notice": _notice(given) or None,
        "test": judged.get("test"),
        "base_test": judged.get("base_test"),
        "base_task": judged.get("base_test"),  # the name in scripts of others: it stays
        "unjudged": None if test is None else why_unjudged(given.model.contract, test),
        "left_out": [said for said in given.left_out if said],
        "origin": evidence.origin.beginning.value,
        "origin_sentence": evidence.origin.sentence,
        "cost": studies.cost.to_json() if studies.cost else None,
        "studies": study_facts(studies),
        "check": _check(out) if options.check and not error else None,
        "outcome": curves.outcome.value if curves and curves.outcome else None,
        "message": curves.message if curves is not None else None,
        "error": error,
    }


def _evidence(options: Namespace, given: _Given, worker: Worker) -> Evidence:
    """All that is known of the weights that were given, or that are trained now."""
    from odt_core.evaluation.over_again import copies, exact_copies
    from odt_core.evidence import Evidence, Studies, checked, look_inside, trace, with_leak

    tests, of_the_base = given.test, given.base_test
    same = None if tests is None else copies(tests, given.model.preprocessing)
    data, checkpoint, curves = _weights(options, given, worker, same)
    test = _judge(worker, given, tests, same)
    if test is not None:
        test = checked(test, given.samples, checkpoint, given.card, given.replay)
    same = None if of_the_base is None else exact_copies(of_the_base.x, of_the_base.y)
    base_test = _judge(worker, given, of_the_base, same)
    if base_test is not None and options.base_test:  # else it is of the model's card
        base_test = with_leak(base_test, given.samples, checkpoint, given.card, given.replay)
    studies = Studies(reasons=("Nothing was studied: --quick was given.",))
    if not options.quick:
        studies = _study(given, checkpoint, worker)
    samples = given.samples
    asked = [None if one is None else one.samples for one in (test, base_test)]
    inside = look_inside(worker, samples.labels, samples, asked[0], asked[1])  # as in the bundle
    origin = trace(
        checkpoint,
        samples,
        given.replay,
        start=given.source.state if given.source is not None else None,
        from_base=curves is not None and given.source is None,
    )
    return Evidence(
        model=given.original,
        card=given.card,
        checkpoint_file=data,
        samples=samples,
        origin=origin,
        test=test,
        base_test=base_test,
        replay=given.replay,
        choice=given.choice,
        curves=curves,
        studies=studies,
        inside=inside,
        contract=given.model.contract,
    )


def _weights(
    options: Namespace, given: _Given, worker: Worker, same: np.ndarray | None
) -> tuple[bytes, Checkpoint, Curves | None]:
    """(file of the personalised weights, what it holds, curves if they are trained now). The worker
    holds them from then on. same: the test samples that are others over again, as `copies`.
    """
    from odt_core.checkpoint import load_checkpoint
    from odt_core.evaluation.over_again import once

    if given.checkpoint is not None:
        worker.load_state(given.checkpoint.state)
        return Path(options.checkpoint).read_bytes(), given.checkpoint, None
    if given.source is not None:
        worker.load_state(given.source.state)
    test = None if given.test is None else once(given.test, same)
    data, curves = _train(
        worker, given.samples, given.settings, test, given.replay, given.base_test
    )
    return data, load_checkpoint(data), curves


def _batches(given: _Given) -> str:
    """What to know of the batch size of the training; "" where there is nothing, or no training."""
    if given.checkpoint is not None:
        return ""
    return why_other_size(given.settings, given.model.contract)


def _notice(given: _Given) -> str:
    """What to know of the samples of the training; "" where there is nothing, or no training."""
    if given.checkpoint is not None:
        return ""
    replay = given.replay if given.settings.replay > 0 else None
    return why_one_label_alone(given.model.contract, given.samples, replay)


def _judge(
    worker: Worker, given: _Given, group: Samples | None, same: np.ndarray | None
) -> Judged | None:
    """As both models answer. same: as of `answered`."""
    from odt_core.evidence import Judged

    if group is None or not len(group) or why_unjudged(given.model.contract, group):
        return None
    base = None if worker.base_uninitialised else worker.base
    return Judged(group, *evaluated(base, worker.own, group, given.samples.labels, same))


def _train(
    worker: Worker,
    samples: Samples,
    settings: Settings,
    test: Samples | None,
    replay: Samples | None,
    base_test: Samples | None,
) -> tuple[bytes, Curves]:
    """(checkpoint at the end, curves)."""
    from odt_core.checkpoint import save_checkpoint
    from odt_core.evidence import Curves
    from odt_core.training.callbacks import Reason
    from odt_core.training.events import Ended, Evaluated, Failed, Progressed, Saved

    events: list[Event] = []
    saved: list[Checkpoint] = []
    ended = threading.Event()

    def hear(event: Event) -> None:
        if isinstance(event, Saved):
            if event.reason is Reason.END:  # of the others nothing is needed
                saved.append(event.checkpoint)
            return
        events.append(event)
        if isinstance(event, Ended | Failed):
            ended.set()

    worker.fit(
        samples,
        settings,
        test=test,
        replay=replay if settings.replay else None,
        base_test=base_test,
        on_event=hear,
        autosave_seconds=1e9,
    )
    try:
        ended.wait()
    except KeyboardInterrupt:  # what was learnt so far is reported
        worker.stop()
        ended.wait()
    end = events[-1]
    if isinstance(end, Failed):
        raise TrainingError(end.message)
    assert isinstance(end, Ended)
    if not end.learnt:
        raise NothingLearntError(f"There is nothing to report on. {end.message}")
    records = tuple(r for event in events if isinstance(event, Progressed) for r in event.records)
    evaluations = tuple(e.evaluation for e in events if isinstance(e, Evaluated))
    curves = Curves(records, evaluations, end.outcome, end.message)
    return save_checkpoint(saved[-1]), curves


def _study(given: _Given, checkpoint: Checkpoint, worker: Worker) -> Studies:
    """All studies, with the settings that the checkpoint was trained with, in a worker of their
    own; what Ctrl+C ends is left out. worker: has looked at most of the samples already.
    """
    from odt_core.evidence import Studies, study_all
    from odt_core.studies import WorkerTrainer, other_person
    from odt_core.studies.judging import left_to_judge

    card, samples, others = given.card, given.samples, given.others
    extract = given.model.contract.extract if given.model.contract.keeps_features else None
    as_features = extract is not None and not extract.reads  # no checkpoint changes what these are
    tests, left_out = given.test, ""

    def seen(group: Samples | None) -> Samples | None:
        if group is None or not as_features:
            return group
        return replace(group, x=worker.bottlenecks(group.x))

    if as_features and tests is not None and len(tests):
        # Of features nobody could tell that a picture was resized.
        try:
            tests, left_out = left_to_judge(samples, tests, card)
        except SampleError as error:
            tests, left_out = None, str(error)
    try:
        settings = Settings.from_json(checkpoint.meta.settings or card.settings)
        if others is None and not given.model.contract.measures_errors:
            others = other_person(card, samples.labels, samples)
        name, own = given.model.name, seen(samples)
        assert own is not None
        with (
            WorkerTrainer.start(given.original, card, name, given.choice) as trainer,
            progress_line() as say,
        ):
            return study_all(
                trainer,
                own,
                seen(tests),
                settings,
                others=seen(others),
                replay=seen(given.replay) if settings.replay else None,
                base_test=seen(given.base_test),
                asked=samples.x,
                left_out=left_out,
                progress=lambda now: say(f"{100 * now.share:.0f} %  {now.doing}"),
            )
    except (OdtError, TypeError) as error:
        return Studies(reasons=(f"Nothing was studied. {error}",))
    except KeyboardInterrupt:
        return Studies(reasons=("The studies were stopped.",))


def _check(out: Path) -> dict[str, Any]:
    """What the bundle's own reproduce.py says, unpacked elsewhere, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(out) as archive:
            archive.extractall(folder)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        try:
            done = subprocess.run(
                [sys.executable, "reproduce.py", "--json"],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=CHECK_SECONDS,
            )
        except subprocess.TimeoutExpired:
            message = f"It did not end within {CHECK_SECONDS} seconds. Run it by hand."
            return {"exit_code": None, "identical": None, "message": message}
    try:
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        said = {"identical": None, "message": " ".join(done.stderr.split())[-500:]}
    return {"exit_code": done.returncode, **said}


def _text(result: Result) -> str:
    lines = [f"{result['bundle']}  {result['bytes'] / 1e6:.1f} MB. {result['origin_sentence']}"]
    if result["error"]:
        lines = [result["origin_sentence"]]
    if result["outcome"] in (Outcome.DIVERGED.value, Outcome.STOPPED.value):
        lines.append(result["message"])
    lines += [said for said in (result["batches"], result["notice"]) if said]
    lines += judged_lines(result)
    studies = result["studies"]
    for study in (studies["controls"], studies["samples_needed"], result["cost"]):
        lines += [study["sentence"]] if study else []
    lines += studies["reasons"]
    check = result["check"]
    if check:
        verdict = {True: "identical, bit for bit", False: "NOT identical", None: "not tried"}
        lines.append(f"trained again from the bundle alone: {verdict[check['identical']]}")
        lines += _why_not(check)
    return "\n".join(lines)


def _why_not(check: dict[str, Any]) -> list[str]:
    """What is wrong, in words; nothing where reproduce.py found all as it was published."""
    lines = [f"not as published: {name}" for name in check.get("changed_files", [])]
    lines += [*check.get("differences", []), *check.get("contradictions", [])]
    return [*lines, check["message"]] if check.get("message") else lines


def _code(result: Result) -> int:
    check = result["check"]
    diverged = result["outcome"] == Outcome.DIVERGED.value
    return 1 if diverged or (check and check["exit_code"] != 0) else 0


COMMAND = Command(
    name="report",
    summary="all evidence in one zip: cards, charts, weights, and a script that trains again",
    description=(
        "Write a bundle: model card, personalisation card, charts, samples, checkpoint, .tflite\n"
        "files, and reproduce.py, which from the bundle alone trains again and says whether the\n"
        "weights are identical, bit for bit. Without --checkpoint it trains first; with\n"
        "--json `batches` says where the model does so with another batch size, `notice` where\n"
        "all that it trains on is of one label. Then it trains from the base model again and\n"
        "again for the studies: negative controls, samples needed and cost; --quick leaves them\n"
        "out. With --check it runs reproduce.py at once, and\n"
        "ends with exit code 1 unless the weights, and whatever the card and its page say of\n"
        "answers, come out again as published; with --json its answer is `check`, and names what\n"
        "is not computed again. The exit code is 1 too where training diverged; no bundle is\n"
        "written where nothing was learnt."
    ),
    example=(
        "example: python -m odt_core report digits --samples me.zip --test more.zip --out "
        "bundle.zip --check"
    ),
    arguments=_arguments,
    run=_run,
    text=_text,
    code=_code,
)
