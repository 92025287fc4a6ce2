"""What must hold before a run may start, and what ties a progress to its run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping

import numpy as np

from odt_core.checkpoint.progress import Progress
from odt_core.dialects.contract import Contract, Task
from odt_core.errors import TrainingError
from odt_core.kinds import check_kind, kind_of
from odt_core.runtime.checks import check_rows_finite, no_initial_values
from odt_core.runtime.session import Session
from odt_core.runtime.weights import weights_of
from odt_core.samples import Augmentation, Samples, check_samples
from odt_core.training.average import is_averaged
from odt_core.training.callbacks import Callback
from odt_core.training.control import Control
from odt_core.training.sets import Sets
from odt_core.training.settings import Settings

_OF_SAMPLES = ("test", "replay", "base_test")
_KINDS: dict[str, type] = {
    "start": Progress,
    "control": Control,
    "augmentation": Augmentation,
    "base": Session,
}


def check_kinds(
    session: object, samples: object, callbacks: Iterable[object], **others: object
) -> None:
    """SampleError or TrainingError unless `fit` was given what it takes. others: its other
    arguments by name, None where they were left out.
    """
    if not isinstance(session, Session):
        raise TrainingError(f"fit() takes a session (model.session()), not {kind_of(session)}.")
    check_samples(samples, "samples to train on")
    check_kind(callbacks, tuple, "Callbacks come as a list", TrainingError)
    for one in callbacks:
        check_kind(one, Callback, "A callback comes as odt.Callback", TrainingError)
    for name, given in others.items():
        if given is None:
            continue
        if name in _OF_SAMPLES:
            check_samples(given, f"{name} samples")
        else:
            kind = _KINDS[name]
            check_kind(given, kind, f"'{name}' of fit comes as odt.{kind.__name__}", TrainingError)


def check_sets(session: Session, sets: Sets) -> None:
    """Raise TrainingError unless the model can train on what it is to, and be judged by the test
    samples.
    """
    check_trainable(session.contract)
    if session.uninitialised:
        raise TrainingError(no_initial_values("trained"))
    for group, what, learnt in (
        (sets.own, "own samples", True),
        (sets.replay, "replay samples", True),
        (sets.base_test, "base test samples", False),
        (sets.test, "test samples", False),
    ):
        if group is None:
            continue
        if learnt and len(group.y) == 0:
            raise TrainingError("There are no samples to train on. Add a few first.")
        _check_shape(session, group, what)
        _check_finite(group, what)
        if learnt:
            _check_learnt(session.contract, group, what)
        # Those of the base task may come under the model's own labels, whatever the own samples
        # call its outputs.
        if group is sets.test or group.labels != session.model.labels:
            _check_labels(sets.own, group, what)


def check_trainable(contract: Contract) -> None:
    """TrainingError, with the reason and what to do, where no signature trains."""
    if not contract.trainable:
        raise TrainingError(" ".join(contract.notes) or "This model cannot be trained.")


def why_one_label_alone(contract: Contract, samples: Samples, replay: Samples | None) -> str:
    """What to know where all that is trained on is of one label, so that the model has nothing to
    tell it from; "" where there is another, and of a model that tells no labels apart. replay: the
    base samples that are mixed in.
    """
    if not contract.classifies or not len(samples):
        return ""
    trained = samples.y if replay is None else np.concatenate([samples.y, replay.y])
    if len(np.unique(trained)) > 1:
        return ""
    name = samples.labels.called(int(samples.y[0]))
    return (
        f"All that is trained on is of one label, '{name}': with nothing to tell it from, the "
        f"model may come to say '{name}' to everything. Add samples of another label."
    )


def _check_learnt(contract: Contract, samples: Samples, what: str) -> None:
    """what: for messages, as below."""
    dropped = contract.why_not_given_back(samples.x, samples.y)
    if dropped:
        raise TrainingError(f"The {what} cannot be trained on. {dropped}")
    _check_targets(contract.sized(samples.x.shape[1:]), samples.y, what)


def _check_shape(session: Session, samples: Samples, what: str) -> None:
    contract = session.contract
    if not contract.takes(samples.x.shape[1:]) and not session.are_features(samples.x):
        raise TrainingError(
            f"The {what} have shape {list(samples.x.shape)}; this model takes "
            f"{['N', *contract.input_shape]}. Prepare them with model.prepare()."
        )


def _check_finite(samples: Samples, what: str) -> None:
    with np.errstate(over="ignore"):
        x = np.asarray(samples.x, np.float32)  # what the model gets
    check_rows_finite(x, "Sample", what, TrainingError)


def _check_labels(samples: Samples, other: Samples, what: str) -> None:
    """Raise TrainingError where a label that both use is another output in each."""
    names = {name: at for at, name in enumerate(samples.labels.names) if name is not None}
    if other.y.dtype.kind == "f":
        return
    for at in np.unique(other.y):
        name = other.labels.names[at]
        if name is not None and names.get(name, at) != at:
            raise TrainingError(
                f"'{name}' is output {at} of the {what} and output {names[name]} of the own "
                f"samples. Give both the same labels, in the same order."
            )


def _check_targets(contract: Contract, y: np.ndarray, what: str) -> None:
    if contract.task is Task.RECONSTRUCTION:
        return
    if contract.task is Task.VALUES:
        if y[:1].size != int(np.prod(contract.target_shape)):
            raise TrainingError(
                f"The {what} have targets of shape {list(y.shape)}; this model learns "
                f"{['N', *contract.target_shape]}. Give one target of that shape per sample."
            )
        if contract.why_not_learnt(y):
            every = ((k, contract.why_not_learnt(one)) for k, one in enumerate(y, start=1))
            first, wrong = next((k, why) for k, why in every if why)
            raise TrainingError(
                f"The target of number {first} of the {what} has {wrong}. Correct or remove it."
            )
        return
    if y.dtype.kind not in "iu" or y.ndim != 1:
        raise TrainingError(
            f"The {what} have {y.dtype} targets of shape {list(y.shape)}; this model is "
            f"taken for one that learns labels, as whole numbers [N]. If it learns numbers, say "
            f"so: model.with_choice(odt.Choice(task=odt.Task.VALUES)), or --use task=values."
        )
    count = contract.labels_count
    if count and (y.min() < 0 or y.max() >= count):
        raise TrainingError(
            f"The {what} have labels up to {y.max()}, but the model has {count} outputs, "
            f"0 to {count - 1}."
        )


def fingerprint(
    settings: Settings,
    samples: Samples,
    replay: Samples | None,
    augmentation: Augmentation | None = None,
) -> str:
    """A hash of all that decides the steps of a run besides the model, and of how it is judged:
    numbers as the model takes them, in whichever dtype they are given.
    """
    digest = hashlib.sha256(json.dumps(settings.to_json(), sort_keys=True).encode())
    for group in (samples, replay):
        if group is not None:
            _add_to(digest, group)
    if augmentation is not None:
        digest.update(repr(augmentation).encode())
    return digest.hexdigest()


def samples_digest(samples: Samples) -> str:
    """A hash of samples and targets, likewise."""
    digest = hashlib.sha256()
    _add_to(digest, samples)
    return digest.hexdigest()


def _add_to(digest: hashlib._Hash, samples: Samples) -> None:
    digest.update(str(samples.x.shape).encode())
    targets = np.float32 if samples.y.dtype.kind == "f" else np.int64
    digest.update(np.ascontiguousarray(samples.x, np.float32).tobytes())
    digest.update(np.ascontiguousarray(samples.y, targets).tobytes())


def check_average(start: Progress, state: Mapping[str, np.ndarray], broken: set[str]) -> None:
    """Raise TrainingError unless the weights that a run has averaged so far are sums of the model's
    own variables. state: all of these. broken: those that the file gives no finite numbers.
    """
    shapes = {name: array.shape for name, array in state.items() if is_averaged(name, array)}
    sums = {name: np.shape(array) for name, array in start.average.items()}
    usable = is_finite(start.average, broken)
    if sums != (shapes if start.average_count else {}) or not usable:
        raise TrainingError(
            "This run cannot go on: the averaged weights that it stopped with are damaged, or "
            "another model's. Start a new run; it begins with the weights you have now."
        )


def is_finite(state: Mapping[str, np.ndarray], but: Collection[str] = ()) -> bool:
    """Whether every floating-point variable but these holds finite numbers alone."""
    return all(
        bool(np.isfinite(array).all())
        for name, array in state.items()
        if name not in but and np.issubdtype(array.dtype, np.floating)
    )


def infinite_by_design(session: Session) -> frozenset[str]:
    """Names of the variables that are not finite in the model's file, nor now, and may be: such as
    a mask or the lowest loss so far. A weight that is NaN, or that training changes, may not.
    """
    model = session.model
    names = {one.name for one in model.description.variables if not one.finite}
    if not names:
        return frozenset()
    state, weights = session.state(), weights_of(model.description, model.contract)
    train = model.description.signature(model.contract.train[0].signature)
    changes = train.assigns if train is not None else ()
    spoilt = {name for name in names & weights if name in changes or np.isnan(state[name]).any()}
    return frozenset(name for name in names - spoilt if not np.isfinite(state[name]).all())
