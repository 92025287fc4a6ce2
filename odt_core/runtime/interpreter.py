"""One LiteRT interpreter and its signatures, without re-planning on every call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from odt_core.errors import ModelError, SignatureError, line_of
from odt_core.runtime.rows import Rows

# What LiteRT says when numbers get another shape than something that they meet.
_MISFITS = ("XNNPack delegate failed to reshape", "num_input_elements != num_output_elements")


class Interpreter:
    """Owns a LiteRT interpreter; `signature(name)` gives a callable that is cheap to call again.

    All signatures share the interpreter's variables (asserted by tests/runtime).
    """

    def __init__(
        self,
        data: bytes,
        threads: int = 1,
        *,
        delegates: bool = True,
        called: Mapping[str, str] | None = None,
    ) -> None:
        """Raises ModelError when LiteRT does not take the model.

        delegates: False runs LiteRT's own kernels alone, without XNNPACK. called: what messages
        call signatures that no person knows.
        """
        # Imported here so that `import odt_core` stays light.
        from ai_edge_litert.interpreter import Interpreter as LiteRt
        from ai_edge_litert.interpreter import OpResolverType

        self.threads = threads
        resolver = OpResolverType.AUTO
        if not delegates:
            resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        try:
            self._litert = LiteRt(
                model_content=data, num_threads=threads, experimental_op_resolver_type=resolver
            )
            self._table: dict[str, Any] = self._litert._get_full_signature_list()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"LiteRT cannot load this model: {line_of(error)}") from error
        self.called = called or {}
        self._signatures: dict[str, BoundSignature] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the model's signatures."""
        return tuple(self._table)

    def signature(self, name: str) -> BoundSignature:
        """The signature of that name; SignatureError lists the ones there are."""
        bound = self._signatures.get(name)
        if bound is None:
            if name not in self._table:
                raise SignatureError(
                    f"The model has no signature '{name}'. "
                    f"It has: {', '.join(sorted(self._table))}."
                )
            bound = self._signatures[name] = BoundSignature(
                self._litert, name, self._table[name], self.called.get(name, name)
            )
        return bound


class BoundSignature:
    """A signature ready to run: numpy arrays in, numpy arrays out.

    The stock SignatureRunner resizes every input and re-plans on every call; this one does so only
    when a shape changes. It talks to the wrapper beneath the runner, whose calls are stable across
    the 2.x wheels; the wheel itself is pinned.
    """

    def __init__(self, litert: Any, name: str, table: dict[str, Any], called: str) -> None:
        self._called = called
        self._litert, self._wrapper = litert, litert._interpreter
        try:
            self._subgraph = self._wrapper.GetSubgraphIndexFromSignature(name)
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"Signature '{called}' cannot be run: {line_of(error)}") from error
        self._inputs: dict[str, int] = table["inputs"]
        self._outputs: dict[str, int] = table["outputs"]
        self._shapes: dict[str, tuple[int, ...] | None] = dict.fromkeys(self._inputs)
        self._wanted: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
        for key, index in self._inputs.items():
            details = litert._get_tensor_details(index, self._subgraph)
            self._wanted[key] = (
                np.dtype(details["dtype"]),
                tuple(int(size) for size in details["shape_signature"]),
            )
        self._allocated = False

    @property
    def inputs(self) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
        """Name -> (dtype, shape with -1 for a dynamic dimension)."""
        return self._wanted

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self._outputs)

    def __call__(self, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run once and return a copy of every output. SignatureError on a wrong input."""
        self.invoke(arrays)
        return {key: self.output(key) for key in self._outputs}

    def invoke(self, arrays: Mapping[str, np.ndarray | Rows]) -> None:
        """Run once; read what you need with `output`. Rows are gathered into LiteRT's memory."""
        wrapper, subgraph = self._wrapper, self._subgraph
        if arrays.keys() != self._inputs.keys():
            raise SignatureError(
                f"{self.describe()} It was given: {', '.join(sorted(arrays)) or 'nothing'}."
            )
        resize = not self._allocated
        for key, array in arrays.items():
            if array.shape != self._shapes[key]:
                self._check(key, array)
                resize = True
        try:
            if resize:
                self._allocated = False
                for key, array in arrays.items():
                    wrapper.ResizeInputTensor(
                        self._inputs[key], np.array(array.shape, np.int32), False, subgraph
                    )
                    self._shapes[key] = array.shape
                wrapper.AllocateTensors(subgraph)
                self._allocated = True
            for key, array in arrays.items():
                if type(array) is Rows:
                    array.into(wrapper.tensor(self._litert, self._inputs[key], subgraph))
                else:
                    wrapper.SetTensor(self._inputs[key], array, subgraph)
            wrapper.Invoke(subgraph)
        except (ValueError, RuntimeError, MemoryError) as error:
            self._allocated = False
            self._shapes = dict.fromkeys(self._inputs)
            for key, array in arrays.items():
                self._check(key, array)
            if "gather index" in str(error):
                raise SignatureError(self._beyond_a_table(arrays)) from error
            if any(word in str(error) for word in _MISFITS):
                raise ModelError(self._of_another_size(arrays)) from error
            if not str(error).strip():  # what LiteRT gives where it gets no memory
                raise ModelError(
                    f"Signature '{self._called}' needs more memory than it may take, or failed "
                    "without saying why. Give fewer samples at a time (a smaller batch), or use a "
                    "smaller model."
                ) from error
            raise ModelError(f"Signature '{self._called}' failed: {line_of(error)}") from error

    def output(self, key: str) -> np.ndarray:
        """A copy of one output of the last `invoke`."""
        return np.asarray(self._wrapper.GetTensor(self._outputs[key], self._subgraph))

    def look(self, key: str) -> np.ndarray:
        """One output of the last `invoke`, in LiteRT's own memory: not to keep beyond the next."""
        found: np.ndarray = self._wrapper.tensor(self._litert, self._outputs[key], self._subgraph)
        return found

    def describe(self) -> str:
        """One sentence: what the signature wants."""
        wants = ", ".join(
            f"{key} {dtype.name if dtype.kind != 'S' else 'string'} {_shape(shape)}"
            for key, (dtype, shape) in self._wanted.items()
        )
        return f"Signature '{self._called}' wants {wants or 'no inputs'}."

    def _beyond_a_table(self, arrays: Mapping[str, np.ndarray | Rows]) -> str:
        whole = {key: np.asarray(a) for key, a in arrays.items() if a.dtype.kind in "iu"}
        given = ", ".join(f"{key} {a.min()} to {a.max()}" for key, a in whole.items() if a.size)
        return (
            f"Signature '{self._called}' looks up a row of a table (an embedding, for instance) "
            f"that is not there. It was given: {given or 'no whole numbers'}. Give the ids "
            f"that the model was made for."
        )

    def _of_another_size(self, arrays: Mapping[str, np.ndarray | Rows]) -> str:
        given = ", ".join(f"{key} {_shape(array.shape)}" for key, array in arrays.items())
        return (
            f"Signature '{self._called}' does not take {given}: inside it, what comes of them does "
            f"not fit what has a fixed shape there, such as a variable. Use another batch size."
        )

    def _check(self, key: str, array: np.ndarray | Rows) -> None:
        dtype, shape = self._wanted[key]
        fits = len(shape) == array.ndim and all(
            want in (-1, got) for want, got in zip(shape, array.shape, strict=True)
        )
        if not fits or (array.dtype != dtype and dtype.kind != "S"):
            raise SignatureError(
                f"{self.describe()} It was given {key} {array.dtype} {_shape(array.shape)}."
            )


def _shape(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join("any" if size == -1 else str(size) for size in shape) + "]"
