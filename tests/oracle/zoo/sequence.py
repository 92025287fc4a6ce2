"""Models of sequences: embeddings, recurrent layers (unrolled and as loops), attention."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import tf_keras
from drill import Feed, Problem, classification

from zoo.recipes import Spec, keras3_loss, softmax_loss, sparse_loss, tutorial
from zoo.registry import exhibit

WORDS = Problem("tokens", (6,), classes=3, vocabulary=20)
WINDOWS = Problem("classes", (6, 3), classes=3)
TOKENS, ONE_HOT, INDEX = Feed("samples", "int32"), Feed("one hot"), Feed("index", "int32")
X, Y, LABELS = Spec([None, 6], tf.int32), Spec([None, 3]), Spec([None], tf.int32)
SAVED = {"save": "save", "restore": "restore"}
WEIGHTS = {"read": "get_weights", "write": "set_weights"}


def text_model(k: Any, *layers: Any, length: int = 6) -> Any:
    """Tokens int32 [length] to 3 scores."""
    first = k.Input((length,), dtype="int32")
    value = k.layers.Embedding(20, 4)(first)
    for layer in layers:
        value = layer(value)
    return k.Model(first, k.layers.Dense(3)(value))


@exhibit(classification(WORDS, INDEX, samples=TOKENS, **SAVED))
def text_mean_keras2() -> bytes:
    """The mean of word embeddings; the embedding's gradient is sparse."""
    layer = tf_keras.layers.GlobalAveragePooling1D()
    optimizer = tf_keras.optimizers.SGD(0.5)
    return tutorial(text_model(tf_keras, layer), sparse_loss, optimizer, X, LABELS)


@exhibit(classification(WORDS, ONE_HOT, samples=TOKENS, **WEIGHTS))
def text_adagrad_keras3() -> bytes:
    """Word embeddings under Adagrad, concatenated."""
    layer = keras.layers.Flatten()
    optimizer = keras.optimizers.Adagrad(0.1)
    model = text_model(keras, layer)
    return tutorial(model, softmax_loss, optimizer, X, Y, checkpoint="weights")


@exhibit(classification(WORDS, INDEX, samples=TOKENS, **SAVED))
def text_lstm_unrolled_keras2() -> bytes:
    """Embedding and an unrolled LSTM."""
    layer = tf_keras.layers.LSTM(5, unroll=True)
    optimizer = tf_keras.optimizers.Adam(0.02)
    return tutorial(text_model(tf_keras, layer), sparse_loss, optimizer, X, LABELS)


@exhibit(classification(WORDS, ONE_HOT, samples=TOKENS, batches=(6,), infer=6, **WEIGHTS))
def text_lstm_unrolled_static_keras3() -> bytes:
    """The same on Keras 3 with a fixed batch size."""
    layer = keras.layers.LSTM(5, unroll=True)
    optimizer = keras.optimizers.Adam(0.02)
    x, y = Spec([6, 6], tf.int32), Spec([6, 3])
    model = text_model(keras, layer)
    return tutorial(model, softmax_loss, optimizer, x, y, checkpoint="weights")


@exhibit(classification(WORDS, INDEX, samples=TOKENS, **WEIGHTS))
def text_lstm_loop_keras2() -> bytes:
    """An LSTM as a loop, as Keras has it unless told otherwise."""
    layer = tf_keras.layers.LSTM(5)
    optimizer = tf_keras.optimizers.Adam(0.02)
    model = text_model(tf_keras, layer)
    return tutorial(model, sparse_loss, optimizer, X, LABELS, checkpoint="weights")


@exhibit(classification(WINDOWS, ONE_HOT, **WEIGHTS))
def sensor_gru_unrolled_keras3() -> bytes:
    """An unrolled GRU on sensor windows."""
    model = keras.Sequential(
        [keras.Input((6, 3)), keras.layers.GRU(5, unroll=True), keras.layers.Dense(3)]
    )
    x, optimizer = Spec([None, 6, 3]), keras.optimizers.RMSprop(0.02)
    return tutorial(model, softmax_loss, optimizer, x, Y, checkpoint="weights")


@exhibit(classification(WINDOWS, ONE_HOT, **WEIGHTS))
def sensor_gru_loop_keras3() -> bytes:
    """A GRU as a loop."""
    model = keras.Sequential([keras.Input((6, 3)), keras.layers.GRU(5), keras.layers.Dense(3)])
    x, optimizer = Spec([None, 6, 3]), keras.optimizers.Adam(0.02)
    return tutorial(model, softmax_loss, optimizer, x, Y, checkpoint="weights")


@exhibit(classification(WINDOWS, INDEX, **WEIGHTS))
def sensor_bidirectional_keras2() -> bytes:
    """Unrolled simple recurrent layers in both directions."""
    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [
            layers.InputLayer((6, 3)),
            layers.Bidirectional(layers.SimpleRNN(4, unroll=True, return_sequences=True)),
            layers.GlobalMaxPooling1D(),
            layers.Dense(3),
        ]
    )
    x, optimizer = Spec([None, 6, 3]), tf_keras.optimizers.SGD(0.05, momentum=0.9)
    return tutorial(model, sparse_loss, optimizer, x, LABELS, checkpoint="weights")


@exhibit(classification(WINDOWS, INDEX, **WEIGHTS))
def sensor_bidirectional_loop_keras3() -> bytes:
    """Loops in both directions, all steps of which are joined with one another."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6, 3)),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.Bidirectional(layers.GRU(2, return_sequences=True)),
            layers.GlobalMaxPooling1D(),
            layers.Dense(3),
        ]
    )
    x, optimizer = Spec([None, 6, 3]), keras.optimizers.SGD(0.05)
    return tutorial(model, sparse_loss, optimizer, x, LABELS, checkpoint="weights")


@exhibit(classification(WORDS, ONE_HOT, samples=TOKENS, idle=("weight_4",), **WEIGHTS))
def transformer_keras3() -> bytes:
    """A transformer block: attention of two heads, layer normalisation, GELU, seeded dropout.
    The attention's key bias has no effect: it shifts all scores of a row alike."""
    layers = keras.layers
    first = keras.Input((6,), dtype="int32")
    value = layers.Embedding(20, 4)(first)
    attended = layers.MultiHeadAttention(2, 3)(value, value)
    value = layers.LayerNormalization()(value + attended)
    wide = layers.Dropout(0.2, seed=4)(layers.Dense(8, activation="gelu")(value))
    value = layers.LayerNormalization()(value + layers.Dense(4)(wide))
    model = keras.Model(first, layers.Dense(3)(layers.GlobalAveragePooling1D()(value)))
    optimizer = keras.optimizers.AdamW(0.02)
    return tutorial(model, softmax_loss, optimizer, X, Y, checkpoint="weights")


@exhibit(classification(WORDS, INDEX, samples=TOKENS, batches=(6,), infer=6, **WEIGHTS))
def attention_static_keras2() -> bytes:
    """Dot-product attention with a fixed batch size; Adam with a decaying rate."""
    layers = tf_keras.layers
    first = tf_keras.Input((6,), batch_size=6, dtype="int32")
    value = layers.Embedding(20, 4)(first)
    value = layers.Attention(use_scale=True)([layers.Dense(4)(value), value])
    model = tf_keras.Model(first, layers.Dense(3)(layers.GlobalAveragePooling1D()(value)))
    schedule = tf_keras.optimizers.schedules.CosineDecay(0.05, 40)
    x, y = Spec([6, 6], tf.int32), Spec([6], tf.int32)
    optimizer = tf_keras.optimizers.Adam(schedule)
    return tutorial(model, sparse_loss, optimizer, x, y, checkpoint="weights")


@exhibit(classification(WINDOWS, ONE_HOT, **WEIGHTS))
def sensor_attention_focal_keras3() -> bytes:
    """Convolution, then attention over time; focal loss; SGD with averaged weights (EMA)."""
    layers = keras.layers
    first = keras.Input((6, 3))
    value = layers.Conv1D(4, 3, padding="same", activation="relu")(first)
    value = layers.Attention()([value, value])
    model = keras.Model(first, layers.Dense(3)(layers.GlobalAveragePooling1D()(value)))
    loss = keras3_loss("CategoricalFocalCrossentropy", from_logits=True)
    x, optimizer = Spec([None, 6, 3]), keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
    return tutorial(model, loss, optimizer, x, Y, checkpoint="weights")
