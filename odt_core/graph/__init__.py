"""Editing a .tflite as data: lower Flex ops, add state signatures, freeze, inspect."""

from odt_core.graph.hidden_scores import ALL_SCORES
from odt_core.graph.inspect import (
    ModelDescription,
    SignatureDescription,
    TensorDescription,
    VariableDescription,
    describe,
)
from odt_core.graph.lines import Entry
from odt_core.graph.loss_facts import Meeting
from odt_core.graph.lowering import lower
from odt_core.graph.record import CheckpointSignature, CheckpointTensor, Missing, Rewrite
from odt_core.graph.state import GET_STATE, SET_STATE

__all__ = [
    "ALL_SCORES",
    "GET_STATE",
    "SET_STATE",
    "CheckpointSignature",
    "CheckpointTensor",
    "Entry",
    "Meeting",
    "Missing",
    "ModelDescription",
    "Rewrite",
    "SignatureDescription",
    "TensorDescription",
    "VariableDescription",
    "describe",
    "lower",
]
