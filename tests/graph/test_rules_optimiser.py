"""Optimiser updates change variables and slots as TensorFlow's own ops do."""

import numpy as np
import pytest
from one_op import (
    normal,
    run_lowered,
    run_tensorflow,
    update_lowered,
    update_tensorflow,
    worst_error,
)

import odt_core.graph.rules  # noqa: F401 (declares the rules)
from odt_core.errors import LoweringError
from odt_core.graph.rules import RULES

LR, G = {"lr": 0.05}, {"grad": normal(1, 6, 4)}
BETAS = {"beta1_power": 0.81, "beta2_power": 0.998, "lr": 0.05, "beta1": 0.9, "beta2": 0.999}
RATES = {"lr": 0.05, "rho": 0.9}
PENALTY = {"l1": 0.02, "l2": 0.1}
EPSILON = {"epsilon": 1e-3}
# op: its slots, its other inputs in order, its attributes
DENSE = {
    "GradientDescent": ([], {"alpha": 0.05, "delta": G["grad"]}, {}),
    "Momentum": (["accum"], LR | G | {"momentum": 0.9}, {}),
    "Momentum, Nesterov": (["accum"], LR | G | {"momentum": 0.9}, {"use_nesterov": True}),
    "KerasMomentum": (["accum"], LR | G | {"momentum": 0.9}, {}),
    "KerasMomentum, Nesterov": (["accum"], LR | G | {"momentum": 0.9}, {"use_nesterov": True}),
    "Adagrad": (["accum"], LR | G, {}),
    "AdagradV2": (["accum"], LR | EPSILON | G, {}),
    "AdagradV2, slots kept": (["accum"], LR | EPSILON | G, {"update_slots": False}),
    "Adadelta": (["accum", "accum_update"], RATES | EPSILON | G, {}),
    "RMSProp": (["ms", "mom"], RATES | {"momentum": 0.8} | EPSILON | G, {}),
    "CenteredRMSProp": (["mg", "ms", "mom"], RATES | {"momentum": 0.8} | EPSILON | G, {}),
    "Adam": (["m", "v"], BETAS | EPSILON | G, {}),
    "Adam, Nesterov": (["m", "v"], BETAS | EPSILON | G, {"use_nesterov": True}),
    "AdamWithAmsgrad": (["m", "v", "vhat"], BETAS | EPSILON | G, {}),
    "AdaMax": (
        ["m", "v"],
        {"beta1_power": 0.81, "lr": 0.05, "beta1": 0.9, "beta2": 0.99} | EPSILON | G,
        {},
    ),
    "AddSign": (["m"], LR | {"alpha": 1.5, "sign_decay": 0.7, "beta": 0.9} | G, {}),
    "PowerSign": (["m"], LR | {"logbase": 0.6, "sign_decay": 0.7, "beta": 0.9} | G, {}),
    "Ftrl": (["accum", "linear"], G | LR | PENALTY | {"lr_power": -0.5}, {}),
    "Ftrl, other power": (["accum", "linear"], G | LR | PENALTY | {"lr_power": -0.3}, {}),
    "FtrlV2": (
        ["accum", "linear"],
        G | LR | PENALTY | {"l2_shrinkage": 0.3, "lr_power": -0.5},
        {},
    ),
    "ProximalGradientDescent": ([], {"alpha": 0.05} | PENALTY | {"delta": G["grad"]}, {}),
    "ProximalAdagrad": (["accum"], LR | PENALTY | G, {}),
}
SPARSE = {
    "Momentum": (["accum"], LR, {"momentum": 0.9}, {"use_nesterov": True}),
    "KerasMomentum": (["accum"], LR, {"momentum": 0.9}, {}),
    "Adagrad": (["accum"], LR, {}, {}),
    "AdagradV2": (["accum"], LR | EPSILON, {}, {}),
    "Adadelta": (["accum", "accum_update"], RATES | EPSILON, {}, {}),
    "RMSProp": (["ms", "mom"], RATES | {"momentum": 0.8} | EPSILON, {}, {}),
    "CenteredRMSProp": (["mg", "ms", "mom"], RATES | {"momentum": 0.8} | EPSILON, {}, {}),
    "Ftrl": (["accum", "linear"], {}, LR | PENALTY | {"lr_power": -0.5}, {}),
    "FtrlV2": (
        ["accum", "linear"],
        {},
        LR | PENALTY | {"l2_shrinkage": 0.3, "lr_power": -0.5},
        {},
    ),
    "ProximalGradientDescent": ([], {"alpha": 0.05} | PENALTY, {}, {}),
    "ProximalAdagrad": (["accum"], LR | PENALTY, {}, {}),
}


def arrays(values):
    return {name: np.asarray(value, np.float32) for name, value in values.items()}


def slots(names):
    """A variable and its slots; the means of squares hold more than the squared mean gradient."""
    return {"var": normal(0, 6, 4)} | {
        name: np.abs(normal(index + 2, 6, 4)) * (0.1 if name == "mg" else 1) + 0.5
        for index, name in enumerate(names)
    }


class TestDense:
    @pytest.mark.parametrize("case", DENSE)
    def test_update_when_random_then_equals_tensorflow(self, case):
        names, values, attributes = DENSE[case]
        op = f"ResourceApply{case.split(',')[0]}"
        variables, inputs = slots(names), arrays(values)
        actual = update_lowered(op, variables, inputs, attributes)
        expected = update_tensorflow(op, variables, inputs, attributes)
        for a, e in zip(actual, expected, strict=True):
            assert worst_error(a, e) < 2e-6
        assert worst_error(actual[0], variables["var"]) > 1e-3


class TestSparse:
    @pytest.mark.parametrize("rows", [[4, 0, 5], [3]])
    @pytest.mark.parametrize("case", SPARSE)
    def test_update_when_some_rows_then_equals_tensorflow(self, case, rows):
        names, before, after, attributes = SPARSE[case]
        op, variables = f"ResourceSparseApply{case}", slots(names)
        rows_given = {"indices": np.array(rows, np.int32), "grad": normal(1, len(rows), 4)}
        inputs = arrays(before) | {"grad": rows_given["grad"]}
        inputs |= {"indices": rows_given["indices"]} | arrays(after)
        actual = update_lowered(op, variables, inputs, attributes)
        expected = update_tensorflow(op, variables, inputs, attributes)
        for a, e in zip(actual, expected, strict=True):
            assert worst_error(a, e) < 2e-6

    def test_every_optimiser_with_a_sparse_op_is_tested(self):
        names = {op.removeprefix("ResourceSparseApply") for op in RULES if "SparseApply" in op}
        assert names == set(SPARSE)


class TestRows:
    ROWS = np.array([[4, 0], [4, 5]], np.int64)  # 4 comes twice

    @pytest.mark.parametrize(
        "op",
        [
            "ResourceScatterAdd",
            "ResourceScatterDiv",
            "ResourceScatterMax",
            "ResourceScatterMin",
            "ResourceScatterMul",
            "ResourceScatterSub",
            "ResourceScatterUpdate",
        ],
    )
    @pytest.mark.parametrize("updates", [normal(1, 2, 2, 3), normal(1, 3)], ids=["rows", "one"])
    def test_scatter_when_a_row_comes_twice_then_equals_tensorflow(self, op, updates):
        variables, inputs = {"resource": normal(0, 6, 3)}, {"indices": self.ROWS}
        inputs |= {"updates": updates}
        if updates.ndim == 1:
            inputs["updates"] = updates[0]  # one number for all
        (actual,) = update_lowered(op, variables, inputs, {})
        (expected,) = update_tensorflow(op, variables, inputs, {})
        assert worst_error(actual, expected) < 1e-6

    @pytest.mark.parametrize(
        "op",
        ["ResourceScatterDiv", "ResourceScatterMax", "ResourceScatterMin", "ResourceScatterMul"],
    )
    def test_scatter_of_whole_numbers_then_equals_tensorflow(self, op):
        inputs = {"indices": self.ROWS, "updates": np.array([[2, -3], [5, 2]], np.int32)[..., None]}
        variables = {"resource": np.array([[7], [-7], [8], [9], [-61], [1]], np.int32)}
        (actual,) = update_lowered(op, variables, inputs, {})
        (expected,) = update_tensorflow(op, variables, inputs, {})
        assert actual.tolist() == expected.tolist()

    @pytest.mark.parametrize(
        ("op", "start"), [("ResourceScatterMax", -np.inf), ("ResourceScatterMin", np.inf)]
    )
    def test_scatter_leaves_infinite_rows_that_no_index_names(self, op, start):
        variables = {"resource": np.full((6, 1), start, np.float32)}
        inputs = {"indices": self.ROWS, "updates": normal(1, 2, 2, 1)}
        (actual,) = update_lowered(op, variables, inputs, {})
        (expected,) = update_tensorflow(op, variables, inputs, {})
        assert actual.tolist() == expected.tolist()

    @pytest.mark.parametrize("op", ["ResourceScatterNdAdd", "ResourceScatterNdSub"])
    def test_scatter_nd_when_a_place_comes_twice_then_equals_tensorflow(self, op):
        places = np.array([[4, 0], [4, 0], [1, 2]], np.int32)
        variables, inputs = {"ref": normal(0, 6, 3)}, {"indices": places, "updates": normal(1, 3)}
        (actual,) = update_lowered(op, variables, inputs, {})
        (expected,) = update_tensorflow(op, variables, inputs, {})
        assert worst_error(actual, expected) < 1e-6

    @pytest.mark.parametrize("depth", [1, 2, 3])
    def test_scatter_nd_update_when_a_place_comes_twice_then_the_last_wins(self, depth):
        places = np.array([[4, 0, 1], [1, 2, 0], [4, 0, 1]], np.int32)[:, :depth]
        table, updates = normal(0, 6, 3, 2), normal(1, 3, *(6, 3, 2)[depth:])
        inputs = {"indices": places, "updates": updates}
        (actual,) = update_lowered("ResourceScatterNdUpdate", {"ref": table}, inputs, {})
        for place, update in zip(places, updates, strict=True):
            table[tuple(place)] = update
        np.testing.assert_array_equal(actual, table)

    @pytest.mark.parametrize(
        "chosen", [np.s_[1:3], np.s_[:, 2], np.s_[4], np.s_[1::2, ::-1], np.s_[2, 1:]], ids=str
    )
    @pytest.mark.parametrize("single", [True, False], ids=["one number", "an array"])
    def test_slice_assigned_then_is_what_numpy_gives(self, chosen, single):
        table = normal(0, 6, 3)
        value = np.float32(5) if single else normal(1, *table[chosen].shape)
        table, inputs, attributes = self.assignment(table, chosen, value)
        (actual,) = run_lowered(
            "ResourceStridedSliceAssign",
            inputs,
            attributes,
            variables={"ref": table},
            constant=["begin", "end", "strides"],
        )
        expected = table.copy()
        expected[chosen] = value
        np.testing.assert_array_equal(actual, expected)

    @pytest.mark.parametrize("chosen", [np.s_[4], np.s_[-2], np.s_[3, 1], np.s_[-1, -3]], ids=str)
    def test_entry_assigned_at_a_computed_place_then_is_what_numpy_gives(self, chosen):
        table = normal(0, 6, 3)
        value = normal(1, 3) if np.ndim(chosen) == 0 else np.float32(5)
        table, inputs, attributes = self.assignment(table, chosen, value)
        variables = {"ref": table}
        (actual,) = run_lowered(
            "ResourceStridedSliceAssign", inputs, attributes, variables=variables
        )
        expected = table.copy()
        expected[chosen] = value
        np.testing.assert_array_equal(actual, expected)

    def test_slice_assigned_between_computed_bounds_then_is_refused(self):
        _, inputs, attributes = self.assignment(normal(0, 6, 3), np.s_[1:3], normal(1, 2, 3))
        variables = {"ref": normal(0, 6, 3)}
        with pytest.raises(LoweringError, match="with constant bounds"):
            run_lowered("ResourceStridedSliceAssign", inputs, attributes, variables=variables)

    def test_tensor_with_a_slice_replaced_then_equals_tensorflow(self):
        table, inputs, attributes = self.assignment(normal(0, 6, 3), np.s_[1:3], normal(1, 2, 3))
        inputs = {"input": table} | inputs
        constant = ["begin", "end", "strides"]
        (actual,) = run_lowered("TensorStridedSliceUpdate", inputs, attributes, constant=constant)
        (expected,) = run_tensorflow("TensorStridedSliceUpdate", inputs, attributes)
        np.testing.assert_array_equal(actual, expected)

    @staticmethod
    def assignment(table, chosen, value):
        """The op's inputs and masks for table[chosen] = value."""
        parts = chosen if isinstance(chosen, tuple) else (chosen,)
        spec, masks = [], {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0}
        for axis, part in enumerate(parts):
            if isinstance(part, slice):
                masks["begin_mask"] |= (part.start is None) << axis
                masks["end_mask"] |= (part.stop is None) << axis
                spec.append((part.start or 0, part.stop or 0, part.step or 1))
            else:
                masks["shrink_axis_mask"] |= 1 << axis
                spec.append((part, part + 1, 1))
        columns = (np.array(column, np.int32) for column in zip(*spec, strict=True))
        inputs = dict(zip(("begin", "end", "strides"), columns, strict=True))
        return table, inputs | {"value": np.asarray(value, np.float32)}, masks

    def test_gather_when_rows_come_twice_then_equals_tensorflow(self):
        table = normal(0, 6, 3)
        inputs = {"indices": self.ROWS}
        rows, after = run_lowered("ResourceGather", inputs, {}, variables={"resource": table})
        np.testing.assert_array_equal(rows, table[self.ROWS])
        np.testing.assert_array_equal(after, table)

    def test_gather_nd_when_random_then_takes_entries(self):
        table, places = normal(0, 6, 3), np.array([[4, 0], [1, 2]], np.int32)
        variables = {"resource": table}
        entries, _ = run_lowered("ResourceGatherNd", {"indices": places}, {}, variables=variables)
        assert entries.tolist() == [table[4, 0], table[1, 2]]

    def test_read_and_assign_when_assigned_then_reads_it(self):
        variables, value = {"resource": normal(0, 6, 3)}, normal(1, 6, 3)
        before, _ = run_lowered("ReadVariableOp", {}, {}, variables=variables)
        np.testing.assert_array_equal(before, variables["resource"])
        (after,) = run_lowered("AssignVariableOp", {"value": value}, {}, variables=variables)
        np.testing.assert_array_equal(after, value)

    @pytest.mark.parametrize("op", ["AssignAddVariableOp", "AssignSubVariableOp"])
    def test_assign_when_added_then_equals_tensorflow(self, op):
        variables, inputs = {"resource": normal(0, 6, 3)}, {"value": normal(1, 6, 3)}
        (actual,) = update_lowered(op, variables, inputs, {})
        (expected,) = update_tensorflow(op, variables, inputs, {})
        np.testing.assert_array_equal(actual, expected)
