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
from odt_core.cli.figures import figure_of, told
from odt_core.cli.output import check_output, write_model
from odt_core.cli.sources import (
    PATH_HELP,
    add_model,
    choice_of,
    find_model,
    has_names,
    labels_of,
    open_checkpoint,
    open_model,
    open_samples,
)
from odt_core.cli.stopping import terminated_as_interrupted
from odt_core.cli.training_options import add_settings, given_settings
from odt_core.errors import ModelError, NothingLearntError, OdtError, SettingsError, TrainingError
from odt_core.graph.files import read_model_file
from odt_core.training.history import Outcome
from odt_core.training.settings import Settings

if TYPE_CHECKING:
    from odt_core.bundled import ModelCard
    from odt_core.checkpoint import Checkpoint
    from odt_core.dialects.contract import Choice
    from odt_core.evidence import Judged, Studies
    from odt_core.runtime import Model
    from odt_core.samples import Labels, Samples
    from odt_core.studies import Progress
    from odt_core.training.events import Event
    from odt_core.worker import Worker

CHECK_SECONDS = 3600


def _arguments(parser: ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument("--samples", required=True, metavar="PATH", help=PATH_HELP)
    parser.add_argument("--test", metavar="PATH", help="samples to judge by; never trained on")
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
    parser.add_argument(
        "--others",
        metavar="PATH",
        help="samples of another person, for the negative control (default: somebody of the "
        "model's card who is not among your samples)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="leave out the studies (negative controls, samples needed, cost): they train up to "
        "21 times",
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
    source: Checkpoint | None  # what training begins with
    checkpoint: Checkpoint | None  # what is trained already
    samples: Samples
    test: Samples | None
    others: Samples | None


def _given(options: Namespace) -> _Given:
    model = open_model(options)
    source = open_checkpoint(options.source, model) if options.source else None
    checkpoint = open_checkpoint(options.checkpoint, model) if options.checkpoint else None
    settings = given_settings(options, model)
    if checkpoint is not None and settings:
        name = next(iter(settings)).replace("_", "-")
        raise SettingsError(
            f"--{name} would change nothing: the weights in {options.checkpoint} are trained "
            "already. Leave one of the two out."
        )
    samples = open_samples(options.samples, model, labels_of(checkpoint or source, model))

    def group(path: str | None) -> Samples | None:
        return open_samples(path, model, samples.labels, test=True) if path else None

    labels = model.labels if has_names(model) else samples.labels
    return _Given(
        model=model,
        original=read_model_file(find_model(options.model)),
        card=replace(model.card, labels=labels),
        choice=choice_of(options),
        source=source,
        checkpoint=checkpoint,
        samples=samples,
        test=group(options.test),
        others=group(options.others),
    )


def _run(options: Namespace) -> Result:
    with terminated_as_interrupted():
        return _report(options)


def _report(options: Namespace) -> Result:
    from odt_core.checkpoint import load_checkpoint
    from odt_core.evidence import (
        Curves,
        Evidence,
        Studies,
        bundle,
        checked,
        empty_base,
        look_inside,
        trace,
    )
    from odt_core.evidence.study_facts import study_facts
    from odt_core.worker import Worker, warm_up

    out = Path(options.out)
    paths = (options.samples, options.test, options.others, options.source, options.checkpoint)
    read = [find_model(options.model), *(Path(path) for path in paths if path)]
    check_output(out, *read, kind=".zip")
    warm_up()  # while the samples are read
    given = _given(options)
    model, samples, test, checkpoint = given.model, given.samples, given.test, given.checkpoint
    base_test, replay = given.card.load_base_test(), given.card.load_replay()
    trained = checkpoint is None
    # Whatever runs the model does so in a process of its own, which cannot reach the network.
    with Worker.start(given.original, given.card, model.name, given.choice) as worker:
        curves = Curves()
        empty = worker.uninitialised  # the file holds no weights: the base model cannot answer
        if checkpoint is not None:
            data = Path(options.checkpoint).read_bytes()
            worker.load_state(checkpoint.state)
        else:
            settings = Settings.from_json(given.card.settings)
            if given.source is not None:
                worker.load_state(given.source.state)
            wanted = replace(settings, **given_settings(options, model))
            data, curves = _train(worker, samples, wanted, test, replay, base_test)
            checkpoint = load_checkpoint(data)
        judged = {
            name: _judge(worker, group, samples.labels, model, empty)
            for name, group in (("test", test), ("base_test", base_test))
            if group is not None and len(group)
        }
        test_judged = judged.get("test")
        if test_judged is not None:
            test_judged = checked(test_judged, samples, checkpoint, given.card)
        studies = Studies(reasons=("Nothing was studied: --quick was given.",))
        if not options.quick:
            studies = _study(given, checkpoint, replay, base_test, worker)
        inside = look_inside(worker, samples.labels, samples, test, base_test)
        origin = trace(
            checkpoint,
            samples,
            replay,
            start=given.source.state if given.source is not None else None,
            from_base=trained and given.source is None,
        )
        evidence = Evidence(
            model=given.original,
            card=given.card,
            checkpoint_file=data,
            samples=samples,
            origin=origin,
            test=test_judged,
            base_test=judged.get("base_test"),
            replay=replay,
            choice=given.choice,
            curves=curves if trained else None,
            studies=studies,
            inside=empty_base(inside) if empty else inside,
            loss_name=model.contract.loss_note,
        )
        packed = bundle(evidence, lambda predicts: worker.bake(inference_only=predicts))
    error = None
    try:
        write_model(out, packed)
    except ModelError as failure:  # the figures are worth having all the same
        error = str(failure)
    ended = curves.outcome if trained else None
    return {
        "bundle": None if error else options.out,
        "bytes": len(packed),
        "steps": checkpoint.meta.step,
        "test": _summary(test_judged, given),
        "base_task": _summary(judged.get("base_test"), given),
        "origin": origin.beginning.value,
        "origin_sentence": origin.sentence,
        "cost": studies.cost.to_json() if studies.cost else None,
        "studies": study_facts(studies),
        "check": _check(out) if options.check and not error else None,
        "outcome": ended.value if ended is not None else None,
        "message": curves.message if ended is not None else None,
        "error": error,
    }


def _train(
    worker: Worker,
    samples: Samples,
    settings: Settings,
    test: Samples | None,
    replay: Samples | None,
    base_test: Samples | None,
) -> tuple[bytes, Any]:
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
    if not saved[-1].meta.step:
        raise NothingLearntError(f"There is nothing to report on. {end.message}")
    records = tuple(r for event in events if isinstance(event, Progressed) for r in event.records)
    evaluations = tuple(e.evaluation for e in events if isinstance(e, Evaluated))
    curves = Curves(records, evaluations, end.outcome, end.message)
    return save_checkpoint(saved[-1]), curves


def _study(
    given: _Given,
    checkpoint: Checkpoint,
    replay: Samples | None,
    base_test: Samples | None,
    worker: Worker,
) -> Studies:
    """All studies, with the settings that the checkpoint was trained with, in a worker of their
    own; what Ctrl+C ends is left out. worker: has looked at most of the samples already.
    """
    from odt_core.evidence import Studies, study_all
    from odt_core.studies import WorkerTrainer, other_person

    card, samples, others = given.card, given.samples, given.others
    extract = given.model.contract.extract if given.model.contract.keeps_features else None

    def seen(group: Samples | None) -> Samples | None:
        """As features, where no checkpoint changes what these are."""
        if group is None or extract is None or extract.reads:
            return group
        return replace(group, x=worker.bottlenecks(group.x))

    try:
        settings = Settings.from_json(checkpoint.meta.settings or card.settings)
        if others is None and not given.model.contract.measures_errors:
            others = other_person(card, samples.labels, samples)
        name, own = given.model.name, seen(samples)
        assert own is not None
        with WorkerTrainer.start(given.original, card, name, given.choice) as trainer:
            return study_all(
                trainer,
                own,
                seen(given.test),
                settings,
                others=seen(others),
                replay=seen(replay) if settings.replay else None,
                base_test=seen(base_test),
                asked=samples.x,
                progress=_say,
            )
    except (OdtError, TypeError) as error:
        return Studies(reasons=(f"Nothing was studied. {error}",))
    except KeyboardInterrupt:
        return Studies(reasons=("The studies were stopped.",))


def _say(progress: Progress) -> None:
    if sys.stderr.isatty():
        line = f"{100 * progress.share:.0f} %  {progress.doing}"
        print(f"\r{line:<78}", end="", file=sys.stderr, flush=True)


def _judge(
    worker: Worker, samples: Samples, labels: Labels, model: Model, empty: bool
) -> Judged | None:
    from odt_core.evaluation import evaluate
    from odt_core.evidence import Judged

    if not model.contract.scored:
        return None
    base = None if empty else evaluate(worker.base, samples)
    # A label that the person added can also be a wrong answer to a base test sample.
    labels = labels.with_those_of(samples.labels)
    own = evaluate(worker.own, replace(samples, labels=labels))
    return Judged(samples, base, own, labels)


def _summary(judged: Judged | None, given: _Given) -> dict[str, Any] | None:
    if judged is None:
        return None
    found: dict[str, Any] = {"n": judged.own.n}
    for which, evaluation in (("base", judged.base), ("personalised", judged.own)):
        if evaluation is None:
            found[which] = None
        elif evaluation.correct is None:
            found[which] = {"mean_squared_error": evaluation.mean_squared_error}
            if evaluation.places is not None:
                found[which]["places_right"] = evaluation.places.right
        else:
            found[which] = {
                "accuracy": evaluation.accuracy,
                "correct": evaluation.correct,
                "interval": list(evaluation.interval or ()),
            }
    said = judged.claims(given.card.labels.used)
    return found if said is None else found | told(said)


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
    for key, title in (("test", "your test samples"), ("base_task", "base test set")):
        found = result[key]
        if found:
            figures = " → ".join(
                f"{which} {figure_of(found[which])}" for which in ("base", "personalised")
            )
            lines.append(f"{title} ({found['n']})  {figures}")
            lines += found.get("sentences", [])
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
    lines += check.get("differences", [])
    lines += [
        f"{row['model']} on {row['samples']}: published {row['published']}, again {row['again']}"
        for row in check.get("results", [])
        if not row["same"]
    ]
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
        "weights are identical, bit for bit. Without --checkpoint it trains first. Then it trains\n"
        "from the base model again and again for the studies: negative controls, samples needed\n"
        "and cost; --quick leaves them out. With --check it runs reproduce.py at once, and\n"
        "ends with exit code 1 unless all is as published; with --json its answer is `check`. The\n"
        "exit code is 1 too where training diverged; no bundle is written where nothing was learnt."
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
