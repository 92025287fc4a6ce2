"""A session: one model's variables in one interpreter, trained and asked through one contract."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from odt_core.byte_order import native
from odt_core.checkpoint.fitting import check_finite
from odt_core.dialects.contract import Contract, InferRole, OutputKind, Task, TrainRole
from odt_core.dialects.targets import encode
from odt_core.errors import ModelError, SignatureError, TrainingError
from odt_core.runtime import tf_checkpoint
from odt_core.runtime.checks import SampleCheck, as_array, check_rows_finite, no_initial_values
from odt_core.runtime.chunks import Chunks
from odt_core.runtime.feeding import TrainInputs, calls, filled
from odt_core.runtime.frozen import FrozenPart, own_names
from odt_core.runtime.interpreter import BoundSignature, Interpreter
from odt_core.runtime.micro_batches import MicroBatches
from odt_core.runtime.model import DEFAULT_RATE
from odt_core.runtime.names import labels_in
from odt_core.runtime.remembered import Remembered
from odt_core.runtime.rows import Rows
from odt_core.runtime.scores import answers
from odt_core.runtime.variables import Variables

if TYPE_CHECKING:
    from odt_core.checkpoint import Checkpoint, Progress
    from odt_core.runtime.model import Model
    from odt_core.samples import Labels
    from odt_core.training.settings import Settings


class _Rate(NamedTuple):
    """A learning rate: given with every step, or in variables by name."""

    given: float | None
    variables: dict[str, np.ndarray]


class Session:
    """A model's own variables. Not thread-safe: LiteRT crashes when two threads share an
    interpreter, so every call checks that it comes from the thread that made the session.
    """

    def __init__(self, model: Model, *, threads: int | None = None, whole: bool = False) -> None:
        """threads, whole: as Model.session takes them."""
        if threads is not None and not (isinstance(threads, Integral) and threads >= 1):
            raise ModelError(f"A session needs at least 1 thread, not {threads!r}.")
        self.model = model
        self._runs = model if whole else model.apart
        self.threads = threads or 1
        self.threads_fixed = threads is not None  # else a run may use more
        self._thread = threading.get_ident()
        self._inputs: dict[str, TrainInputs] = {}  # by the train signature
        self._kept_rate: _Rate | None = None  # from before a run that sets another
        self._data = self._runs.data  # or with a train step in parts beside the whole
        signatures = self._runs.description.signatures
        self._samples = SampleCheck(model, self._runs)
        self._chunks = Chunks(signatures)
        # Those that say the same again: what one that sets variables says may depend on them.
        self._repeat = {one.name for one in signatures if not one.assigns}
        roles = [self.contract.infer, self.contract.infer_features]
        predict = {role.signature for role in roles if role is not None}
        self._answered_by = {v for one in signatures if one.name in predict for v in one.reads}
        self._start()

    def _start(self) -> None:
        """A new interpreter with the weights of the file, or those its `initialize` sets."""
        self._interpret()
        if self.threads == 1 and self._variables.as_in_file:
            self._answers = self.model.answers
        self._labels: Labels | None = None
        # The training that gave the weights as they are: `fit` says it, until they or the learning
        # rate are set. Its progress has a state where that is another than the session's.
        self.trained: tuple[Settings, Progress] | None = None
        roles = self.contract.train
        self._learning_rate = DEFAULT_RATE if roles and roles[0].learning_rate else None

    def _interpret(self) -> None:
        self._interpreter = Interpreter(
            self._data,
            self.threads,
            delegates=not self.model.shaped_by_data,
            called=own_names(self.model, self._runs),
        )
        self._parts: MicroBatches | None = None  # made for the first batch that comes in parts
        self._sizes: dict[int, tuple[TrainRole, int | None]] = {}  # of the parts of a batch
        self._variables = Variables(self.model, self._interpreter)
        self._answers = Remembered()
        self._frozen: FrozenPart | None = None
        if self.contract.extract is not None:
            self._frozen = FrozenPart(
                self.model, self._runs, self._interpreter, self._variables, self._chunks
            )

    @property
    def contract(self) -> Contract:
        """What each signature that the session runs is for: the model's own, or with its frozen
        part apart.
        """
        return self._runs.contract

    @property
    def labels(self) -> Labels:
        """Names of the outputs: those of the samples that `fit` trained on last, or of the
        checkpoint that was restored; else the model's own.
        """
        return self.model.labels if self._labels is None else self._labels

    @labels.setter
    def labels(self, labels: Labels) -> None:
        self._labels = labels

    # --- training -------------------------------------------------------------------------------

    def train_step(self, x: np.ndarray, y: np.ndarray) -> float:
        """One call of the model's `train` on a batch; returns the loss it reports, nan where it
        reports none.

        x: [N, *input_shape]; for a model with a frozen part its bottlenecks are looked up or
        computed. y: int [N] output indices, or float [N, K] one-hot or soft targets; float
        [N, *target_shape] for a model of values; of a model that reconstructs x, x again or
        anything of another size, which is not looked at.
        A model of static batch sizes takes every sum of them: the batch is then the fewest steps
        that make it up, and the mean loss is returned. Raises TrainingError when the model cannot
        be trained, SignatureError when the arrays do not fit or hold numbers that are not finite.
        """
        self._check_thread()
        if not self.contract.train:
            raise TrainingError(self._why_not("trained"))
        self._check_initialised("trained")
        x, y = self._samples(x), as_array(y, "labels or targets")
        check_rows_finite(x, "Sample", "batch")
        # Labels that are none are told as such.
        if self.contract.task is Task.VALUES or (self.contract.classifies and y.ndim > 1):
            check_rows_finite(y, "The target of sample", "batch")
        dropped = self.contract.why_not_given_back(x, y)
        if dropped:
            raise SignatureError(dropped)
        return self.train_features(self.bottlenecks(x), y)

    def train_features(self, features: np.ndarray | Rows, y: np.ndarray | Rows) -> float:
        """`train_step` on what `bottlenecks` gave: [N, *feature_shape]; samples as they are for a
        model that has no such part, or none in a signature of its own. y: also what `targets` gave.
        """
        self._check_thread()
        self._check_initialised("trained")
        contract, count = self.contract, len(features)
        if self._runs is not self.model and features.shape[1:] != contract.feature_shape:
            contract = self.model.contract  # samples: the step as it is in the file
        roles = contract.train
        if contract.task is Task.RECONSTRUCTION:
            y = features
        if count == 0 or not y.ndim or len(y) != count:
            labels = f"{len(y)} labels" if y.ndim else "a single number as labels"
            raise SignatureError(
                f"A train step needs as many labels as samples, at least one; "
                f"got {count} samples and {labels}."
            )
        if roles[-1].batch is None:
            return self._train_call(roles[-1], features, y)
        by_size = {role.batch: role for role in roles if role.batch is not None}
        sizes, at, losses = calls(count, tuple(by_size)), 0, []
        if sizes == (count,):
            return self._train_call(by_size[count], features, y)
        features, y = np.asarray(features), np.asarray(y)
        for size in sizes:
            losses.append(self._train_call(by_size[size], features[at:][:size], y[at:][:size]))
            at += size
        return float(np.average(losses, weights=sizes))

    def bottlenecks(self, x: np.ndarray) -> np.ndarray:
        """What the frozen part of the model makes of x [N, *input_shape]: [N, *feature_shape].

        Each sample is computed once in a session's life, however often it is asked for, unless
        training changes that part too; the samples themselves for a model without one. Where the
        contract keeps features, they may be given wherever samples are: a sample's features can be
        stored in its place.
        """
        self._check_thread()
        x = self._samples(x)
        if self._frozen is None or self.are_features(x):
            return x
        return self._frozen.features(x)

    def are_features(self, x: np.ndarray) -> bool:
        """Whether x is features already, which this session takes wherever it takes samples."""
        return self._samples.are_features(x)

    def keeps(self, x: np.ndarray) -> bool:
        """Whether so many samples' bottlenecks are remembered at a time."""
        return self._frozen is not None and self._frozen.keeps(x)

    def extract(self, x: np.ndarray) -> np.ndarray:
        """`bottlenecks` without remembering them, for variants of samples that never come again."""
        self._check_thread()
        x = self._samples(x)
        if self._frozen is None or self.are_features(x):
            return x
        return self._frozen.compute(x)

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Labels or targets [N, …] in the form that `train` takes them, so that a loop encodes them
        once rather than in each step. Raises SignatureError as `train_step` does.
        """
        self._check_thread()
        role = self.contract.train[-1]
        inputs = self._train_inputs(role)
        wanted = inputs.targets
        return y if wanted is None else encode(y, role, *wanted, inputs.labels)

    def _train_inputs(self, role: TrainRole) -> TrainInputs:
        known = self._inputs.get(role.signature)
        if known is None:
            inputs = self._interpreter.signature(role.signature).inputs
            contract = self.contract
            known = TrainInputs(role, inputs, contract.outputs, contract.labels_count or None)
            self._inputs[role.signature] = known
        return known

    def train_feeds(self, features: np.ndarray, y: np.ndarray) -> tuple[str, dict[str, np.ndarray]]:
        """(signature, its inputs) of a `train_features` call, for who looks into one."""
        self._check_thread()
        roles = self.contract.train
        role = next((role for role in roles if role.batch == len(features)), roles[-1])
        if self.contract.task is Task.RECONSTRUCTION:
            y = features
        inputs = self._train_inputs(role).of(features, y, self._learning_rate)
        return role.signature, {key: np.asarray(value) for key, value in inputs.items()}

    def _train_call(self, role: TrainRole, x: np.ndarray | Rows, y: np.ndarray | Rows) -> float:
        step = self._step(role, len(x))
        self._forget(by=step)
        step.invoke(self._train_inputs(role).of(x, y, self._learning_rate))
        if role.loss is None:
            return float("nan")
        loss = step.output(role.loss)  # [], [1], [1, 1], or a loss for each sample
        return float(loss.item()) if loss.size == 1 else float(np.mean(loss))

    def _step(self, role: TrainRole, count: int) -> BoundSignature | MicroBatches:
        """What does a step on so many samples: the signature, or its parts."""
        known = self._sizes.get(count)
        if known is None or known[0] is not role:
            known = role, self._part_size(role, count)
            self._sizes[count] = known
        if known[1] is None or self._parts is None:
            return self._interpreter.signature(role.signature)
        self._parts.size = known[1]
        return self._parts

    def _part_size(self, role: TrainRole, count: int) -> int | None:
        """Samples a part of a batch of so many; None where it is better whole, or can only be."""
        parts = self._runs.in_parts(role, count)
        if parts is None:
            return None
        data, size = parts
        if self._data is not data:
            self._renew(data, self.threads)
        if self._parts is None:
            self._parts = MicroBatches(self._interpreter, data)
        return size

    @property
    def learning_rate(self) -> float | None:
        """The rate in force; None when the model fixes its own."""
        self._check_thread()
        if self.contract.learning_rate is not None and "learning_rate" in self.model.variables:
            return float(self.state()["learning_rate"].reshape(-1)[0])
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._check_thread()
        if not (isinstance(value, Real) and math.isfinite(value) and value >= 0):
            raise TrainingError(f"A learning rate must be a number of at least 0, not {value!r}.")
        if not self.contract.sets_learning_rate:
            raise TrainingError(
                "This model's learning rate is fixed in the file. Leave the learning rate alone, "
                "or build the model with odt_core.authoring."
            )
        name = self.contract.learning_rate
        if name is not None:
            self._forget()
            signature = self._interpreter.signature(name)
            ((key, (dtype, shape)),) = signature.inputs.items()
            signature.invoke({key: filled(value, dtype, shape)})
        self._learning_rate = float(value)
        self.trained = None

    @property
    def given_rate(self) -> float | None:
        """The rate that `train` is given with every step, which is in no variable, as it outlasts
        a run; None where the model takes none so.
        """
        roles = self.contract.train
        if not roles or not roles[0].learning_rate:
            return None
        return self._learning_rate if self._kept_rate is None else self._kept_rate.given

    @contextmanager
    def keep_rate(self) -> Iterator[None]:
        """For a run that sets the learning rate: the one of now is in force again afterwards, and
        in `lasting_state`, checkpoints and baked files all the while.
        """
        name = self.contract.learning_rate
        about = self.model.description.signature(name) if name is not None else None
        state = self.state() if about is not None else {}
        kept = {one: state[one] for one in about.assigns} if about is not None else {}
        rate = self._kept_rate = _Rate(self._learning_rate, kept)
        try:
            yield
        finally:
            if kept:
                self._variables.write(self.lasting_state())
                self._note(kept)
            self._learning_rate, self._kept_rate = rate.given, None

    # --- predicting -----------------------------------------------------------------------------

    def infer(self, x: np.ndarray) -> np.ndarray:
        """What the model predicts for x [N, *input_shape], any N.

        Scores float32 [N, K] ([N, 1] for two labels), logits where the model has them, distances
        negated, so that the largest wins; for a model of values its own output [N, *target_shape].
        A model of a static batch size gets its last batch filled up, and the answers to the filling
        are dropped. Where predicting draws random numbers or keeps state, that is put back: who
        asks the same is told the same (`run` goes on instead). ModelError when it cannot predict.
        """
        self._check_thread()
        contract = self.contract
        role = contract.infer
        if role is None:
            raise ModelError(self._why_not("used for predictions"))
        self._check_initialised("used for predictions")
        x = self._samples(x)
        if not len(x):
            shape = contract.target_shape if contract.measures_errors else (contract.outputs or 1,)
            return np.zeros((0, *shape), np.float32)
        if contract.extract is not None and self._asks_features(x):
            if contract.keeps_features:
                role, x = contract.infer_features or role, self.bottlenecks(x)
            elif role.on_features:
                x = self.bottlenecks(x)
        result = self._predict(role, x)
        if contract.measures_errors:
            shape = contract.sized(x.shape[1:]).target_shape
            fits = result[0].size == int(np.prod(shape))
            return result.reshape((len(x), *shape)) if fits else result
        if role.kind is OutputKind.DISTANCES:
            result = -result
        return result if result.ndim == 2 else result.reshape(len(x), -1)

    def _asks_features(self, x: np.ndarray) -> bool:
        """Whether predictions go by features; by all layers where these would be too many."""
        return self._runs is self.model or self.keeps(x) or self.are_features(x)

    def _predict(self, role: InferRole, x: np.ndarray) -> np.ndarray:
        """What a signature predicts, or has predicted where it can only say the same again."""
        if not Remembered.takes(x) or role.signature not in self._repeat:
            return self._ask(role, x)
        question = (role.signature, role.prediction)
        return self._answers(question, x, lambda: self._ask(role, x))

    def _ask(self, role: InferRole, x: np.ndarray) -> np.ndarray:
        signature = self._interpreter.signature(role.signature)
        before = None if role.signature in self._repeat else self.state()
        try:
            return self._chunks.ask(signature, role, x, role.prediction)
        finally:
            if before is not None:
                self._variables.write(before)  # as they were: nothing to forget

    def on_each_call(self, tell: Callable[[], None]) -> None:
        """Have `tell` called before each call that predicts: many samples take many of them."""
        self._chunks.on_call = tell

    def few_alike(self, x: np.ndarray) -> np.ndarray:
        """The fewest of samples [N, *input_shape] that `infer` takes in calls of every shape that
        it takes all of them in; as their features where the contract keeps those.
        """
        contract = self.contract
        role = (contract.keeps_features and contract.infer_features) or contract.infer
        size = self._chunks.size(role, len(x)) if role else 1
        few = x[: size + len(x) % size]
        return self.bottlenecks(few) if contract.keeps_features else few

    def predict_proba(
        self, x: np.ndarray, labels: Labels | None = None, temperature: float = 1.0
    ) -> np.ndarray:
        """Probabilities float32 [N, K]; outputs that no label uses get 0 and rows sum to 1.

        [N, 2] for a model of one output that tells two labels apart; a model of values gives what
        `infer` gives, after the activation that its loss applies (Contract.activation). labels:
        default the session's. temperature: what the scores are divided by, such as that of a
        checkpoint (`CheckpointMeta.temperature`).
        """
        scores = self.infer(x)
        labels = labels or self.labels
        return answers(scores, self.output_kind, self.contract, labels, temperature)

    @property
    def output_kind(self) -> OutputKind:
        """Whether `infer` gives logits or probabilities (Model.output_kind)."""
        return self.model.output_kind

    # --- variables ------------------------------------------------------------------------------

    @property
    def uninitialised(self) -> bool:
        """Whether weights hold nothing yet: not set by the file, its `initialize` or a checkpoint.

        Weights are the variables that predicting reads. What an optimiser keeps beside them starts
        from zero (Model.starting_state), as optimisers do, where a checkpoint leaves it out.
        """
        self._check_thread()
        return self._variables.missing

    def state(self) -> dict[str, np.ndarray]:
        """A copy of all variables by name, optimiser slots and counters included.

        ModelError while variables hold nothing.
        """
        self._check_thread()
        self._check_initialised("read")
        return self._variables.read()

    def lasting_state(self) -> dict[str, np.ndarray]:
        """`state` as it outlasts a run: with the learning rate from before it."""
        kept = {} if self._kept_rate is None else self._kept_rate.variables
        return self.state() | {name: value.copy() for name, value in kept.items()}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Set all variables.

        CheckpointError when a name, shape or dtype is wrong, or a number not finite; nothing
        changes then.
        """
        self._check_thread()
        check_finite(state, self.model.description.variables)
        self.put_back(state)

    def put_back(self, state: Mapping[str, np.ndarray]) -> None:
        """Set all variables to what `state()` gave, whatever numbers these are: who looks at a
        training on its way leaves it as it was. CheckpointError as `load_state` otherwise.
        """
        self._check_thread()
        self._variables.write(state)
        self._forget()
        if self._frozen is not None:
            self._frozen.forget()

    def reset(self) -> None:
        """Back to the weights in the file (a new interpreter: LiteRT cannot reset variables)."""
        self._check_thread()
        self._start()

    def use_threads(self, threads: int) -> None:
        """Compute with so many threads from now on, at least 1; variables stay as they are."""
        if threads != self.threads:
            self._renew(self._data, threads)

    def _renew(self, data: bytes, threads: int) -> None:
        """Go on in another interpreter."""
        state, trained = self.state(), self.trained
        self._data, self.threads = data, threads
        self._interpret()
        self.put_back(state)
        self.trained = trained

    def run(self, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Any signature by name, as it is. SignatureError when inputs do not fit."""
        self._check_thread()
        bound = self._interpreter.signature(signature)
        result = bound({key: native(np.asarray(value)) for key, value in inputs.items()})
        changed = self._variables.note(signature)
        if changed:
            self._note(changed)
        return result

    def checkpoint(self, **meta: Any) -> Checkpoint:
        """All variables as a checkpoint; `meta`: fields of CheckpointMeta, such as step or note.
        Its labels are the session's. Where weights and learning rate are as `fit` left them, step,
        settings, seed and progress, which tells the samples, are those of that training, unless
        others are given.
        """
        from odt_core.checkpoint import Checkpoint, CheckpointMeta

        state, progress = self.lasting_state(), None
        if self.trained is not None:
            settings, progress = self.trained
            told = {"step": progress.step, "settings": settings.to_json(), "seed": settings.seed}
            meta = told | meta
            same = all(meta[name] == one for name, one in told.items())
            progress = replace(progress, state=progress.state or state) if same else None
        meta.setdefault("labels", self.labels.names)
        meta.setdefault("learning_rate", self.given_rate)
        meta.setdefault("created", datetime.now(UTC).isoformat(timespec="seconds"))
        return Checkpoint(state, CheckpointMeta(model_sha256=self.model.sha256, **meta), progress)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take over a checkpoint's variables, labels and, where `train` is given one with every
        step, learning rate. CheckpointError when it belongs to another model, or as `load_state`.
        """
        from odt_core.checkpoint import check_belongs

        check_belongs(checkpoint, self.model)
        self.put_back(checkpoint.state)
        self.labels = labels_in(checkpoint, self.model)
        if self.given_rate is not None and checkpoint.meta.learning_rate is not None:
            self.learning_rate = checkpoint.meta.learning_rate

    def bake(self, *, inference_only: bool = False, labels: Labels | None = None) -> bytes:
        """A .tflite that starts with the weights this session has now (odt_core.bake). labels: what
        it calls its outputs; default the session's.
        """
        from odt_core.baking.baked import bake

        infer = self.contract.infer
        name = infer.signature if inference_only and infer is not None else None
        return bake(
            self.model.data,
            self.lasting_state(),
            inference_only=inference_only,
            signature=name,
            contract=self.model.contract,
            labels=self.labels if labels is None else labels,
        )

    def save_tf_checkpoint(
        self, path: str | Path, signature: str | None = None
    ) -> tuple[Path, ...]:
        """Write a TensorFlow checkpoint that the original model's own restore reads on a device.

        signature: which saving signature, where there are several. Returns the files written.
        Raises ModelError when the model saves none.
        """
        self._check_initialised("saved")
        return tf_checkpoint.save(self.model.description, self.run, path, signature)

    def load_tf_checkpoint(self, path: str | Path, signature: str | None = None) -> None:
        """Take over a TensorFlow checkpoint that the original model's own save wrote.

        Raises ModelError when the model restores none, CheckpointError when the file is damaged or
        lacks what the model wants; nothing changes then.
        """
        tf_checkpoint.load(self.model.description, self.run, path, signature)

    def _note(self, changed: Collection[str]) -> None:
        """Know that these variables, and no others, were set."""
        self._forget(only=changed)
        if self._frozen is not None:
            self._frozen.note(changed)

    def _forget(
        self,
        by: BoundSignature | MicroBatches | None = None,
        only: Collection[str] | None = None,
    ) -> None:
        """Give up what was answered so far, since variables change. by: the step that does it.
        only: those that change, where it is known: answers that read none of them still hold.
        """
        self.trained = None
        if self._parts is not None and self._parts is not by:
            self._parts.stale = True
        if only is not None and self._answered_by.isdisjoint(only):
            return
        if self._answers is self.model.answers or len(self._answers):
            self._answers = Remembered()

    # --- checks ---------------------------------------------------------------------------------

    def _check_initialised(self, what: str) -> None:
        if self._variables.missing:
            raise ModelError(no_initial_values(what))

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise ModelError(
                "A session belongs to the thread that made it. Make a session of its own in each "
                "thread with model.session(), or use odt_core.worker.Worker."
            )

    def _why_not(self, what: str) -> str:
        notes = " ".join(self.contract.notes)
        return notes or f"This model cannot be {what}."
