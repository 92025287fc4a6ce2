"""Convolutions before max pools, in the forms that pools allow, train as in eager Keras."""

from collections import Counter

import pytest
from side_by_side import LiteRT, classification_batches, keras, train_eagerly, worst_error

from odt_core.authoring import to_trainable_tflite
from odt_core.graph.flatbuffer import read
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.signature import find_signature
from odt_core.graph.tensor import shape_of

layers = keras.layers
CLASSES = 5
TOLERANCE = 1e-4
STEPS = 10  # two of each batch size


def conv(filters=4, kernel=3, activation="relu", **options):
    return layers.Conv2D(filters, kernel, activation=activation, **options)


# name -> (image, layers before Flatten and Dense)
BY_WINDOWS = {
    "one channel": ((12, 12, 1), lambda: [conv(), layers.MaxPooling2D(2)]),
    "colours": ((10, 12, 3), lambda: [conv(6), layers.MaxPooling2D(2)]),
    "same padding": ((12, 12, 1), lambda: [conv(padding="same"), layers.MaxPooling2D(2)]),
    "5 by 5": ((12, 12, 1), lambda: [conv(kernel=5), layers.MaxPooling2D(2)]),
    "strides": ((13, 13, 1), lambda: [conv(strides=2), layers.MaxPooling2D(2)]),
    "no bias": ((12, 12, 1), lambda: [conv(use_bias=False), layers.MaxPooling2D(2)]),
    "no activation": ((12, 12, 1), lambda: [conv(activation=None), layers.MaxPooling2D(2)]),
    "relu6": ((12, 12, 1), lambda: [conv(activation="relu6"), layers.MaxPooling2D(2)]),
    "activation of its own": (
        (12, 12, 1),
        lambda: [conv(activation=None), layers.ReLU(), layers.MaxPooling2D(2)],
    ),
    "activation after the pool": (
        (12, 12, 1),
        lambda: [conv(activation=None), layers.MaxPooling2D(2), layers.ReLU()],
    ),
    "windows of 3": ((11, 11, 1), lambda: [conv(kernel=2), layers.MaxPooling2D(3)]),
    "windows of 1 by 2": ((12, 12, 1), lambda: [conv(), layers.MaxPooling2D((1, 2))]),
}
EARLY = {
    "a second convolution": (
        (18, 18, 1),
        lambda: [conv(), layers.MaxPooling2D(2), conv(6), layers.MaxPooling2D(2)],
    ),
    "windows that overlap": (
        (12, 12, 1),
        lambda: [conv(), layers.MaxPooling2D(3, strides=2, padding="same")],
    ),
    "many channels": (
        (12, 12, 16),
        lambda: [conv(activation="relu6"), layers.MaxPooling2D(2)],
    ),
}
# name -> (image, layers, the extents of images that a train step computes and does not compute)
CROPPED = {
    "valid": ((13, 13, 8), lambda: [conv(), layers.MaxPooling2D(2)], {10}, {11}),
    "one channel": ((11, 11, 1), lambda: [conv(), layers.MaxPooling2D(2)], {4}, {9}),
    "same": ((7, 7, 8), lambda: [conv(padding="same"), layers.MaxPooling2D(2)], {6}, {7}),
    "strides": ((14, 14, 8), lambda: [conv(strides=2), layers.MaxPooling2D(5)], {5}, {6}),
    "overlap": ((12, 12, 8), lambda: [conv(), layers.MaxPooling2D(3, strides=2)], {9}, {11, 12}),
    "tanh": (
        (13, 13, 8),
        lambda: [conv(activation="tanh"), layers.MaxPooling2D(2)],
        {10},
        {11},
    ),
    "two pools": (
        (16, 16, 1),
        lambda: [conv(), layers.MaxPooling2D(2), conv(6), layers.MaxPooling2D(2)],
        {6, 4},
        {7, 5},
    ),
    "two convolutions": (
        (11, 11, 8),
        lambda: [conv(), conv(), layers.MaxPooling2D(2)],
        {8, 6},
        {9, 7},
    ),
    "image of a transposed convolution": (
        (6, 6, 8),
        lambda: [layers.Conv2DTranspose(4, 3), conv(), layers.MaxPooling2D(4)],
        {4},
        {},
    ),
}
WHOLE = {
    "pool with padding": lambda: [conv(), layers.MaxPooling2D(2, padding="same")],
    "normalisation": lambda: [
        conv(activation=None),
        layers.BatchNormalization(),
        layers.MaxPooling2D(2),
    ],
}
# what follows is as it was
OTHERS = {
    "tanh": ((12, 12, 1), lambda: [conv(activation="tanh"), layers.MaxPooling2D(2)]),
    "leaky": (
        (12, 12, 1),
        lambda: [conv(activation=None), layers.LeakyReLU(), layers.MaxPooling2D(2)],
    ),
    "normalisation between": (
        (12, 12, 1),
        lambda: [conv(), layers.BatchNormalization(), layers.MaxPooling2D(2)],
    ),
    "average pool": ((12, 12, 1), lambda: [conv(), layers.AveragePooling2D(2)]),
}


def sequential(image, stack):
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.Input(image), *stack(), layers.Flatten(), layers.Dense(CLASSES)]
    )
    return compiled(model)


def compiled(model):
    model.compile(
        keras.optimizers.SGD(0.02), keras.losses.CategoricalCrossentropy(from_logits=True)
    )
    return model


def assert_trains_as_keras(model, image):
    batches = classification_batches(image, CLASSES, STEPS)
    data = to_trainable_tflite(model)
    device = LiteRT(data)
    actual, expected = device.train(batches), train_eagerly(model, batches)
    assert actual == pytest.approx(expected, rel=TOLERANCE, abs=1e-5)
    assert worst_error(device.parameters(), model.get_weights()) < TOLERANCE
    x = batches[0][0]
    logits = device.run("infer", x=x)["logits"]
    assert worst_error([logits], [model(x, training=False)]) < TOLERANCE
    return data


def ops_of(data):
    """The ops of the train step, and the shapes of what biases are added to."""
    model = read(data)
    graph = model.subgraphs[find_signature(model, "train").subgraphIndex]
    added = [
        [shape_of(graph.tensors[index]) for index in inputs_of(operator)]
        for operator in graph.operators
        if name_of(model, operator) == "ADD"
    ]
    biased = [shape for shape, other in added if len(other) == 1]
    return Counter(name_of(model, operator) for operator in graph.operators), biased


def extents_of(data):
    """Rows and columns of the images that ops of the train step give."""
    model = read(data)
    graph = model.subgraphs[find_signature(model, "train").subgraphIndex]
    shapes = [shape_of(graph.tensors[i]) for o in graph.operators for i in outputs_of(o)]
    return {shape[1:3] for shape in shapes if len(shape) == 4}


@pytest.mark.parametrize("name", BY_WINDOWS)
def test_convolution_by_windows_when_trained_then_equals_keras(name):
    image, stack = BY_WINDOWS[name]
    ops, _ = ops_of(assert_trains_as_keras(sequential(image, stack), image))
    assert ops["MAX_POOL_2D"] == 0
    assert ops["MAXIMUM"] >= 1


@pytest.mark.parametrize("name", EARLY)
def test_bias_after_the_pool_when_trained_then_equals_keras(name):
    image, stack = EARLY[name]
    ops, added = ops_of(assert_trains_as_keras(sequential(image, stack), image))
    assert ops["MAX_POOL_2D"] == 1
    assert all(shape[1:3] not in ((10, 10), (12, 12)) for shape in added)


@pytest.mark.parametrize("name", CROPPED)
def test_image_that_a_pool_does_not_read_whole_when_trained_then_equals_keras(name):
    image, stack, there, absent = CROPPED[name]
    extents = extents_of(assert_trains_as_keras(sequential(image, stack), image))
    assert extents.issuperset((size, size) for size in there)
    assert extents.isdisjoint((size, size) for size in absent)


@pytest.mark.parametrize("name", WHOLE)
def test_image_that_is_read_whole_when_trained_then_equals_keras(name):
    data = assert_trains_as_keras(sequential((13, 13, 8), WHOLE[name]), (13, 13, 8))
    assert (11, 11) in extents_of(data)


def test_image_that_others_read_whole_when_trained_then_equals_keras():
    x = keras.Input((13, 13, 8))
    y = conv()(x)
    kept = layers.GlobalAveragePooling2D()(y)
    pooled = layers.Flatten()(layers.MaxPooling2D(2)(y))
    model = keras.Model(x, layers.Dense(CLASSES)(layers.Concatenate()([kept, pooled])))
    assert (11, 11) in extents_of(assert_trains_as_keras(compiled(model), (13, 13, 8)))


def test_sum_of_two_images_when_trained_then_equals_keras():
    """One of them is read whole elsewhere."""
    x = keras.Input((13, 13, 8))
    y, z = conv()(x), conv()(x)
    pooled = layers.Flatten()(layers.MaxPooling2D(2)(layers.Add()([y, z])))
    kept = layers.GlobalAveragePooling2D()(y)
    model = keras.Model(x, layers.Dense(CLASSES)(layers.Concatenate()([kept, pooled])))
    assert_trains_as_keras(compiled(model), (13, 13, 8))


def test_image_added_to_what_was_made_of_it_when_trained_then_equals_keras():
    """Each convolution asks for a row more of the image that it gave, up to the last."""
    x = keras.Input((7, 7, 8))
    y = conv(8, padding="same")(x)
    for _ in range(2):
        y = layers.Add()([y, conv(8, padding="same")(y)])
    model = keras.Model(x, layers.Dense(CLASSES)(layers.Flatten()(layers.MaxPooling2D(2)(y))))
    assert (7, 7) in extents_of(assert_trains_as_keras(compiled(model), (7, 7, 8)))


def test_high_image_added_to_what_was_made_of_it_is_lowered_at_once():
    x = keras.Input((301, 3, 4))
    y = layers.Add()([x, conv(4, padding="same")(x)])
    y = layers.Add()([y, conv(4, padding="same")(y)])
    model = keras.Model(x, layers.Dense(CLASSES)(layers.Flatten()(layers.MaxPooling2D(2)(y))))
    assert (301, 3) in extents_of(to_trainable_tflite(compiled(model)))


@pytest.mark.parametrize("name", OTHERS)
def test_other_layers_before_a_pool_when_trained_then_equal_keras(name):
    image, stack = OTHERS[name]
    ops, _ = ops_of(assert_trains_as_keras(sequential(image, stack), image))
    assert ops["MAX_POOL_2D"] + ops["AVERAGE_POOL_2D"] == 1


def test_convolution_that_others_read_when_trained_then_equals_keras():
    x = keras.Input((12, 12, 1))
    y = conv(padding="same")(x)
    kept = layers.GlobalAveragePooling2D()(y)
    pooled = layers.Flatten()(layers.MaxPooling2D(2)(y))
    model = keras.Model(x, layers.Dense(CLASSES)(layers.Concatenate()([kept, pooled])))
    ops, _ = ops_of(assert_trains_as_keras(compiled(model), (12, 12, 1)))
    assert ops["MAX_POOL_2D"] == 1


def test_convolution_with_two_pools_when_trained_then_equals_keras():
    x = keras.Input((12, 12, 1))
    y = conv()(x)
    both = [layers.Flatten()(layers.MaxPooling2D(size)(y)) for size in (2, 5)]
    model = keras.Model(x, layers.Dense(CLASSES)(layers.Concatenate()(both)))
    ops, _ = ops_of(assert_trains_as_keras(compiled(model), (12, 12, 1)))
    assert ops["MAX_POOL_2D"] == 2


def test_image_that_is_learnt_too_when_trained_then_equals_keras():
    """The convolution's input has a gradient: it is not worked on window by window."""
    x = keras.Input((12, 12, 1))
    y = layers.MaxPooling2D(2)(conv()(conv(1, padding="same")(x)))
    model = keras.Model(x, layers.Dense(CLASSES)(layers.Flatten()(y)))
    ops, _ = ops_of(assert_trains_as_keras(compiled(model), (12, 12, 1)))
    assert ops["MAX_POOL_2D"] == 1
