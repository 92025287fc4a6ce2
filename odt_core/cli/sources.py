"""Models, checkpoints and samples as the command line names them."""

from __future__ import annotations

import logging
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from odt_core.dialects.contract import Choice
from odt_core.errors import ModelError, SampleError, SignatureError
from odt_core.words import count, some_of

if TYPE_CHECKING:
    from odt_core.checkpoint import Checkpoint
    from odt_core.runtime import Model
    from odt_core.samples import Labels, RawSamples, Samples

_log = logging.getLogger(__name__)

PATH_HELP = (
    "a folder with one folder of images per label, or with a labels.csv that names them, a zip of "
    "one, an .npz with x (uint8 images, or numbers in the model's input shape) and y (labels, or "
    "targets for a model of numbers); a table (.csv, .tsv, .txt, .json, .jsonl, .ndjson, each also "
    "as .gz); for a model of masks folders images and masks; for one of windows of time .csv files "
    "of their rows (punch.csv, or punch/01.csv in a folder or zip), for one of sound .wav files; "
    "given again, they are taken together, such as Teachable Machine's zips, one for each label"
)
MODEL_HELP = "a .tflite file, or the name of a bundled one (digits, photos)"
_USES = tuple(field.name for field in fields(Choice))  # what --use corrects


def add_model(parser: ArgumentParser) -> None:
    """The MODEL argument, and --use, which corrects what its signatures are taken for."""
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument(
        "--use",
        metavar="WHAT=NAME",
        action="append",
        default=[],
        help="correct what `inspect` says of the model, such as --use task=values --use "
        f"prediction=scores; WHAT is one of {', '.join(_USES)}",
    )


def add_paths(parser: ArgumentParser, option: str, says: str, *, required: bool = False) -> None:
    """An option that names samples, once or several times: all of them are meant."""
    parser.add_argument(option, action="append", required=required, metavar="PATH", help=says)


def paths_given(*options: Sequence[str] | None) -> list[Path]:
    """All that such options name."""
    return [Path(path) for given in options for path in given or ()]


def add_checkpoint(parser: ArgumentParser) -> None:
    """The --checkpoint option of commands that read one."""
    parser.add_argument(
        "--checkpoint", metavar="C.safetensors", help="use these weights instead of the file's own"
    )


def find_model(name: str) -> Path:
    """The path itself, else that of the bundled model of that name, which a folder of samples may
    have too.
    """
    from odt_core.bundled import bundled_models

    path = Path(name)
    try:
        folder, there = path.is_dir(), path.exists()
    except OSError as error:
        raise ModelError(f"{name[:60]}… cannot be read: {error.strerror}.") from error
    if there and not folder:
        return path
    bundled = {model.stem: model for model in bundled_models()}
    if folder and name not in bundled:
        raise ModelError(f"{name} is a folder. Give a .tflite file.")
    return bundled.get(name, path)


def open_model(options: Namespace) -> Model:
    """The model at a path, else the bundled model of that name, used as --use says."""
    from odt_core.runtime import load_model

    model = load_model(find_model(options.model))
    choice = choice_of(options)
    return model.with_choice(choice) if choice else model


def check_used(model: Model) -> None:
    """ModelError where no signature was taken for training or predicting, so that nobody knows what
    a sample is.
    """
    contract = model.contract
    if contract.infer is None and not contract.trainable:
        raise ModelError(f"{model.name} cannot be used. {' '.join(contract.notes)}")


def choice_of(options: Namespace) -> Choice:
    """What --use says; SignatureError where it cannot be read."""
    given = {}
    for text in options.use:
        what, _, name = text.partition("=")
        if what not in _USES or not name:
            raise SignatureError(
                f"--use {text} says nothing that can be used. Write WHAT=NAME, WHAT being one of: "
                f"{', '.join(_USES)}."
            )
        given[what] = name
    try:
        return Choice.from_json(given)
    except SignatureError as error:
        raise SignatureError(f"--use: {error} `inspect --json` shows such values.") from None


def open_checkpoint(path: str, model: Model) -> Checkpoint:
    """The checkpoint at a path; CheckpointError unless it belongs to the model."""
    from odt_core.checkpoint import load_checkpoint_file

    return load_checkpoint_file(path, model)


def labels_of(checkpoint: Checkpoint | None, model: Model) -> Labels:
    """The labels that the checkpoint was trained with, else the model's own."""
    from odt_core.runtime.names import labels_in

    return model.labels if checkpoint is None else labels_in(checkpoint, model)


def are_unnamed(labels: Labels, model: Model, checkpoint: Checkpoint | None = None) -> bool:
    """Whether nobody has said what the model's outputs stand for: they may take any names. Those of
    a checkpoint that was trained under their numbers may not.
    """
    if model.contract.measures_errors or labels != model.labels or model.has_names:
        return False
    return checkpoint is None or not (checkpoint.meta.labels and _is_trained(checkpoint, model))


def _is_trained(checkpoint: Checkpoint, model: Model) -> bool:
    """Whether it has other weights than the file; Session.checkpoint does not count steps."""
    from odt_core.runtime.weights import are_changed

    if checkpoint.meta.step:
        return True
    session = model.session()
    return session.uninitialised or are_changed(
        model.description, model.contract, session.state(), checkpoint.state
    )


def open_training(
    options: Namespace, model: Model, labels: Labels, *, unnamed: bool
) -> tuple[Samples, Samples | None, str]:
    """(what --samples names, what --test names, what is said of samples of that which are left out)
    in the model's input shape; labels the model does not know take its free outputs, or those that
    have numbers for names. For a model of values each comes with its target. labels: of the weights
    to begin with, or to judge.

    unnamed: whether nobody has named the outputs. They take the labels of both together, so that
    neither means others than it does alone; a name that is of test samples only is not kept, as it
    is not learnt. Where both are more than the outputs, these take those of the samples.
    """
    from odt_core.samples.labels import clean_label, folded, in_order

    known = () if unnamed else labels.names
    raw = _read(options.samples, model, known, test=False)
    known = (*known, *_labels_in(raw))
    tests = _read(options.test, model, known, test=True) if options.test else None
    if unnamed:
        learnt = _labels_in(raw)
        own = set(map(folded, learnt))
        others = _labels_in(tests) if tests is not None else []
        every = [*learnt, *(name for name in others if folded(name) not in own)]
        if len(in_order(map(clean_label, every))) > len(labels):
            every = learnt  # those of the test samples alone are left out
        named = _named_after(every, labels)
        labels = labels if named == labels else named.of(learnt)
    samples = _prepared(raw, model, labels)
    if tests is None:
        return samples, None, ""
    return samples, *_to_judge(tests, model, samples.labels, options.test)


def open_tests(
    paths: Sequence[str],
    model: Model,
    labels: Labels,
    *,
    unnamed: bool = False,
    who: str = "the model",
) -> tuple[Samples, str]:
    """(samples to judge a model by, what is said of those that are left out; "" where none are). Of
    a source of both training and test samples these are taken. labels: that the model has learnt;
    samples of others are left out, since which output stands for them nobody can tell.

    unnamed: whether nobody has named the outputs. SampleError where these samples do not tell which
    stands for which; and where none is left. who: the model, as it is spoken of.
    """
    raw = _read(paths, model, () if unnamed else labels.names, test=True)
    if unnamed:
        labels = _named_after(_labels_in(raw), labels)
        if None in labels.names:
            raise SampleError(_untold(paths, labels))
    return _to_judge(raw, model, labels, paths, who)


def _labels_in(raw: RawSamples) -> list[str]:
    """Each once, as they come."""
    return [label for label in dict.fromkeys(raw.labels) if label]


def _named_after(given: Sequence[str], labels: Labels) -> Labels:
    """Those of outputs that have but numbers, as these labels of samples name them together."""
    named = labels.named_after(given)
    if told := named.counted_from_0(given):
        _log.warning("%s If they count from 1, give samples of all labels.", told)
    return named


def _to_judge(
    raw: RawSamples, model: Model, labels: Labels, paths: Sequence[str], who: str = "the model"
) -> tuple[Samples, str]:
    left_out = ""
    if model.contract.classifies:
        raw, left_out = _of_learnt(raw, labels, ", ".join(paths), who)
    return _prepared(raw, model, labels), left_out


def _read(
    paths: Sequence[str], model: Model, known: Iterable[str | None], *, test: bool
) -> RawSamples:
    """All that they hold, one after the other. known: names that are labels already."""
    from odt_core.samples import RawSamples, Subset, read_samples

    check_used(model)
    contract = model.contract
    names = [name for name in known if name]
    return RawSamples.together(
        [
            read_samples(
                path,
                input_shape=contract.input_shape,
                target_shape=contract.asked_targets,
                inputs=contract.input_sizes,
                labels=names,
                subset=Subset.TEST if test else Subset.TRAINING,
            )
            for path in paths
        ]
    )


def _prepared(raw: RawSamples, model: Model, labels: Labels) -> Samples:
    preprocessing = model.preprocessing
    raw = preprocessing.as_pictures(raw)
    if model.contract.free_axes and len(raw) and raw.items[0].dtype.kind == "f":
        # An input of any size takes the size that the samples have.
        preprocessing = replace(preprocessing, shape=raw.items[0].shape)
    return model.prepare(raw, labels=labels, preprocessing=preprocessing)


def _of_learnt(raw: RawSamples, labels: Labels, source: str, who: str) -> tuple[RawSamples, str]:
    """The samples of these labels, and what is said of the others."""
    from odt_core.samples.labels import clean_label, in_order

    names = [clean_label(name) if name.strip() else None for name in raw.labels]
    # One without a label stays: what it lacks is said where samples are prepared.
    known = {name for name in set(names) if name is None or labels.taken_for(name) is not None}
    learnt = [at for at, name in enumerate(names) if name in known]
    others = in_order(name for name in names if name is not None and name not in known)
    if not others:
        return raw, ""
    told = some_of([f"'{name}'" for name in others])
    if not learnt:
        theirs = some_of([f"'{name}'" for name in labels.names if name is not None])
        raise SampleError(
            f"None of the {count(len(raw), 'sample')} in {source} is of a label that {who} has "
            f"learnt: theirs are {told}, {who}'s {theirs}. Judge it by samples of these."
        )
    many = len(raw) - len(learnt)
    are = "is of a label" if many == 1 else f"are of {'labels' if len(others) > 1 else 'a label'}"
    return raw.take(learnt), (
        f"{many:,} of the {count(len(raw), 'sample')} in {source} {are} that {who} never learnt "
        f"({told}): left out."
    )


def add_base_test(parser: ArgumentParser, without: str) -> None:
    """--base-test; without: what holds where it is not given."""
    add_paths(
        parser,
        "--base-test",
        "samples of what the base model could do already, to see what is forgotten; never "
        f"trained on ({without})",
    )


def open_base_test(options: Namespace, model: Model, labels: Labels) -> tuple[Samples | None, str]:
    """What --base-test names, as `open_tests` gives it, of the labels that the base model has, also
    of those that a person turned off, else those of the model's card. labels: that it is asked with
    where the base model has none, or but numbers.
    """
    if not options.base_test:
        return model.card.load_base_test(), ""
    if not (model.has_names and model.labels.used.any()):
        return open_tests(options.base_test, model, labels)
    return open_tests(options.base_test, model, model.labels, who="the base model")


def _untold(paths: Sequence[str], labels: Labels) -> str:
    """What is said of too few labels to tell which output stands for which."""
    found = [name for name in labels.names if name is not None]
    shown = ", ".join(f"'{name}'" for name in found[:5]) + (", …" if len(found) > 5 else "")
    return (
        f"{', '.join(paths)} {'has' if len(paths) == 1 else 'have'} {count(len(found), 'label')} "
        f"({shown}), and the model {len(labels)} outputs "
        "that nobody has named: which of them stand for these cannot be told. Judge it by samples "
        f"of all {len(labels)} labels, or give a checkpoint that was trained under their names."
    )
