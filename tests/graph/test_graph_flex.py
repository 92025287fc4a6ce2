"""Reading the TensorFlow op behind a Flex op."""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import ModelError
from odt_core.graph import flatbuffer
from odt_core.graph.flex import FlexOp, flex_name, read_flex

MODELS = Path(__file__).parents[1] / "models"


def flex_ops(path: Path) -> list[tuple[schema.ModelT, schema.OperatorT]]:
    model = flatbuffer.read(path.read_bytes())
    operators = [op for graph in model.subgraphs for op in graph.operators]
    return [(model, op) for op in operators if flex_name(model, op)]


class TestReadFlex:
    def test_read_flex_when_real_models_gives_op_and_attributes(self):
        ops = [
            read_flex(*found)
            for found in flex_ops(MODELS / "flower__android-automotive__enginefaultdb.tflite")
        ]
        assert FlexOp("ReluGrad", "", {"T": 1}) in [FlexOp(o.op, "", o.attributes) for o in ops]

    def test_read_flex_when_options_damaged_names_the_op(self):
        model, operator = flex_ops(MODELS / "flower__android-kotlin-new__model.tflite")[0]
        operator.customOptions = np.array([1, 2, 3], np.uint8)
        with pytest.raises(ModelError, match=f"Flex{flex_name(model, operator)} are damaged"):
            read_flex(model, operator)


class TestFlexOp:
    op = FlexOp(
        "Conv2DBackpropFilter",
        "node",
        {"strides": [1, 2, 2, 1], "padding": b"SAME", "epsilon": 0.5, "is_training": True},
    )

    def test_attributes_when_present_have_their_type(self):
        assert self.op.ints("strides") == [1, 2, 2, 1]
        assert self.op.text("padding") == "SAME"
        assert self.op.number("epsilon") == 0.5
        assert self.op.flag("is_training") is True

    def test_attributes_when_absent_fall_back(self):
        assert self.op.ints("dilations") == []
        assert self.op.text("data_format", "NHWC") == "NHWC"
        assert self.op.number("alpha", 0.2) == 0.2
        assert self.op.flag("use_nesterov") is False
