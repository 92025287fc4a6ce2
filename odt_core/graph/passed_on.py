"""TensorFlow ops that a converter passed on as custom ops, made the Flex ops that they stand for.

A converter that may use custom ops, but not TensorFlow's, stores what it has no builtin op for
under TensorFlow's own name, with the node's attributes as a flexbuffer map (flatbuffer_export.cc,
CreateFlexBuilderWithNodeAttrs).
"""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import ModelError
from odt_core.graph.checkpoint_ops import FORGOTTEN, RESTORE, SAVE
from odt_core.graph.flex import custom_name, read_flex
from odt_core.graph.rules import RULES


def adopt(model: schema.ModelT) -> None:
    """Gives the custom ops that odt knows by TensorFlow's name that of their Flex op; those whose
    attributes cannot be read stay as they are.
    """
    codes: dict[str, int] = {}
    for graph in model.subgraphs:
        for operator in graph.operators:
            name = passed_on(model, operator)
            if name is None or not _is_read(model, operator, name):
                continue
            if name not in codes:
                code = schema.OperatorCodeT()
                code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
                code.customCode, code.version = f"Flex{name}".encode(), 1
                codes[name] = len(model.operatorCodes)
                model.operatorCodes.append(code)
            operator.opcodeIndex = codes[name]


def passed_on(model: schema.ModelT, operator: schema.OperatorT) -> str | None:
    """The op of TensorFlow's, of those that odt knows, that a custom op is named for, else None."""
    name = custom_name(model, operator)
    return name if name in RULES or name in SAVE | RESTORE | FORGOTTEN else None


def _is_read(model: schema.ModelT, operator: schema.OperatorT, name: str) -> bool:
    try:
        return read_flex(model, operator).op == name
    except ModelError:
        return False
