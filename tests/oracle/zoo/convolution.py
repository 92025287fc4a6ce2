"""Convolutional models: pooling of every kind, normalisation, dropout, strides, dilation."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import tf_keras
from drill import Call, Drill, Feed, Problem, classification

from zoo.recipes import (
    Spec,
    keras2_loss,
    own_output,
    softmax_loss,
    sparse_loss,
    tutorial,
)
from zoo.registry import exhibit

PICTURES = Problem("classes", (10, 10, 2), classes=4)
WINDOWS = Problem("classes", (24, 3), classes=3)
ONE_HOT, INDEX = Feed("one hot"), Feed("index", "int32")
X, Y4, Y3 = Spec([None, 10, 10, 2]), Spec([None, 4]), Spec([None, 3])
SAVED = {"save": "save", "restore": "restore"}
WEIGHTS = {"read": "get_weights", "write": "set_weights"}


def stack(k: Any, *layers: Any, shape: tuple[int, ...] = (10, 10, 2), outputs: int = 4) -> Any:
    """The layers in order, then a dense layer for the scores."""
    first = value = k.Input(shape)
    for layer in layers:
        value = layer(value)
    return k.Model(first, k.layers.Dense(outputs, name="scores")(value))


@exhibit(classification(PICTURES, ONE_HOT, **SAVED))
def cnn_max_pool_keras2() -> bytes:
    """Two convolutions with 2×2 max pools, valid and same padding: the usual first CNN."""
    layers = tf_keras.layers
    model = stack(
        tf_keras,
        layers.Conv2D(4, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(6, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
    )
    loss = keras2_loss("CategoricalCrossentropy", from_logits=True)
    return tutorial(model, loss, tf_keras.optimizers.Adam(0.01), X, Y4)


@exhibit(classification(PICTURES, INDEX, **WEIGHTS))
def cnn_overlapping_pool_keras3() -> bytes:
    """3×3 max pools with stride 2 and padding, which overlap; pooling right after ReLU has ties."""
    layers = keras.layers
    model = stack(
        keras,
        layers.Conv2D(4, 5, strides=2, padding="same", activation="relu"),
        layers.MaxPooling2D(3, strides=1, padding="same"),
        layers.Conv2D(5, (1, 3), activation="relu"),
        layers.MaxPooling2D((3, 2), strides=2, padding="same"),
        layers.Flatten(),
    )
    optimizer, y = keras.optimizers.SGD(0.03, momentum=0.9), Spec([None], tf.int32)
    return tutorial(model, sparse_loss, optimizer, X, y, checkpoint="weights")


@exhibit(classification(PICTURES, ONE_HOT, batches=(8, 5, 6), **WEIGHTS))
def cnn_batch_norm_dropout_keras3() -> bytes:
    """Batch normalisation with its running statistics, dropout with its seed as a variable."""
    layers = keras.layers
    model = stack(
        keras,
        layers.Conv2D(4, 3, use_bias=False),
        layers.BatchNormalization(momentum=0.8),
        layers.ReLU(),
        layers.SpatialDropout2D(0.2, seed=5),
        layers.Conv2D(4, 3, strides=2, use_bias=False),
        layers.BatchNormalization(scale=False),
        layers.ReLU(6.0),
        layers.Flatten(),
        layers.Dropout(0.4, seed=6),
    )
    optimizer = keras.optimizers.Adam(0.01)
    return tutorial(model, softmax_loss, optimizer, X, Y4, checkpoint="weights")


@exhibit(classification(PICTURES, INDEX, batches=(8,), infer=8, **SAVED))
def cnn_batch_norm_static_keras2() -> bytes:
    """Batch normalisation with a fixed batch of 8; SaveV2."""
    layers = tf_keras.layers
    model = stack(
        tf_keras,
        layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.GlobalAveragePooling2D(),
    )
    optimizer = tf_keras.optimizers.RMSprop(0.01)
    x, y = Spec([8, 10, 10, 2]), Spec([8], tf.int32)
    return tutorial(model, sparse_loss, optimizer, x, y, checkpoint=2)


@exhibit(classification(PICTURES, ONE_HOT, batches=(8,), **WEIGHTS))
def cnn_dropout_seeded_keras2() -> bytes:
    """Keras 2's Dropout where a seed has been set: the converter's seeded RANDOM_UNIFORM. All
    batches of one size: the original's generator starts anew when the size changes."""
    layers = tf_keras.layers
    model = stack(
        tf_keras,
        layers.Conv2D(4, 3, activation="relu"),
        layers.Dropout(0.3),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
    )
    optimizer = tf_keras.optimizers.SGD(0.02)
    return tutorial(model, softmax_loss, optimizer, X, Y4, checkpoint="weights")


@exhibit(classification(PICTURES, ONE_HOT, **WEIGHTS))
def depthwise_separable_keras2() -> bytes:
    """Depthwise and separable convolutions as in MobileNet, strides and a depth multiplier."""
    layers = tf_keras.layers
    model = stack(
        tf_keras,
        layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
        layers.DepthwiseConv2D(3, padding="same", activation="relu"),
        layers.Conv2D(6, 1, activation="relu"),
        layers.SeparableConv2D(5, 3, strides=2, padding="same", depth_multiplier=2),
        layers.ReLU(6.0),
        layers.GlobalAveragePooling2D(),
    )
    optimizer = tf_keras.optimizers.Adam(0.01)
    return tutorial(model, softmax_loss, optimizer, X, Y4, checkpoint="weights")


@exhibit(classification(PICTURES, ONE_HOT, batches=(8, 6, 4), idle=("weight_3",), **WEIGHTS))
def residual_keras3() -> bytes:
    """A residual block with a strided shortcut, as in ResNet; AdamW. The bias before the batch
    normalisation has no effect on the loss."""
    layers = keras.layers
    first = keras.Input((10, 10, 2))
    stem = layers.Conv2D(4, 3, padding="same", activation="relu")(first)
    value = layers.Conv2D(6, 3, strides=2, padding="same")(stem)
    value = layers.ReLU()(layers.BatchNormalization()(value))
    value = layers.Conv2D(6, 3, padding="same")(value)
    value = layers.Add()([value, layers.Conv2D(6, 1, strides=2)(stem)])
    value = layers.GlobalAveragePooling2D()(layers.ReLU()(value))
    model = keras.Model(first, layers.Dense(4)(value))
    optimizer = keras.optimizers.AdamW(0.01)
    return tutorial(model, softmax_loss, optimizer, X, Y4, checkpoint="weights")


@exhibit(classification(WINDOWS, INDEX, **SAVED))
def sensor_conv1d_keras2() -> bytes:
    """1-D convolutions on windows of sensor values: strides, max pool, causal dilation."""
    layers = tf_keras.layers
    model = stack(
        tf_keras,
        layers.Conv1D(6, 5, strides=2, activation="relu"),
        layers.MaxPooling1D(2),
        layers.Conv1D(6, 3, dilation_rate=2, padding="causal", activation="relu"),
        layers.GlobalMaxPooling1D(),
        shape=(24, 3),
        outputs=3,
    )
    loss = keras2_loss("SparseCategoricalCrossentropy", from_logits=True)
    optimizer, x = tf_keras.optimizers.Adam(0.01), Spec([None, 24, 3])
    return tutorial(model, loss, optimizer, x, Spec([None], tf.int32))


@exhibit(classification(WINDOWS, ONE_HOT, **WEIGHTS))
def sensor_separable_keras3() -> bytes:
    """Separable 1-D convolution, average pools and batch normalisation on sensor windows."""
    layers = keras.layers
    model = stack(
        keras,
        layers.SeparableConv1D(6, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.AveragePooling1D(3, strides=2, padding="same"),
        layers.GlobalAveragePooling1D(),
        shape=(24, 3),
        outputs=3,
    )
    optimizer, x = keras.optimizers.RMSprop(0.01), Spec([None, 24, 3])
    return tutorial(model, softmax_loss, optimizer, x, Y3, checkpoint="weights")


@exhibit(classification(PICTURES, ONE_HOT, **WEIGHTS))
def average_pools_keras3() -> bytes:
    """Average pools: overlapping, padded, whole picture; max over the whole picture."""
    layers = keras.layers
    first = keras.Input((10, 10, 2))
    value = layers.Conv2D(5, 3, activation="swish")(first)
    value = layers.AveragePooling2D(3, strides=2, padding="same")(value)
    value = layers.Conv2D(6, 2, activation="elu")(value)
    value = layers.AveragePooling2D((2, 1), strides=1)(value)
    value = layers.Concatenate()(
        [layers.GlobalAveragePooling2D()(value), layers.GlobalMaxPooling2D()(value)]
    )
    model = keras.Model(first, layers.Dense(4)(value))
    optimizer = keras.optimizers.Adam(0.01)
    return tutorial(model, softmax_loss, optimizer, X, Y4, checkpoint="weights")


@exhibit(classification(PICTURES, ONE_HOT, **WEIGHTS))
def dilated_keras3() -> bytes:
    """Dilated convolutions, two side by side on halves of the channels; padding and cropping."""
    layers = keras.layers
    first = keras.Input((10, 10, 2))
    value = layers.ZeroPadding2D(((1, 0), (2, 1)))(first)
    value = layers.Conv2D(6, 3, dilation_rate=2, activation="relu")(value)
    left, right = value[..., :3], value[..., 3:]
    left = layers.Conv2D(3, 3, dilation_rate=(1, 2), padding="same")(left)
    value = layers.Add()([layers.LeakyReLU()(left), layers.Conv2D(3, 1)(right)])
    value = layers.Flatten()(layers.Cropping2D(1)(value))
    model = keras.Model(first, layers.Dense(4)(value))
    optimizer = keras.optimizers.SGD(0.02)
    return tutorial(model, softmax_loss, optimizer, X, Y4, checkpoint="weights")


def _itself(shape: tuple[int, ...], batches: tuple[int, ...] = (8, 5, 3)) -> Drill:
    samples = Feed("samples")
    train = tuple(Call("train", {"x": samples, "y": samples}, "loss", n) for n in batches)
    infer = (Call("infer", {"x": samples}, "output", 6),)
    return Drill(Problem("itself", shape), train, infer, **WEIGHTS)


@exhibit(_itself((8, 8, 1)))
def convolutional_autoencoder_keras3() -> bytes:
    """Down with strided convolutions, up with transposed ones and nearest-neighbour upsampling."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(6, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(6, 3, strides=2, padding="same", activation="relu"),
            layers.UpSampling2D(2),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    x, optimizer = Spec([None, 8, 8, 1]), keras.optimizers.Adam(0.01)
    loss = keras.losses.MeanSquaredError()
    return tutorial(model, loss, optimizer, x, x, outputs=own_output, checkpoint="weights")


@exhibit(_itself((8, 8, 1), (4,)))
def segmentation_keras2() -> bytes:
    """A little U-Net: skip connection, bilinear upsampling, binary cross-entropy for each pixel."""
    layers = tf_keras.layers
    first = tf_keras.Input((8, 8, 1))
    left = layers.Conv2D(4, 3, padding="same", activation="relu")(first)
    deep = layers.Conv2D(6, 3, padding="same", activation="relu")(layers.MaxPooling2D()(left))
    right = layers.UpSampling2D(2, interpolation="bilinear")(deep)
    right = layers.Concatenate()([left, right])
    model = tf_keras.Model(first, layers.Conv2DTranspose(1, 3, padding="same")(right))
    x, optimizer = Spec([None, 8, 8, 1]), tf_keras.optimizers.Adam(0.01)

    def loss(labels: Any, logits: Any) -> Any:
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))

    return tutorial(model, loss, optimizer, x, x, outputs=own_output, checkpoint="weights")
