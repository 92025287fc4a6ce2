"""Constant folding: what depends on constants alone is computed now, by LiteRT itself."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import ModelError, line_of
from odt_core.graph.flatbuffer import write
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.tensor import has_dtype

# Ops whose result is not a function of their inputs alone, and those that unpack small constants
# into large ones, which LiteRT reads as they are.
_NOT_FOLDED = frozenset(
    {
        "ASSIGN_VARIABLE", "BUCKETIZE", "CALL", "CALL_ONCE", "DENSIFY", "DEQUANTIZE", "HASHTABLE",
        "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_LOOKUP", "HASHTABLE_SIZE", "IF",
        "MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM", "READ_VARIABLE",
        "STABLEHLO_RNG_BIT_GENERATOR", "VAR_HANDLE", "WHILE",
    }
)  # fmt: skip
_GROWTH = 4  # a result this many times larger than the constants it is made of is not stored,
_SMALL = 2**16  # unless it has no more bytes than this


def fold_constants(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Replaces ops that read nothing but constants by what they give.

    Raises ModelError when LiteRT cannot compute it.
    """
    kept_back: set[int] = set()
    while True:
        folded, sources = _foldable(model, graph, kept_back)
        wanted = _read_by_others(graph, folded)
        if not wanted:
            return
        values = _computed(model, graph, folded, wanted)
        large = {
            tensor
            for tensor, value in values.items()
            if value.nbytes > max(_SMALL, _GROWTH * sources[tensor])
        }
        if not large:
            break
        kept_back |= large
    done = {id(operator) for operator in folded}
    graph.operators = [operator for operator in graph.operators if id(operator) not in done]
    for tensor, value in values.items():
        _store(model, graph.tensors[tensor], value)


def _foldable(
    model: schema.ModelT, graph: schema.SubGraphT, kept_back: set[int]
) -> tuple[list[schema.OperatorT], dict[int, int]]:
    """The ops, in order, and for each constant tensor the bytes of the constants it is made of."""
    sources = {}
    for index, tensor in enumerate(graph.tensors):
        data = model.buffers[tensor.buffer].data if tensor.buffer else None
        if data is not None and len(data) and has_dtype(tensor.type) and not tensor.isVariable:
            sources[index] = len(data)
    folded = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        inputs = [index for index in inputs_of(operator) if index >= 0]
        outputs = outputs_of(operator)
        if (
            inputs
            and code.customCode is None
            and name_of(model, operator) not in _NOT_FOLDED
            and all(index in sources for index in inputs)
            and all(has_dtype(graph.tensors[index].type) for index in outputs)
            and not kept_back.intersection(outputs)
        ):
            folded.append(operator)
            total = sum(sources[index] for index in inputs)
            sources.update(dict.fromkeys(outputs, total))
    return folded, sources


def _read_by_others(graph: schema.SubGraphT, folded: list[schema.OperatorT]) -> list[int]:
    done = {id(operator) for operator in folded}
    made = {index for operator in folded for index in outputs_of(operator)}
    readers = [operator for operator in graph.operators if id(operator) not in done]
    read = {index for operator in readers for index in inputs_of(operator)}
    read.update(int(index) for index in graph.outputs)
    return sorted(made & read)


def _computed(
    model: schema.ModelT,
    graph: schema.SubGraphT,
    folded: list[schema.OperatorT],
    wanted: list[int],
) -> dict[int, np.ndarray]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    part = schema.SubGraphT()
    part.tensors, part.operators = graph.tensors, folded
    part.inputs, part.outputs = np.array([], np.int32), np.array(wanted, np.int32)
    whole = schema.ModelT()
    whole.version, whole.operatorCodes = model.version, model.operatorCodes
    whole.subgraphs, whole.buffers = [part], list(model.buffers)
    try:
        interpreter = Interpreter(
            model_content=write(whole),
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
        interpreter.invoke()
        return {index: interpreter.get_tensor(index).copy() for index in wanted}
    except (ValueError, RuntimeError) as error:
        raise ModelError(
            f"The model's constants cannot be computed: {line_of(error)}. "
            f"Bake it without inference_only."
        ) from error


def _store(model: schema.ModelT, tensor: schema.TensorT, value: np.ndarray) -> None:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(np.ascontiguousarray(value).tobytes(), np.uint8)
    model.buffers.append(buffer)
    tensor.buffer = len(model.buffers) - 1
    tensor.shape, tensor.shapeSignature = np.array(value.shape, np.int32), None
    tensor.hasRank = True
