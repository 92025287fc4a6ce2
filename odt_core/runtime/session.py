"""A session: one model's variables in one interpreter, trained and asked through one contract."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from odt_core.checkpoint.fitting import check_state, shape_fits
from odt_core.errors import CheckpointError, ModelError, SignatureError, TrainingError
from odt_core.graph import GET_STATE, SET_STATE, CheckpointSignature
from odt_core.runtime.contract import (
    InferRole,
    OutputKind,
    TrainRole,
)
from odt_core.runtime.interpreter import Interpreter
from odt_core.runtime.targets import encode

if TYPE_CHECKING:
    from odt_core.checkpoint import Checkpoint
    from odt_core.runtime.model import Model
    from odt_core.samples import Labels

# Samples per inference call. For 512 samples the bundled CNN needs 36, 41, 41, 42 and 49 ms in
# chunks of 16, 32, 64, 128 and 256, and 9, 13, 21, 38 and 70 MB for its activations.
INFER_CHUNK = 16


class Session:
    """A model's own variables. Not thread-safe: LiteRT crashes when two threads share an
    interpreter, so every call checks that it comes from the thread that made the session.
    """

    def __init__(self, model: Model, *, threads: int = 1) -> None:
        if threads < 1:
            raise ModelError(f"A session needs at least 1 thread, not {threads}.")
        self.model = model
        self.threads = threads
        self._thread = threading.get_ident()
        self._interpreter = Interpreter(model.data, threads)
        self._output_kind = model.contract.infer.kind if model.contract.infer else None
        self._learning_rate: float | None = None

    # --- training -------------------------------------------------------------------------------

    def train_step(self, x: np.ndarray, y: np.ndarray) -> float:
        """One call of the model's `train` on a batch; returns the loss it reports.

        x: float32 [N, *input_shape]. y: int [N] output indices, or float [N, K] one-hot or soft
        targets. A model of a static batch size takes multiples of it: the batch is then several
        steps, and the mean loss is returned. Raises TrainingError when the model cannot be trained,
        SignatureError when the arrays do not fit.
        """
        self._check_thread()
        roles = self.model.contract.train
        if not roles:
            raise TrainingError(self._why_not("trained"))
        x = self._samples(x)
        count = len(x)
        if count == 0 or len(y) != count:
            raise SignatureError(
                f"A train step needs as many labels as samples, at least one; "
                f"got {count} samples and {len(y)} labels."
            )
        if roles[-1].batch is None and len(roles) == 1:
            return self._train_call(roles[0], x, y)
        losses, weights, done = [], [], 0
        while done < count:
            role = next((r for r in roles if r.batch is None or r.batch <= count - done), None)
            if role is None:
                sizes = ", ".join(str(r.batch) for r in roles)
                raise SignatureError(
                    f"This model trains on exactly {sizes} samples at a time; {count} is not a "
                    f"multiple. Pass another number of samples, or use fit(), which sees to it."
                )
            size = role.batch or count - done
            losses.append(self._train_call(role, x[done : done + size], y[done : done + size]))
            weights.append(size)
            done += size
        return float(np.average(losses, weights=weights))

    def _train_call(self, role: TrainRole, x: np.ndarray, y: np.ndarray) -> float:
        signature = self._interpreter.signature(role.signature)
        feeds = {role.samples: x}
        if role.labels is not None:
            dtype, shape = signature.inputs[role.labels]
            feeds[role.labels] = encode(y, role, dtype, shape)
        for name, (other, wanted) in signature.inputs.items():
            if name not in feeds:  # must be given, is not used
                feeds[name] = np.zeros([max(size, 1) for size in wanted], other)
        signature.invoke(feeds)
        return float("nan") if role.loss is None else float(np.mean(signature.output(role.loss)))

    @property
    def learning_rate(self) -> float | None:
        """The rate in force; None when the model fixes its own."""
        self._check_thread()
        if self.model.contract.learning_rate is None:
            return None
        if "learning_rate" in self.model.variables:
            return float(self.state()["learning_rate"].reshape(-1)[0])
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._check_thread()
        name = self.model.contract.learning_rate
        if name is None:
            raise TrainingError(
                "This model's learning rate is fixed in the file. Leave the learning rate alone, "
                "or build the model with odt_core.authoring."
            )
        if not (np.isfinite(value) and value >= 0):
            raise TrainingError(f"A learning rate must be a number of at least 0, not {value}.")
        signature = self._interpreter.signature(name)
        key, (dtype, shape) = next(iter(signature.inputs.items()))
        signature.invoke({key: np.full([max(size, 1) for size in shape], value, dtype)})
        self._learning_rate = float(value)

    # --- predicting -----------------------------------------------------------------------------

    def infer(self, x: np.ndarray) -> np.ndarray:
        """What the model predicts for x [N, *input_shape], any N: float32 [N, K].

        Logits where the model has them, else its own output. ModelError when it cannot predict.
        """
        self._check_thread()
        role = self.model.contract.infer
        if role is None:
            raise ModelError(self._why_not("used for predictions"))
        x = self._samples(x)
        outputs = [
            self._infer_chunk(role, x[at : at + (role.batch or INFER_CHUNK)])
            for at in range(0, len(x), role.batch or INFER_CHUNK)
        ]
        if not outputs:
            return np.zeros((0, self.model.contract.outputs or 1), np.float32)
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)

    def _infer_chunk(self, role: InferRole, x: np.ndarray) -> np.ndarray:
        count = len(x)
        if role.batch is not None and count < role.batch:
            x = np.concatenate([x, np.repeat(x[-1:], role.batch - count, axis=0)])
        signature = self._interpreter.signature(role.signature)
        feeds = {role.samples: x}
        for name, (other, wanted) in signature.inputs.items():
            if name not in feeds:
                feeds[name] = np.zeros([max(size, 1) for size in wanted], other)
        signature.invoke(feeds)
        return signature.output(role.prediction)[:count]

    def predict_proba(self, x: np.ndarray, labels: Labels | None = None) -> np.ndarray:
        """Probabilities float32 [N, K]; outputs that no label uses get 0 and rows sum to 1.

        labels: default the model's own.
        """
        scores = self.infer(x)
        return probabilities(scores, self._used(scores.shape[-1], labels), self.output_kind(scores))

    def output_kind(self, scores: np.ndarray | None = None) -> OutputKind:
        """Whether `infer` gives logits or probabilities; looked at once where names do not tell."""
        if self._output_kind is OutputKind.UNKNOWN and scores is not None and len(scores):
            rows = scores.reshape(len(scores), -1)
            sums_to_one = np.allclose(rows.sum(axis=-1), 1, atol=1e-3) or rows.shape[1] == 1
            in_range = bool((rows >= 0).all() and (rows <= 1).all())
            self._output_kind = (
                OutputKind.PROBABILITIES if sums_to_one and in_range else OutputKind.LOGITS
            )
        return self._output_kind or OutputKind.UNKNOWN

    def _used(self, count: int, labels: Labels | None) -> np.ndarray:
        used = (labels or self.model.labels).used
        return used if len(used) == count else np.ones(count, bool)

    # --- variables ------------------------------------------------------------------------------

    def state(self) -> dict[str, np.ndarray]:
        """A copy of all variables by name, optimiser slots and counters included."""
        self._check_thread()
        if not self.model.variables:
            return {}
        values = self._interpreter.signature(GET_STATE)({})
        return {name: values[f"v{at}"] for at, name in enumerate(self.model.variables)}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Set all variables.

        CheckpointError when a name, shape or dtype is wrong; nothing changes then.
        """
        self._check_thread()
        arrays = check_state(state, self.model.description.variables)
        if not arrays:
            return
        self._interpreter.signature(SET_STATE)({f"v{at}": array for at, array in enumerate(arrays)})

    def reset(self) -> None:
        """Back to the weights in the file (a new interpreter: LiteRT cannot reset variables)."""
        self._check_thread()
        self._interpreter = Interpreter(self.model.data, self.threads)
        self._learning_rate = None

    def run(self, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Any signature by name, as it is. SignatureError when inputs do not fit."""
        self._check_thread()
        bound = self._interpreter.signature(signature)
        return bound({name: np.asarray(value) for name, value in inputs.items()})

    def checkpoint(self, **meta: Any) -> Checkpoint:
        """All variables as a checkpoint; `meta`: fields of CheckpointMeta, such as step or note."""
        from odt_core.checkpoint import Checkpoint, CheckpointMeta

        meta.setdefault("labels", tuple(self.model.labels.names))
        meta.setdefault("created", datetime.now(UTC).isoformat(timespec="seconds"))
        return Checkpoint(self.state(), CheckpointMeta(model_sha256=self.model.sha256, **meta))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take over a checkpoint's variables. CheckpointError when it belongs to another model."""
        from odt_core.checkpoint import check_belongs

        check_belongs(checkpoint, self.model)
        self.load_state(checkpoint.state)

    def save_tf_checkpoint(
        self, path: str | Path, signature: str | None = None
    ) -> tuple[Path, ...]:
        """Write a TensorFlow checkpoint that the original model's own restore reads on a device.

        signature: which saving signature, where there are several. Returns the files written.
        Raises ModelError when the model saves none.
        """
        from odt_core.checkpoint.tensorflow import write_tf_checkpoint

        form = self._checkpoint_signature("save", signature)
        values = self.run(form.signature)
        tensors = {tensor.name: values[tensor.key] for tensor in form.tensors}
        return write_tf_checkpoint(path, tensors, form.version)

    def load_tf_checkpoint(self, path: str | Path, signature: str | None = None) -> None:
        """Take over a TensorFlow checkpoint that the original model's own save wrote.

        Raises ModelError when the model restores none, CheckpointError when the file is damaged or
        lacks what the model wants; nothing changes then.
        """
        from odt_core.checkpoint.tensorflow import read_tf_checkpoint

        form = self._checkpoint_signature("restore", signature)
        tensors = read_tf_checkpoint(path)
        inputs = {}
        for tensor in form.tensors:
            array = tensors.get(tensor.name)
            if array is None:
                raise CheckpointError(
                    f"The TensorFlow checkpoint has no tensor '{tensor.name}', which this model "
                    f"restores. Choose one that this model saved."
                )
            if array.dtype.name != tensor.dtype or not shape_fits(tensor.shape, array.shape):
                raise CheckpointError(
                    f"The TensorFlow checkpoint belongs to another model: '{tensor.name}' is "
                    f"{array.dtype} {list(array.shape)}, the model wants {tensor.dtype} "
                    f"{list(tensor.shape)}. Choose one that this model saved."
                )
            inputs[tensor.key] = array
        self.run(form.signature, **inputs)

    def _checkpoint_signature(self, kind: str, name: str | None) -> CheckpointSignature:
        forms = [form for form in self.model.description.checkpoints if form.kind == kind]
        if name is not None:
            forms = [form for form in forms if form.signature == name]
        if not forms:
            raise ModelError(
                f"This model has no signature that can {kind} a TensorFlow checkpoint. Use odt's "
                f"own checkpoints: save_checkpoint_file and load_checkpoint_file."
            )
        return forms[0]

    # --- checks ---------------------------------------------------------------------------------

    def _samples(self, x: np.ndarray) -> np.ndarray:
        shape = self.model.contract.input_shape
        x = np.ascontiguousarray(x, np.float32)
        if x.shape[1:] != shape:
            raise SignatureError(
                f"The model takes samples of shape [N{''.join(f', {size}' for size in shape)}]; "
                f"got {list(x.shape)}."
            )
        return x

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise ModelError(
                "A session belongs to the thread that made it. Make a session of its own in each "
                "thread with model.session(), or use odt_core.runtime.Worker."
            )

    def _why_not(self, what: str) -> str:
        notes = " ".join(self.model.contract.notes)
        return notes or f"This model cannot be {what}."


def probabilities(scores: np.ndarray, used: np.ndarray, kind: OutputKind) -> np.ndarray:
    """Scores [N, K] as probabilities over the used outputs, float32 [N, K].

    Logits go through a softmax over the used outputs alone; probabilities are renormalised. A
    single output (K = 1) is passed on as it is.
    """
    if scores.ndim != 2 or scores.shape[1] < 2:
        return scores.astype(np.float32)
    if kind is OutputKind.PROBABILITIES:
        values = np.where(used, np.maximum(scores, 0), 0).astype(np.float64)
    else:
        masked = np.where(used, scores.astype(np.float64), -np.inf)
        values = np.exp(masked - masked.max(axis=1, keepdims=True))
    total = values.sum(axis=1, keepdims=True)
    result = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    return result.astype(np.float32)
