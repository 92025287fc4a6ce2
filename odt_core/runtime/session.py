"""A session: one model's variables in one interpreter, trained and asked through one contract."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from odt_core.byte_order import native
from odt_core.checkpoint.fitting import check_finite
from odt_core.dialects.contract import (
    Contract,
    ExtractRole,
    InferRole,
    OutputKind,
    Task,
    TrainRole,
)
from odt_core.dialects.targets import encode
from odt_core.errors import ModelError, SignatureError, TrainingError
from odt_core.runtime import tf_checkpoint
from odt_core.runtime.bottlenecks import MAX_BYTES, Features
from odt_core.runtime.feeding import TrainInputs, calls, feed_parts, fill, filled
from odt_core.runtime.frozen import digest_of
from odt_core.runtime.interpreter import BoundSignature, Interpreter
from odt_core.runtime.micro_batches import LANES, MicroBatches
from odt_core.runtime.model import DEFAULT_RATE
from odt_core.runtime.remembered import Remembered
from odt_core.runtime.rows import Rows
from odt_core.runtime.scores import answers
from odt_core.runtime.variables import Variables

if TYPE_CHECKING:
    from odt_core.checkpoint import Checkpoint
    from odt_core.runtime.model import Model
    from odt_core.samples import Labels

# Samples in a call that predicts: as many as leave its largest array in a core's cache, and some
# where one sample alone is more than that. A picture takes the bundled photo model 5.6, 5.3, 5.3,
# 5.5 and 5.9 ms in calls of 1, 2, 4, 8 and 16, whose arrays are 2.5 MB a picture; 2,000 vectors of
# 1280 a head of four labels 3.9, 2.5, 1.8, 1.8 and 2.1 ms in calls of 16, 32, 128, 512 and 1024.
INFER_CHUNK = 8
CALL_NUMBERS = 2**18  # of the largest array of a call
_SMALL = frozenset({"int8", "uint8", "int16", "uint16"})  # dtypes of pictures, not of ids


def _array(given: np.ndarray, what: str) -> np.ndarray:
    """What was given as an array; SignatureError for lists of different lengths. what: for the
    message.
    """
    try:
        return np.asanyarray(given)
    except ValueError:
        raise SignatureError(f"The {what} of a call must all have the same shape.") from None


def _check_finite(batch: np.ndarray, what: str) -> None:
    """SignatureError for a row that would make all weights NaN. what: a row is, for the message."""
    if batch.dtype.kind != "f" or np.isfinite(batch).all():
        return
    rows = np.atleast_1d(batch)
    bad = ~np.isfinite(rows).reshape(len(rows), -1).all(axis=1)
    raise SignatureError(
        f"{what} {int(bad.argmax()) + 1} of the batch holds numbers that are not finite (NaN, "
        f"infinity, or beyond float32). Remove or correct it."
    )


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
        self._data = self._runs.data  # or with a train step in parts beside the whole
        signatures = self._runs.description.signatures
        self._chunk_sizes = {
            one.name: max(INFER_CHUNK, CALL_NUMBERS // one.largest) if one.largest else INFER_CHUNK
            for one in signatures
        }
        # Those that say the same again: what one that sets variables says may depend on them.
        self._repeat = {one.name for one in signatures if not one.assigns}
        # Whole numbers that are no picture's: a fraction is a mistake, not to be rounded away.
        numbers = self.contract.whole_numbers
        ids = self.contract.input_dtype not in _SMALL and model.preprocessing.kind == "none"
        self._ids = numbers if ids and numbers.any() else None
        self._start()

    def _start(self) -> None:
        """A new interpreter with the weights of the file, or those its `initialize` sets."""
        self._interpret()
        if self.threads == 1 and self._variables.as_in_file:
            self._answers = self.model.answers
        roles = self.contract.train
        self._learning_rate = DEFAULT_RATE if roles and roles[0].learning_rate else None

    def _interpret(self) -> None:
        self._interpreter = Interpreter(
            self._data, self.threads, delegates=not self.model.shaped_by_data
        )
        self._parts: MicroBatches | None = None  # made for the first batch that comes in parts
        self._sizes: dict[int, tuple[TrainRole, int | None]] = {}  # of the parts of a batch
        self._variables = Variables(self.model, self._interpreter)
        self._answers = Remembered()
        self._frozen: bytes | None = None  # a digest of the frozen weights, when asked for
        self._trunk: Interpreter | None = None  # with those of the file as constants, when needed

    @property
    def contract(self) -> Contract:
        """What each signature that the session runs is for: the model's own, or with its frozen
        part apart.
        """
        return self._runs.contract

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
        x, y = self._samples(x), _array(y, "labels or targets")
        _check_finite(x, "Sample")
        if self.contract.task is Task.VALUES or (self.contract.classifies and y.ndim > 1):
            _check_finite(y, "The target of sample")  # labels that are none are told as such
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
        if count == 0 or len(y) != count:
            raise SignatureError(
                f"A train step needs as many labels as samples, at least one; "
                f"got {count} samples and {len(y)} labels."
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
        if self.contract.extract is None or self.are_features(x):
            return x
        if not len(x):
            return self._marked(np.zeros((0, *self.contract.feature_shape), np.float32))
        if not self.contract.extract.frozen or not self.keeps(x):
            return self._marked(self._extract(x))
        by = self._frozen_weights() + f"{self.threads} {x.dtype.str}".encode()
        return self._marked(self.model.features(by, x, self._extract))

    def are_features(self, x: np.ndarray) -> bool:
        """Whether x is features already, which this session takes wherever it takes samples."""
        if self._runs is not self.model and not isinstance(x, Features):
            return False
        return self.contract.are_features(x.shape)

    def _marked(self, features: np.ndarray) -> np.ndarray:
        return features if self._runs is self.model else features.view(Features)

    def keeps(self, x: np.ndarray) -> bool:
        """Whether so many samples' bottlenecks are remembered at a time."""
        return 4 * len(x) * math.prod(self.contract.feature_shape) <= MAX_BYTES

    def _frozen_weights(self) -> bytes:
        """A digest of the variables that the frozen part reads."""
        if self._frozen is None:
            extract = self.contract.extract
            assert extract is not None
            state = self._variables.read() if extract.reads else {}
            self._frozen = digest_of(state[name] for name in extract.reads)
        return self._frozen

    def extract(self, x: np.ndarray) -> np.ndarray:
        """`bottlenecks` without remembering them, for variants of samples that never come again."""
        self._check_thread()
        x = self._samples(x)
        given = self.contract.extract is None or self.are_features(x)
        return x if given else self._marked(self._extract(x))

    def _extract(self, x: np.ndarray) -> np.ndarray:
        role = self.contract.extract
        assert role is not None
        return self._chunks(role, x, role.features)

    def _bound(self, role: InferRole | ExtractRole) -> BoundSignature:
        """The signature of a role; the frozen part's in its fastest form."""
        apart = self._runs is not self.model and role is self.contract.extract
        trunk = self._runs.trunk if apart else None
        if trunk is None or trunk.weights != self._frozen_weights():
            return self._interpreter.signature(role.signature)
        if self._trunk is None:
            self._trunk = Interpreter(trunk.data, self.threads)
        return self._trunk.signature(role.signature)

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
        role = self.contract.train[-1]
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
            workers = [self._interpreter]
            if self.threads > 1:
                workers = [Interpreter(data) for _ in range(min(self.threads, LANES))]
            self._parts = MicroBatches(self._interpreter, workers)
        return size

    @property
    def learning_rate(self) -> float | None:
        """The rate in force; None when the model fixes its own."""
        self._check_thread()
        if self.contract.learning_rate is not None and "learning_rate" in (self.model.variables):
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

    # --- predicting -----------------------------------------------------------------------------

    def infer(self, x: np.ndarray) -> np.ndarray:
        """What the model predicts for x [N, *input_shape], any N.

        Scores float32 [N, K] ([N, 1] for two labels), logits where the model has them; for a model
        of values its own output [N, *target_shape]. A model of a static batch size gets its last
        batch filled up, and the answers to the filling are dropped. ModelError when it cannot
        predict.
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
            fits = result[0].size == int(np.prod(contract.target_shape))
            return result.reshape((len(x), *contract.target_shape)) if fits else result
        return result if result.ndim == 2 else result.reshape(len(x), -1)

    def _asks_features(self, x: np.ndarray) -> bool:
        """Whether predictions go by features; by all layers where these would be too many."""
        return self._runs is self.model or self.keeps(x) or self.are_features(x)

    def _predict(self, role: InferRole, x: np.ndarray) -> np.ndarray:
        """What a signature predicts, or has predicted where it can only say the same again."""
        if not Remembered.takes(x) or role.signature not in self._repeat:
            return self._chunks(role, x, role.prediction)
        question = (role.signature, role.prediction)
        return self._answers(question, x, lambda: self._chunks(role, x, role.prediction))

    def few_alike(self, x: np.ndarray) -> np.ndarray:
        """The fewest of samples [N, *input_shape] that `infer` takes in calls of every shape that
        it takes all of them in; as their features where the contract keeps those.
        """
        contract = self.contract
        role = (contract.keeps_features and contract.infer_features) or contract.infer
        size = self._call_size(role, len(x)) if role else 1
        few = x[: size + len(x) % size]
        return self.bottlenecks(few) if contract.keeps_features else few

    def _chunks(self, role: InferRole | ExtractRole, x: np.ndarray, output: str) -> np.ndarray:
        """One output of a signature that predicts, for any number of samples, at least one."""
        size = self._call_size(role, len(x))
        if len(x) <= size:
            return self._chunk(role, x, output)
        parts = [self._chunk(role, x[at : at + size], output) for at in range(0, len(x), size)]
        return np.concatenate(parts)

    def _call_size(self, role: InferRole | ExtractRole, count: int) -> int:
        """Samples in each call but the last, which has what is left: best nothing, where calls are
        so short that it counts that LiteRT plans its memory anew for one of another size.
        """
        size = role.batch or self._chunk_sizes[role.signature]
        if role.batch or size <= INFER_CHUNK or count < 2 * size:
            return size
        return next((even for even in range(size, size // 2, -1) if count % even == 0), size)

    def _chunk(self, role: InferRole | ExtractRole, x: np.ndarray, output: str) -> np.ndarray:
        count = len(x)
        if role.batch is not None and count < role.batch:
            x = np.concatenate([x, np.repeat(x[-1:], role.batch - count, axis=0)])
        signature = self._bound(role)
        names = (role.samples, *role.beside) if isinstance(role, InferRole) else (role.samples,)
        feeds = feed_parts(x, names, signature.inputs)
        if len(signature.inputs) > 1:
            feeds = fill(feeds, signature.inputs, training=False)
        signature.invoke(feeds)
        result = signature.output(output)
        if role.batch == 1 and (not result.ndim or len(result) != 1):
            result = result[None]  # one sample at a time, without a batch dimension
        return result[:count]

    def predict_proba(
        self, x: np.ndarray, labels: Labels | None = None, temperature: float = 1.0
    ) -> np.ndarray:
        """Probabilities float32 [N, K]; outputs that no label uses get 0 and rows sum to 1.

        [N, 2] for a model of one output that tells two labels apart; a model of values gives what
        `infer` gives, after the activation that its loss applies (Contract.activation). labels:
        default the model's own. temperature: what the scores are divided by, such as that of a
        checkpoint (`CheckpointMeta.temperature`).
        """
        scores = self.infer(x)
        labels = labels or self.model.labels
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
        self._frozen = None

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
        state = self.state()
        self._data, self.threads = data, threads
        self._interpret()
        self.put_back(state)

    def run(self, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Any signature by name, as it is. SignatureError when inputs do not fit."""
        self._check_thread()
        bound = self._interpreter.signature(signature)
        result = bound({key: native(np.asarray(value)) for key, value in inputs.items()})
        changed = self._variables.note(signature)
        if changed:
            self._forget()
            extract = self.contract.extract
            if extract is not None and not changed.isdisjoint(extract.reads):
                self._frozen = None
        return result

    def checkpoint(self, **meta: Any) -> Checkpoint:
        """All variables as a checkpoint; `meta`: fields of CheckpointMeta, such as step or note."""
        from odt_core.checkpoint import Checkpoint, CheckpointMeta

        meta.setdefault("labels", tuple(self.model.labels.names))
        meta.setdefault("created", datetime.now(UTC).isoformat(timespec="seconds"))
        return Checkpoint(self.state(), CheckpointMeta(model_sha256=self.model.sha256, **meta))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take over a checkpoint's variables. CheckpointError when it belongs to another model, or
        as `load_state`.
        """
        from odt_core.checkpoint import check_belongs

        check_belongs(checkpoint, self.model)
        self.put_back(checkpoint.state)

    def bake(self, *, inference_only: bool = False) -> bytes:
        """A .tflite that starts with the weights this session has now (odt_core.bake)."""
        from odt_core.baking.bake import bake

        infer = self.contract.infer
        name = infer.signature if inference_only and infer is not None else None
        return bake(
            self.model.data,
            self.state(),
            inference_only=inference_only,
            signature=name,
            contract=self.model.contract,
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

    def _forget(self, by: BoundSignature | MicroBatches | None = None) -> None:
        """Give up what was answered so far, since variables change. by: the step that does it."""
        if self._parts is not None and self._parts is not by:
            self._parts.stale = True
        if self._answers is self.model.answers or len(self._answers):
            self._answers = Remembered()

    # --- checks ---------------------------------------------------------------------------------

    def _samples(self, x: np.ndarray) -> np.ndarray:
        contract = self.contract
        if isinstance(x, Features) and self.are_features(x):
            return x
        x = np.ascontiguousarray(_array(x, "samples"))
        if x.dtype == np.float32 and x.shape[1:] == contract.input_shape and self._ids is None:
            return x  # nearly always
        if x.dtype.kind not in "biuf":  # objects would be told apart by where they lie
            raise SignatureError(
                f"The model takes samples as numbers; these are an array of {x.dtype}. Make it one "
                f"of numbers, for example with x.astype(np.float32)."
            )
        if x.dtype.kind == "f" and x.dtype != np.float32:
            with np.errstate(over="ignore"):  # infinity says it
                x = x.astype(np.float32)
        if self.are_features(x):
            return x
        if not x.ndim or not contract.takes(x.shape[1:]):
            wanted = "".join(
                f", {'any' if axis in contract.free_axes else size}"
                for axis, size in enumerate(contract.input_shape)
            )
            raise SignatureError(
                f"The model takes samples of shape [N{wanted}]; got {list(x.shape)}."
            )
        if self._ids is not None and x.dtype.kind == "f":
            wrong = np.argwhere((x != np.rint(x)) & self._ids)
            if len(wrong):
                number = x[tuple(wrong[0])]
                raise SignatureError(f"{self._what_is_whole(int(wrong[0][-1]))}; got {number:g}.")
        return x

    def _what_is_whole(self, place: int) -> str:
        """A sentence about the number at this place of a sample, which should be a whole one."""
        contract = self.contract
        owners = [one for one in contract.sample_inputs for _ in range(one.size)]
        if owners:
            one = owners[place]
            return f"The model takes whole numbers ({one.dtype}) as '{one.name}', such as ids"
        return f"The model takes whole numbers ({contract.input_dtype}), such as ids of words"

    def _check_initialised(self, what: str) -> None:
        if self._variables.missing:
            raise ModelError(
                f"This model cannot be {what} yet: its file gives its variables no initial values. "
                f"Restore a checkpoint first, or convert the model with odt_core.authoring."
            )

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise ModelError(
                "A session belongs to the thread that made it. Make a session of its own in each "
                "thread with model.session(), or use odt_core.worker.Worker."
            )

    def _why_not(self, what: str) -> str:
        notes = " ".join(self.contract.notes)
        return notes or f"This model cannot be {what}."
