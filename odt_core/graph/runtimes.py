"""Which runtime a model needs, by its ops: told in words, and in the file's own metadata."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import zip_longest

from ai_edge_litert import schema_py_generated as schema

from odt_core.graph.metadata import put
from odt_core.graph.operators import inputs_of, name_of, outputs_of
from odt_core.graph.runtime_table import LITERT, OLDEST, SINCE, Runtime
from odt_core.graph.tensor import Shape, dtype_of, has_dtype, shape_of

_METADATA = b"min_runtime_version"
_LENGTH = 16  # bytes of it, as TensorFlow's converter writes it

_VERSIONS: dict[str, list[tuple[int, Runtime]]] = defaultdict(list)  # rising
for _runtime, _ops in SINCE.items():
    for _op, _version in _ops.items():
        _VERSIONS[_op].append((_version, _runtime))

# Versions that ops written by odt, which says 1 for all, have by their numbers (op_version.cc
# beside the table).
_BY_NUMBERS = {
    "ABS": {"int32": 5},
    "ARG_MAX": {"bool": 3},
    "ARG_MIN": {"bool": 3},
    "CAST": {"float16": 5, "float64": 5, "int8": 3, "uint32": 2},
    "CONCATENATION": {"uint32": 4},
    "MUL": {"uint32": 7},
    "PACK": {"uint32": 4},
    "PAD": {"bool": 5},
    "PADV2": {"bool": 5},
    "RANGE": {"int64": 2},
    "SIGN": {"int32": 2},
    "SLICE": {"uint32": 6},
    "STRIDED_SLICE": {"uint32": 7},
}
_PRODUCTS: Runtime = (2, 15)  # the first whose MUL repeats any axes of more than four
_EASY = re.compile("=*(x*=*y*|y*=*x*)=*")  # those that it repeats before


def first_runtime(model: schema.ModelT) -> Runtime:
    """The first TensorFlow Lite that has all the model's ops."""
    found = {OLDEST}
    for graph in model.subgraphs:
        for operator in graph.operators or []:
            found.add(_first_of(model, graph, operator))
    return max(found)


def needs(runtime: Runtime) -> str:
    """What a model needs, in words that follow its name."""
    newest = LITERT[max(LITERT)]
    litert = next((package for last, package in LITERT.items() if runtime <= last), newest)
    return f"needs TFLite {_dotted(runtime)} / LiteRT {litert} or newer"


def version_of(runtime: Runtime) -> str:
    """As the metadata of a .tflite says it."""
    return f"{_dotted(runtime)}.0"


def say_runtime(model: schema.ModelT) -> None:
    """Has the file's metadata say which runtime it needs: the converter knew only its own ops."""
    put(model, _METADATA, version_of(first_runtime(model)).encode().ljust(_LENGTH, b"\0"))


def _dotted(runtime: Runtime) -> str:
    return ".".join(map(str, runtime))


def _first_of(model: schema.ModelT, graph: schema.SubGraphT, operator: schema.OperatorT) -> Runtime:
    code = model.operatorCodes[operator.opcodeIndex]
    if code.customCode is not None:
        return OLDEST
    name = name_of(model, operator)
    given = [graph.tensors[index] for index in inputs_of(operator) if index >= 0]
    result = [graph.tensors[index] for index in outputs_of(operator)[:1]]
    version = max(
        code.version, _by_numbers(name, [*given[:1], *(result if name == "CAST" else [])])
    )
    since = [runtime for first, runtime in _VERSIONS.get(name, ()) if first <= version]
    if name == "MUL" and not _is_easy(*map(shape_of, given)):
        since.append(_PRODUCTS)
    return max(since, default=OLDEST)


def _by_numbers(name: str, tensors: Sequence[schema.TensorT]) -> int:
    known = _BY_NUMBERS.get(name, {})
    dtypes = [dtype_of(tensor.type).name for tensor in tensors if has_dtype(tensor.type)]
    return max((known.get(dtype, 1) for dtype in dtypes), default=1)


def _is_easy(x: Shape, y: Shape) -> bool:
    """Whether a product has few axes, or repeats at most one run of them of each factor."""
    if max(len(x), len(y)) <= 4:
        return True
    axes = zip_longest(reversed(x), reversed(y), fillvalue=1)
    kinds = ("x" if m == 1 else "y" if n == 1 else "=" for m, n in axes if not m == n == 1)
    return _EASY.fullmatch("".join(kinds)) is not None
