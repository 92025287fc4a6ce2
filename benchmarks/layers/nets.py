"""Small networks of the layers that people put on devices, each trained as it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

layers = keras.layers
Conv, Dense, Depthwise, Pool = (
    layers.Conv2D, layers.Dense, layers.DepthwiseConv2D, layers.MaxPooling2D
)  # fmt: skip
Flat, Mean = layers.Flatten, layers.GlobalAveragePooling2D


def _sequential(shape: tuple[int, ...], *stack: Any, dtype: str = "float32") -> keras.Model:
    return keras.Sequential([keras.Input(shape, dtype=dtype), *stack])


def _normalised(*stack: Any) -> list[Any]:
    """Each layer with batch normalisation and a ReLU behind it."""
    each = [(one, layers.BatchNormalization(), layers.ReLU()) for one in stack]
    return [layer for three in each for layer in three]


def _plain(filters: int, size: int = 3, **options: Any) -> Any:
    return Conv(filters, size, padding="same", use_bias=False, **options)


def _deep(**options: Any) -> Any:
    return Depthwise(3, padding="same", use_bias=False, **options)


def _residual() -> keras.Model:
    x = start = keras.Input((32, 32, 3))
    x = Conv(16, 3, padding="same", activation="relu")(x)
    for filters in (16, 32):
        y = x
        for layer in (*_normalised(_plain(filters, strides=2)), _plain(filters)):
            y = layer(y)
        shortcut = Conv(filters, 1, strides=2)(x)
        x = layers.ReLU()(layers.Add()([shortcut, layers.BatchNormalization()(y)]))
    return keras.Model(start, Dense(10)(Mean()(x)))


def _squeezed() -> keras.Model:
    start = keras.Input((32, 32, 3))
    x = Conv(16, 3, strides=2, padding="same", activation="relu")(start)
    scale = layers.GlobalAveragePooling2D(keepdims=True)(x)
    scale = Dense(16, activation="sigmoid")(Dense(4, activation="relu")(scale))
    return keras.Model(start, Dense(10)(Flat()(layers.Multiply()([x, scale]))))


def _transformer() -> keras.Model:
    start = keras.Input((32, 24))
    x = Dense(32)(start)
    for _ in range(2):
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(2, 16)(y, y)])
        y = Dense(64, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, Dense(32)(y)])
    return keras.Model(start, Dense(6)(layers.GlobalAveragePooling1D()(x)))


def _unet(up: Any) -> keras.Model:
    start = keras.Input((32, 32, 3))
    fine = Conv(8, 3, padding="same", activation="relu")(start)
    coarse = Conv(16, 3, padding="same", activation="relu")(Pool(2)(fine))
    both = layers.Concatenate()([fine, up(coarse)])
    both = Conv(8, 3, padding="same", activation="relu")(both)
    return keras.Model(start, Conv(3, 1)(both))


def _autoencoder() -> keras.Model:
    down = {"strides": 2, "padding": "same", "activation": "relu"}
    return _sequential(
        (28, 28, 1),
        *(Conv(16, 3, **down), Conv(8, 3, **down), layers.UpSampling2D()),
        *(Conv(8, 3, padding="same", activation="relu"), layers.UpSampling2D()),
        Conv(1, 3, padding="same"),
    )


def _relu(filters: int, size: Any = 3, **options: Any) -> Any:
    return Conv(filters, size, activation="relu", **options)


NETS: dict[str, Callable[[], keras.Model]] = {
    "LeNet with ReLU": lambda: _sequential(
        (28, 28, 1),
        *(_relu(6, 5, padding="same"), Pool(2), _relu(16, 5), Pool(2), Flat()),
        *(Dense(120, activation="relu"), Dense(84, activation="relu"), Dense(10)),
    ),
    "LeNet-5, tanh and mean pools": lambda: _sequential(
        (28, 28, 1),
        *(Conv(8, 5, padding="same", activation="tanh"), layers.AveragePooling2D(2)),
        *(Conv(16, 5, activation="tanh"), layers.AveragePooling2D(2), Flat()),
        *(Dense(120, activation="tanh"), Dense(84, activation="tanh"), Dense(10)),
    ),
    "convolutions with dropout": lambda: _sequential(
        (28, 28, 1),
        *(_relu(32), _relu(64), Pool(2), layers.Dropout(0.25), Flat()),
        *(Dense(128, activation="relu"), layers.Dropout(0.5), Dense(10)),
    ),
    "convolutions, pools and dropout": lambda: _sequential(
        (28, 28, 1),
        *(_relu(32), Pool(2), _relu(64), Pool(2), Flat(), layers.Dropout(0.5), Dense(10)),
    ),
    "batch normalisation": lambda: _sequential(
        (32, 32, 3),
        *(*_normalised(_plain(16)), Pool(2), *_normalised(_plain(32)), Pool(2), Flat()),
        Dense(10),
    ),
    "group normalisation": lambda: _sequential(
        (16, 16, 3),
        *(Conv(16, 3, padding="same"), layers.GroupNormalization(4), layers.ReLU()),
        *(Conv(16, 3, padding="same"), layers.GroupNormalization(4), layers.ReLU()),
        *(Mean(), Dense(5)),
    ),
    "MobileNet, two blocks": lambda: _sequential(
        (32, 32, 3),
        *_normalised(_plain(16, strides=2), _deep(), _plain(32, 1), _deep(strides=2)),
        *(*_normalised(_plain(64, 1)), Mean(), Dense(10)),
    ),
    "keywords, DS-CNN": lambda: _sequential(
        (49, 10, 1),
        *_normalised(_plain(64, (10, 4), strides=2), _deep(), _plain(64, 1)),
        *(Mean(), Dense(12)),
    ),
    "keywords, one wide convolution": lambda: _sequential(
        (49, 40, 1),
        *(_relu(8, (10, 8), strides=2, padding="same"), layers.Dropout(0.3), Flat(), Dense(4)),
    ),
    "separable convolutions": lambda: _sequential(
        (28, 28, 1),
        *(_relu(8), layers.SeparableConv2D(16, 3, activation="relu"), Pool(2)),
        *(layers.SeparableConv2D(32, 3, activation="relu"), Pool(2), Flat(), Dense(10)),
    ),
    "dilated convolutions": lambda: _sequential(
        (32, 32, 1),
        *(_relu(8, dilation_rate=2), _relu(16, dilation_rate=2), Mean(), Dense(5)),
    ),
    "mean of every channel": lambda: _sequential(
        (32, 32, 3), _relu(16, strides=2), _relu(32, strides=2), Mean(), Dense(10)
    ),
    "maximum of every channel": lambda: _sequential(
        (32, 32, 3), _relu(16, strides=2), _relu(32), layers.GlobalMaxPooling2D(), Dense(10)
    ),
    "residual blocks": _residual,
    "squeeze and excitation": _squeezed,
    "flips and turns before it": lambda: _sequential(
        (32, 32, 3),
        *(layers.RandomFlip(), layers.RandomRotation(0.1)),
        *(_relu(16, strides=2), _relu(32, strides=2), Flat(), Dense(10)),
    ),
    "autoencoder": _autoencoder,
    "masks, transposed convolution": lambda: _unet(layers.Conv2DTranspose(8, 2, strides=2)),
    "masks, bilinear": lambda: _unet(layers.UpSampling2D(interpolation="bilinear")),
    "movements, convolutions": lambda: _sequential(
        (128, 9),
        *(layers.Conv1D(64, 3, activation="relu"), layers.Conv1D(64, 3, activation="relu")),
        *(layers.Dropout(0.5), layers.MaxPooling1D(2), Flat(), Dense(100, activation="relu")),
        Dense(6),
    ),
    "movements, LSTM": lambda: _sequential(
        (64, 6), layers.LSTM(32), layers.Dropout(0.3), Dense(32, activation="relu"), Dense(6)
    ),
    "movements, GRU": lambda: _sequential(
        (32, 9),
        *(layers.GRU(24, return_sequences=True), layers.GlobalAveragePooling1D(), Dense(6)),
    ),
    "movements, transformer": _transformer,
    "dense, layer normalisation": lambda: _sequential(
        (64,),
        *(Dense(128), layers.LayerNormalization(), layers.Activation("gelu")),
        *(Dense(128), layers.LayerNormalization(), layers.Activation("gelu"), Dense(10)),
    ),
    "dense, batch normalisation": lambda: _sequential(
        (561,),
        *_normalised(Dense(128, use_bias=False), Dense(64, use_bias=False)),
        Dense(6),
    ),
    "words, mean": lambda: _sequential(
        (40,),
        *(layers.Embedding(5000, 32), layers.GlobalAveragePooling1D()),
        *(Dense(16, activation="relu"), Dense(4)),
        dtype="int32",
    ),
    "words, convolution": lambda: _sequential(
        (60,),
        *(layers.Embedding(3000, 32), layers.Conv1D(64, 5, activation="relu")),
        *(layers.GlobalMaxPooling1D(), Dense(32, activation="relu"), Dense(4)),
        dtype="int32",
    ),
}
