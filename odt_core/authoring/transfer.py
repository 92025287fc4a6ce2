"""A frozen backbone and a trainable head in one .tflite, as the personalisation sample has them."""

from __future__ import annotations

import tempfile
from typing import Any

from odt_core.authoring.backend import keras, tf
from odt_core.authoring.conversion import (
    check_values,
    convert,
    state_of,
)
from odt_core.authoring.inputs import check_one_input
from odt_core.authoring.losses import resolve_loss
from odt_core.authoring.one_call import choose_optimizer, signature
from odt_core.authoring.program import Program, check_model, check_says_its_shapes
from odt_core.authoring.recipe import save_program
from odt_core.errors import AuthoringError
from odt_core.graph import describe
from odt_core.graph.halve import halve_weights
from odt_core.runtime.weights import USED_OUTPUTS

UNUSED = -100.0  # what the logit of an output is lowered by while no sample has shown its label


def to_transfer_tflite(
    backbone: keras.Model,
    head: keras.Model,
    *,
    classifier: keras.Model | None = None,
    optimizer: Any = None,
    learning_rate: float | None = None,
) -> bytes:
    """A .tflite that learns new labels from a few samples, on plain LiteRT with any batch size.

    backbone: from samples to features, such as a Keras application without its top; its weights
    become constants, which never change: float16, but float32 as they are in depthwise
    convolutions. head: from features to the logits of all labels there may be, more than are known
    now; it learns by cross-entropy. classifier: from the same features to scores of labels the
    backbone knows already. optimizer: as for model.compile(), else SGD; learning_rate: instead of
    its own.

    Signatures: load(feature) -> bottleneck; train(bottleneck, label) -> loss, labels one-hot or
    soft; infer(feature) -> output, logits; infer_bottleneck(bottleneck) -> output, logits;
    classify(bottleneck) -> scores where there is a classifier; initialize, which puts the head
    back to how it began; set_learning_rate; odt_get_state and odt_set_state. An output whose label
    no sample has shown yet takes no part: it gets no probability and keeps its first weights, so
    that a label can join later without disturbing the others.
    Raises AuthoringError when the models do not fit together or cannot be converted.
    """
    parts = [backbone, head, *([classifier] if classifier is not None else [])]
    for model in parts:
        check_model(model)
        check_says_its_shapes(model)
        check_one_input(model)
    features, outputs = backbone.output_shape[1:], head.output_shape[-1]
    for model in parts[1:]:
        if model.input_shape[1:] != features or len(model.output_shape) != 2:
            raise AuthoringError(
                f"The model '{model.name}' goes from {list(model.input_shape[1:])} to "
                f"{list(model.output_shape[1:])}, but must go from the features of "
                f"'{backbone.name}', {list(features)}, to one row of scores."
            )
    learner = Learner(head, optimizer, learning_rate)
    sample = tf.TensorSpec([None, *backbone.input_shape[1:]], tf.float32, name="feature")
    bottleneck = tf.TensorSpec([None, *features], tf.float32, name="bottleneck")
    label = tf.TensorSpec([None, outputs], tf.float32, name="label")
    extract = _constant(backbone)
    signatures = {
        "load": signature(lambda feature: {"bottleneck": extract(feature)}, sample),
        "train": signature(
            lambda bottleneck, label: {"loss": learner.train(bottleneck, label)}, bottleneck, label
        ),
        "infer": signature(lambda feature: learner.infer(extract(feature)), sample),
        "infer_bottleneck": signature(learner.infer, bottleneck),
        "initialize": signature(learner.initialize),
        **learner.program.rate_signatures(),
    }
    if classifier is not None:
        scores = _constant(classifier)
        signatures["classify"] = signature(
            lambda bottleneck: {"scores": scores(bottleneck)}, bottleneck
        )
    with tempfile.TemporaryDirectory() as directory:
        save_program(learner, signatures, directory)
        converted = convert(directory).lowered
    data = halve_weights(converted)
    check_values(state_of(data, describe(data)), learner.first)
    return data


class Learner(tf.Module):
    """The head as a program, and which of its outputs a sample has shown so far."""

    def __init__(self, head: keras.Model, optimizer: Any, learning_rate: float | None) -> None:
        super().__init__(name="odt")
        self.used = tf.Variable(tf.zeros([head.output_shape[-1]]), name=USED_OUTPUTS)
        cross_entropy = resolve_loss(head, keras.losses.CategoricalCrossentropy(from_logits=True))
        self.program = Program(
            head,
            lambda label, logits: cross_entropy(label, self._among_used(logits)),
            choose_optimizer(head, optimizer, learning_rate),
        )
        self.first = {v.name.removesuffix(":0"): v.numpy() for v in self.variables}

    def train(self, bottleneck: Any, label: Any) -> Any:
        """One step on a batch; its loss before the step. Outputs that it shows count as used."""
        shown = tf.math.ceil(tf.minimum(tf.reduce_max(label, 0), 1.0))
        self.used.assign(tf.maximum(self.used.read_value(), shown))
        return self.program.train(bottleneck, label)

    def infer(self, bottleneck: Any) -> dict[str, Any]:
        """Probabilities and logits [N, outputs]."""
        logits = self._among_used(self.program.infer(bottleneck))
        return {"output": tf.nn.softmax(logits), "logits": logits}

    def initialize(self) -> dict[str, Any]:
        """All variables as they were at first; the outputs in use, none."""
        for variable in self.variables:
            variable.assign(self.first[variable.name.removesuffix(":0")])
        return {"used": self.used.read_value()}

    def _among_used(self, logits: Any) -> Any:
        return logits + (1.0 - self.used.read_value()) * UNUSED


def _constant(model: keras.Model) -> Any:
    """A model as a function whose weights are constants of the graph."""
    weights = [(variable, tf.constant(variable.numpy())) for variable in model.variables]

    def call(x: Any) -> Any:
        with keras.StatelessScope(state_mapping=weights):
            return model(x, training=False)

    return call
