"""The stateless random ops, bit for bit: what Dropout and noise layers of Keras 3 emit.

TensorFlow's generator is Philox-4x32-10 (J. Salmon et al.: Parallel Random Numbers: As Easy as
1, 2, 3, SC 2011; tensorflow/core/lib/random/philox_random.h): ten rounds scramble a 128-bit counter
under a 64-bit key into four words of 32 bits; the counter then goes up by one. LiteRT has the same
generator as an op, but only for sizes known when the model is loaded; others are drawn in blocks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.building import Builder
from odt_core.graph.flex import FlexOp
from odt_core.graph.rules.registry import rule
from odt_core.graph.tensor import Shape, Tensor, entries

_PHILOX, _AUTO = 1, 3  # tensorflow/core/framework/rng_alg.h; on the CPU, auto is Philox
_FACTORS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_BLOCK = 4096  # words of a block, but
_SAMPLES = 16, 128  # those of at least and at most so many samples
_RESERVED = 256  # counters that a group of truncated normal numbers may use
_DRAWS = 4  # and those that are drawn here: 16 numbers, of which 4 are wanted and 15 fit on average
_SCRAMBLE_KEY = 0x02461E29_3EC8F720  # stateless_random_ops.cc


@rule("StatelessRandomGetKeyCounter")
def key_and_counter(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """key [1] and counter [2], uint64: the seed as counter, scrambled under a fixed key, gives the
    key and the counter's upper half (stateless_random_ops.cc, GenerateKey).
    """
    return _scramble(b, inputs[0])


@rule("StatelessRandomUniform", "StatelessRandomUniformV2")
def uniform(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Numbers in [0, 1): the lower 23 bits of each word, times 2⁻²³ (random_distributions.h)."""
    shape, state = _source(b, op, inputs)
    return [shaped(b, op, shape, uniform_numbers(b, _words(b, op, shape, state)))]


@rule("StatelessRandomNormal", "StatelessRandomNormalV2")
def normal(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Standard normal numbers by G. Box, M. Muller, 1958: of two uniform numbers u, v come
    √(−2·ln u)·sin 2πv and √(−2·ln u)·cos 2πv (random_distributions.h, BoxMullerFloat).
    """
    shape, state = _source(b, op, inputs)
    return [shaped(b, op, shape, normal_numbers(b, _words(b, op, shape, state)))]


@rule("StatelessTruncatedNormal", "StatelessTruncatedNormalV2", since="0.2")
def truncated_normal(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Standard normal numbers between −2 and 2."""
    shape, state = _source(b, op, inputs)
    return [shaped(b, op, shape, truncated_numbers(b, shape, state))]


@rule("StatelessRandomUniformInt", "StatelessRandomUniformIntV2", since="0.2")
def uniform_int(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Integers from a lowest up to and without an end."""
    shape, state, lowest, end = _source(b, op, inputs)
    if lowest.dtype == np.int64:
        return [shaped(b, op, shape, long_numbers(b, _pairs(b, op, shape, state), lowest, end))]
    return [shaped(b, op, shape, whole_numbers(b, _words(b, op, shape, state), lowest, end))]


@rule("StatelessRandomUniformFullInt", "StatelessRandomUniformFullIntV2", since="0.2")
def full_int(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Integers of all 32 or 64 bits."""
    shape, state = _source(b, op, inputs)
    wanted = op.dtype("dtype") or np.dtype(np.uint64)
    if wanted.itemsize == 4:
        drawn = b.bitcast(_words(b, op, shape, state), np.int32)
    else:
        drawn = b.bitcast(_pairs(b, op, shape, state), np.int64)
    return [b.bitcast(shaped(b, op, shape, drawn), wanted)]


def _source(b: Builder, op: FlexOp, inputs: Sequence[Tensor]) -> list[Tensor]:
    """The shape, the state to draw from (int64 [3]: key, halves of the counter), other inputs."""
    if not op.op.endswith("V2"):
        shape, seed, *rest = inputs
        key, counter = _scramble(b, seed)
    else:
        shape, key, counter, algorithm, *rest = inputs
        if algorithm.const is None or int(algorithm.const) not in (_PHILOX, _AUTO):
            raise LoweringError(
                f"{op.op} uses a generator other than Philox. Build the model with TensorFlow's "
                "default random algorithm."
            )
    state = b.concat([b.bitcast(key, np.int64), b.bitcast(counter, np.int64)], 0)
    return [shape, state, *rest]


def truncated_numbers(b: Builder, shape: Tensor, state: Tensor) -> Tensor:
    """At least as many normal numbers between −2 and 2 as `shape` has entries, [groups, 4].

    Each group of four has counters of its own, and takes of the numbers drawn from them the first
    four that fit (random_distributions.h, TruncatedNormalDistribution).
    """
    groups = b.reshape(b.cast(b.range(0, groups_of(b, shape)), np.int64), (None, 1))
    counters = b.add(
        b.mul(groups, np.array(_RESERVED, np.int64)), np.arange(_DRAWS, dtype=np.int64)
    )
    words = _rounds(b, b.reshape(counters, (None,)), state)
    drawn = b.reshape(normal_numbers(b, words), (None, 4 * _DRAWS))
    fits = b.cast(b.less(b.abs(drawn), 2.0), np.float32)
    # how many fit up to each one, by a product with ones on and above the diagonal
    count = 4 * _DRAWS
    upto = b.constant(np.triu(np.ones((count, count), np.float32))[None])
    rank = b.reshape(b.matmul(b.reshape(fits, (1, None, count)), upto), (None, count))
    place = b.mul(rank, fits)
    chosen = [
        b.sum(b.mul(drawn, b.cast(b.equal(place, float(n + 1)), np.float32)), [1], keepdims=True)
        for n in range(4)
    ]
    return b.concat(chosen, 1)


def _scramble(b: Builder, seed: Tensor) -> list[Tensor]:
    key = b.constant(np.array([_SCRAMBLE_KEY], np.int64), np.int64)
    words = _generate(b, b.concat([key, b.cast(seed, np.int64)], 0), 4)
    halves = b.bitcast(b.bitcast(b.reshape(words, (2, 2)), np.int32), np.int64)
    zero = b.constant(np.array([0], np.int64), np.int64)
    upper = b.concat([zero, b.slice(halves, [1], [1])], 0)
    return [b.bitcast(b.slice(halves, [0], [1]), np.uint64), b.bitcast(upper, np.uint64)]


def _words(b: Builder, op: FlexOp, shape: Tensor, state: Tensor) -> Tensor:
    return words(b, drawn_shape(op, shape), shape, state)


def _pairs(b: Builder, op: FlexOp, shape: Tensor, state: Tensor) -> Tensor:
    """Two words for each entry of `shape`, the lower one first, uint32 [n, 2]."""
    doubled = b.concat([b.cast(shape, np.int32), b.constant(np.array([2], np.int32))], 0)
    return b.reshape(words(b, (*drawn_shape(op, shape), 2), doubled, state), (None, 2))


def words(b: Builder, static: Shape, shape: Tensor, state: Tensor) -> Tensor:
    """At least as many words as `shape` has entries, uint32 [groups, 4].

    state: int64 [3], key, lower and upper half of the counter. static: what is known of `shape`.
    """
    total = entries(static)
    if total is not None:
        groups = -(-total // 4)
        return b.reshape(_generate(b, state, 4 * groups), (groups, 4))
    inner = entries(static[1:]) or _BLOCK
    least, most = (samples * inner for samples in _SAMPLES)
    block = -(-max(least, min(_BLOCK, most)) // 4)
    wanted = groups_of(b, shape)
    drawn = _blocks(b, state, block, wanted)
    size = b.reshape(b.mul(wanted, 4), (1,))
    cut = b.new((None,), np.int32, "slice")
    start = b.constant(np.zeros(1, np.int32))
    b.emit("SLICE", [drawn, start, size], [cut], schema.SliceOptionsT())
    return b.reshape(b.bitcast(cut, np.uint32), (None, 4))


def groups_of(b: Builder, shape: Tensor) -> Tensor:
    """How many groups of four words cover a shape, int32 []."""
    return b.floor_div(b.add(b.prod(b.cast(shape, np.int32), [0]), 3), 4)


def _blocks(b: Builder, state: Tensor, block: int, wanted: Tensor) -> Tensor:
    """At least 4·wanted words in blocks of 4·block, int32 [n]: the first here, others in a loop."""
    first = b.bitcast(_generate(b, state, 4 * block), np.int32)
    step = np.array([0, block, 0], np.int64)

    body = _subgraph(b, "odt_random_body")
    so_far, at, left = body.new((None,), np.int32), body.new((3,), np.int64), body.new((), np.int32)
    after = body.add(at, step)
    more = body.bitcast(_generate(body, after, 4 * block), np.int32)
    outputs = [body.concat([so_far, more], 0), after, body.sub(left, block)]
    _close(body, [so_far, at, left], outputs)

    condition = _subgraph(b, "odt_random_condition")
    given = [condition.new(t.shape, t.dtype) for t in (so_far, at, left)]
    _close(condition, given, [condition.greater(given[2], 0)])

    options = schema.WhileOptionsT()
    options.bodySubgraphIndex = _index(b, body)
    options.condSubgraphIndex = _index(b, condition)
    drawn = b.new((None,), np.int32, "words")
    rest = [b.new((3,), np.int64, "state"), b.new((), np.int32, "left")]
    b.emit("WHILE", [first, state, b.sub(wanted, block)], [drawn, *rest], options)
    return drawn


def _subgraph(b: Builder, name: str) -> Builder:
    graph = schema.SubGraphT()
    graph.name, graph.tensors, graph.operators = name.encode(), [], []
    b.model.subgraphs.append(graph)
    return Builder(b.model, graph)


def _close(b: Builder, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
    b.graph.operators = b.operators
    b.graph.inputs = np.array([tensor.index for tensor in inputs], np.int32)
    b.graph.outputs = np.array([tensor.index for tensor in outputs], np.int32)


def _index(b: Builder, inner: Builder) -> int:
    return next(i for i, graph in enumerate(b.model.subgraphs) if graph is inner.graph)


def _generate(b: Builder, state: Tensor, count: int) -> Tensor:
    """`count` words, uint32, from the state (key, counter low, counter high), int64 [3]."""
    words, after = b.new((count,), np.uint32, "words"), b.new((3,), np.uint64, "state")
    b.emit("STABLEHLO_RNG_BIT_GENERATOR", [b.bitcast(state, np.uint64)], [after, words])
    options = schema.StablehloRngBitGeneratorOptionsT()
    options.algorithm = schema.RngAlgorithm.PHILOX
    b.operators[-1].builtinOptions2 = options
    b.operators[-1].builtinOptions2Type = schema.BuiltinOptions2.StablehloRngBitGeneratorOptions
    return words


def _rounds(b: Builder, index: Tensor, state: Tensor) -> Tensor:
    """The words of counter + index, uint32 [*index, 4]; index: int64 [n].

    A round, with p = M₀·c₀ and q = M₁·c₂ of 64 bits: (c₀, c₁, c₂, c₃) becomes
    (high q ^ c₁ ^ k₀, low q, high p ^ c₃ ^ k₁, low p). The lower half of the counter does not
    carry into the upper one: TensorFlow starts it at 0.
    """
    key, low, high = b.split(state, 3, 0)
    c0, c1 = _halves(b, b.add(index, low))
    c2, c3 = _halves(b, high)
    k0, k1 = _halves(b, key)
    for _ in range(10):
        p_low, p_high = _product(b, c0, _FACTORS[0])
        q_low, q_high = _product(b, c2, _FACTORS[1])
        c0 = b.bitwise_xor(b.bitwise_xor(q_high, c1), k0)
        c2 = b.bitwise_xor(b.bitwise_xor(p_high, c3), k1)
        c1, c3 = q_low, p_low
        k0, k1 = (b.add(k, _wrapped(step)) for k, step in zip((k0, k1), _KEY_STEPS, strict=True))
    return b.bitcast(b.transpose(b.pack([c0, c1, c2, c3]), [1, 0]), np.uint32)


def _product(b: Builder, x: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """(low, high) words of x·factor, x unsigned."""
    wide = b.cast(b.bitcast(x, np.uint32), np.int64)
    return _halves(b, b.mul(wide, np.array(factor, np.int64)))


def _halves(b: Builder, x: Tensor) -> tuple[Tensor, Tensor]:
    """(low, high) words of an int64 vector; int32, as GATHER knows no unsigned ones."""
    words = b.transpose(b.bitcast(x, np.int32), [1, 0])
    return b.gather(words, np.array(0)), b.gather(words, np.array(1))


def _wrapped(word: int) -> np.ndarray:
    return np.array(word, np.uint32).view(np.int32)


def uniform_numbers(b: Builder, words: Tensor) -> Tensor:
    """The lower 23 bits as the upper ones of a word, exact in float32, times 2⁻³²."""
    top = b.mul(words, np.array(1 << 9, np.uint32))
    return b.mul(b.cast(top, np.float32), 2.0**-32)


def whole_numbers(b: Builder, words: Tensor, lowest: Tensor, end: Tensor) -> Tensor:
    """lowest + word mod (end − lowest), int32; LoweringError for other integers."""
    if lowest.dtype != np.int32:
        raise LoweringError(f"it draws integers of type {lowest.dtype}. Draw int32 instead.")
    first, last = (b.cast(bound, np.int64) for bound in (lowest, end))
    wide = b.floor_mod(b.cast(words, np.int64), b.sub(last, first))
    return b.cast(b.add(wide, first), np.int32)


def long_numbers(b: Builder, pairs: Tensor, lowest: Tensor, end: Tensor) -> Tensor:
    """lowest + word mod (end − lowest), int64, from words of 64 bits as pairs, uint32 [n, 2].

    The remainder of h·2³² + l is that of (h mod size)(2³² mod size) + l, whose parts have room in
    int64 while size < 2³¹.
    """
    if lowest.const is None or end.const is None:
        raise LoweringError("it draws int64 between computed bounds. Draw int32 instead.")
    size = int(end.const) - int(lowest.const)
    if size < 1:
        raise LoweringError(f"it draws int64 from {size} numbers. Draw from 1 or more.")
    if size >= 2**31:
        raise LoweringError(f"it draws int64 from {size} numbers. Draw from fewer than 2^31.")
    low, high = b.split(b.cast(pairs, np.int64), 2, 1)

    def left(x: Tensor) -> Tensor:
        return b.floor_mod(x, np.array(size, np.int64))

    upper = b.mul(left(high), np.array(2**32 % size, np.int64))
    return b.add(left(b.add(upper, low)), lowest)


def normal_numbers(b: Builder, words: Tensor) -> Tensor:
    pairs = b.reshape(uniform_numbers(b, words), (None, 2))
    u, v = b.split(pairs, 2, 1)
    # XNNPACK's logarithm is off near 1, and it takes no tensor of more than six axes
    logarithm = b.log(b.reshape(b.maximum(u, 1e-7), (*u.shape, *[1] * 5)))
    radius = b.sqrt(b.mul(b.reshape(logarithm, u.shape), -2.0))
    angle = b.mul(v, 2 * math.pi)
    return b.concat([b.mul(radius, b.sin(angle)), b.mul(radius, b.cos(angle))], 1)


def shaped(b: Builder, op: FlexOp, shape: Tensor, values: Tensor) -> Tensor:
    static = drawn_shape(op, shape)
    total = entries(static)
    if total is not None:
        return b.reshape(b.slice(b.reshape(values, (None,)), [0], [total]), static)
    flat = b.reshape(values, (None,))
    inner = entries(static[1:])
    if inner is None or inner % 4:  # the last group may be used in part
        cut = b.new((None,), values.dtype, "slice")
        size = b.reshape(b.prod(shape, [0]), (1,))
        start = b.constant(np.zeros(1, np.int32))
        b.emit("SLICE", [flat, start, size], [cut], schema.SliceOptionsT())
        flat = cut
    return b.reshape_to(flat, shape, static)


def drawn_shape(op: FlexOp, shape: Tensor) -> Shape:
    """What is known now of the shape that an op draws."""
    if shape.const is not None:
        return tuple(int(size) for size in shape.const)
    return op.output_shapes[0]
