"""Shapes and multiplications of the race's models, against sums done by hand."""

from __future__ import annotations

import pytest

from benchmarks.engines.networks import CNN, DIGITS, HEAD, MLP, NETWORKS, STRIDED, Network, mlp_of


def test_weights_when_strided_then_shapes_are_those_of_its_layers():
    shapes = ((3, 3, 1, 16), (16,), (3, 3, 16, 32), (32,), (1568, 64), (64,), (64, 10), (10,))
    assert STRIDED.weights == shapes


def test_weights_when_pooled_then_what_fills_no_square_is_left_out():
    assert CNN.weights[4] == (5 * 5 * 32, 64)  # 28 → 26 → 13 → 11 → 5


def test_flops_when_dense_then_a_step_is_forward_and_kernels_and_one_input_gradient():
    first, second = 784 * 128, 128 * 10
    assert MLP.train_flops(32) == 2 * 32 * (2 * first + 3 * second)


def test_flops_when_convolutional_then_count_every_place_of_the_kernel():
    first, others = 26 * 26 * 9 * 16, 11 * 11 * 9 * 16 * 32 + 800 * 64 + 640
    assert CNN.train_flops(1) == 2 * (2 * first + 3 * others)


def test_flops_when_layers_are_frozen_then_they_only_run_forward():
    frozen = 14 * 14 * 25 * 16 + 7 * 7 * 9 * 16 * 32 + 4 * 4 * 9 * 32 * 64
    dense = 1024 * 128, 128 * 16
    assert DIGITS.train_flops(1) == 2 * (frozen + 2 * dense[0] + 3 * dense[1])


def test_trained_when_frozen_then_says_so_for_kernel_and_bias():
    assert DIGITS.trained == (False,) * 6 + (True,) * 4


@pytest.mark.parametrize("name", NETWORKS)
def test_json_when_read_back_then_is_the_same_network(name: str):
    assert Network.from_json(NETWORKS[name].to_json()) == NETWORKS[name]


@pytest.mark.parametrize("parameters", [1_000, 100_000, 10_000_000])
def test_mlp_of_when_asked_for_a_size_then_is_within_a_hidden_unit(parameters: int):
    assert abs(mlp_of(parameters).parameters - parameters) <= 795 / 2


def test_head_when_counted_then_has_one_kernel_and_one_bias():
    assert HEAD.parameters == 1280 * 4 + 4
