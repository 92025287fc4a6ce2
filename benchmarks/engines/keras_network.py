"""A network of the race as a Keras model, for the engines that start from one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from benchmarks.engines.contender import BETA_1, BETA_2, EPSILON, RATES
from benchmarks.engines.material import read_weights
from benchmarks.engines.networks import Conv, MaxPool, Network


def keras_network(network: Network, material: Path) -> Any:
    """The keras.Model with the material's weights, giving logits."""
    model = fresh_network(network)
    model.set_weights(_keras_order(model, read_weights(material, network)))
    return model


def fresh_network(network: Network) -> Any:
    """The keras.Model with weights of Keras' own, giving logits."""
    layers: list[Any] = [keras.Input(network.input_shape)]
    flat = len(network.input_shape) == 1
    for layer in network.layers:
        if isinstance(layer, Conv):
            made = keras.layers.Conv2D(
                layer.filters, layer.kernel, layer.stride, layer.padding, activation="relu"
            )
        elif isinstance(layer, MaxPool):
            layers.append(keras.layers.MaxPooling2D(layer.size))
            continue
        else:
            if not flat:
                layers.append(keras.layers.Flatten())
                flat = True
            made = keras.layers.Dense(layer.units, activation="relu" if layer.relu else None)
        made.trainable = not layer.frozen
        layers.append(made)
    return keras.Sequential(layers)


def _keras_order(model: Any, weights: list[Any]) -> list[Any]:
    """Keras lists the weights that learn before those that do not, whatever their layers' order."""
    places = {}
    flat = [variable for layer in model.layers for variable in layer.weights]
    for variable, weight in zip(flat, weights, strict=True):
        places[id(variable)] = weight
    return [places[id(variable)] for variable in model.weights]


def keras_optimiser(name: str) -> Any:
    """SGD or Adam with the race's settings."""
    if name == "sgd":
        return keras.optimizers.SGD(RATES[name])
    return keras.optimizers.Adam(RATES[name], beta_1=BETA_1, beta_2=BETA_2, epsilon=EPSILON)


def keras_loss() -> Any:
    """Mean cross-entropy of logits."""
    return keras.losses.CategoricalCrossentropy(from_logits=True)
