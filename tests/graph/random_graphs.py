"""Random small train graphs, after the passes, on XNNPACK beside LiteRT's own kernels.

    python tests/graph/random_graphs.py FIRST LAST

What LiteRT dies of takes the process with it, so that this is one of its own. Prints "at SEED"
before each graph, "differs SEED" after one whose numbers differ, and "done" at the end.
"""

from __future__ import annotations

import sys

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from graphs import empty

from odt_core.errors import LoweringError, ModelError
from odt_core.graph.building import Builder
from odt_core.graph.flatbuffer import write
from odt_core.graph.passes.optimise import PASSES, optimise
from odt_core.graph.resources import assign, handle
from odt_core.graph.signature import add_signature
from odt_core.graph.tensor import Tensor
from odt_core.runtime.interpreter import Interpreter

WIDTH = 6
VARIABLES = 3
SHAPES = ((WIDTH,), (WIDTH, WIDTH), ())


class RandomGraph:
    """f(x [N, 6]) -> y0, y1, …: a dozen ops on x and three variables, some assigned on the way."""

    def __init__(self, seed: int) -> None:
        self._draw = np.random.default_rng(seed)
        b = empty()
        model, graph = b.model, b.graph
        model.subgraphs = []  # each comes with its signature
        x = b.new((None, WIDTH), np.float32, "x")
        graph.inputs = np.array([x.index], np.int32)
        self._b = Builder(model, graph)  # which knows the input's batch
        self.shapes = [SHAPES[int(self._draw.integers(3))] for _ in range(VARIABLES - 1)]
        self.shapes.append((WIDTH, WIDTH))
        self._handles = [handle(self._b, _key(at)) for at in range(VARIABLES)]
        self._pool = [self._read(at) for at in range(VARIABLES)] + [x]
        for _ in range(int(self._draw.integers(4, 16))):
            self._add_op()
        outputs = [self._b.mul(one, 1.0) for one in self._pool[VARIABLES + 1 :][-3:]]
        graph.operators = self._b.operators
        graph.outputs = np.array([one.index for one in outputs], np.int32)
        optimise(model, graph, PASSES)
        keyed = {f"y{at}": int(index) for at, index in enumerate(graph.outputs)}
        add_signature(model, graph, "f", {"x": x.index}, keyed)
        self._add_setter(model)
        self.data = write(model)

    def _read(self, at: int) -> Tensor:
        value = self._b.new(self.shapes[at], np.float32, "read")
        options = schema.ReadVariableOptionsT()
        self._b.emit("READ_VARIABLE", [self._handles[at]], [value], options)
        return value

    def _pick(self) -> Tensor:
        return self._pool[int(self._draw.integers(len(self._pool)))]

    def _add_op(self) -> None:
        made = self._op(self._pick())
        if made is None or made.shape.count(None) > 1:
            return
        self._pool.append(made)
        fitting = [at for at in range(VARIABLES) if self.shapes[at] == made.shape]
        if fitting and self._draw.random() < 0.3:
            value = self._b.tanh(made) if self._draw.random() < 0.5 else made
            assign(self._b, self._handles[fitting[0]], value)
            self._pool.append(self._read(fitting[0]))

    def _op(self, x: Tensor) -> Tensor | None:
        b, kind = self._b, int(self._draw.integers(13))
        if kind < 5:
            other = self._pick() if self._draw.random() < 0.8 else x
            try:
                return (b.add, b.sub, b.mul, b.maximum, b.minimum)[kind](x, other)
            except LoweringError:  # shapes that do not broadcast
                return None
        if kind == 5:
            return b.tanh(x)
        if kind == 6:
            return b.square(b.mul(x, 0.1))
        if kind == 7 and x.rank:
            return b.sum(x, [x.rank - 1], bool(self._draw.integers(2)))
        if kind == 10 and x.rank:
            return b.mean(x, [x.rank - 1], bool(self._draw.integers(2)))
        if kind > 10 and x.shape == (WIDTH, WIDTH):
            return b.transpose(x, [1, 0]) if kind == 11 else b.softmax(x)
        if kind < 10 and x.rank == 2 and x.shape[1] == WIDTH:
            weights = self._pool[VARIABLES - 1]
            return b.matmul(x, weights if kind == 8 else x, transpose_a=kind == 9)
        return None

    def _add_setter(self, model: schema.ModelT) -> None:
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = [], []
        b, inputs = Builder(model, graph), {}
        for at, shape in enumerate(self.shapes):
            value = b.new(shape, np.float32, "value")
            assign(b, handle(b, _key(at)), value)
            inputs[f"v{at}"] = value.index
        count = b.constant(np.array(VARIABLES, np.int32))
        graph.operators = b.operators
        add_signature(model, graph, "set", inputs, {"count": count.index})

    def run(self, *, delegates: bool) -> list[np.ndarray]:
        """All outputs for three batches, one after the other."""
        interpreter, draw = Interpreter(self.data, delegates=delegates), np.random.default_rng(0)
        values = [np.asarray(draw.normal(size=shape), np.float32) for shape in self.shapes]
        interpreter.signature("set")({f"v{at}": value for at, value in enumerate(values)})
        found = []
        for count in (3, 5, 3):
            x = draw.normal(size=(count, WIDTH)).astype(np.float32) / 2
            found += interpreter.signature("f")({"x": x}).values()
        return found


def _key(at: int) -> tuple[bytes, bytes]:
    return b"", f"v{at}".encode()


def main(first: int, last: int) -> None:
    for seed in range(first, last):
        print("at", seed, flush=True)
        graph = RandomGraph(seed)
        try:
            expected = graph.run(delegates=False)
        except ModelError:  # LiteRT's own kernels do not take it, such as shapes of x and weights
            continue
        for given, wanted in zip(graph.run(delegates=True), expected, strict=True):
            scale = 1 + float(np.abs(wanted).max(initial=0))
            if not scale < 1e6:  # a product assigned again and again: rounding grows with it
                break
            if not np.allclose(given, wanted, rtol=1e-3, atol=1e-4 * scale, equal_nan=True):
                print("differs", seed, flush=True)
                break
    print("done", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
