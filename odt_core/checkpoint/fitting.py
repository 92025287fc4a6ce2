"""Whether a state fits a model: every variable there, none more, the same shapes and dtypes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from odt_core.byte_order import native
from odt_core.errors import CheckpointError
from odt_core.kinds import check_kind

if TYPE_CHECKING:
    from odt_core.graph import VariableDescription


def check_state(
    state: Mapping[str, np.ndarray], variables: Iterable[VariableDescription]
) -> list[np.ndarray]:
    """The arrays in the variables' order; CheckpointError names the first that does not fit."""
    wanted = "A state comes as arrays by name, such as session.state() or checkpoint.state"
    check_kind(state, Mapping, wanted, CheckpointError)
    variables = list(variables)
    names = [variable.name for variable in variables]
    missing = [name for name in names if name not in state]
    unknown = sorted(set(state) - set(names), key=str)
    if missing or unknown:
        what = f"lacks '{missing[0]}'" if missing else f"has '{unknown[0]}', which the model lacks"
        raise CheckpointError(
            f"The state belongs to another model: it {what}. "
            f"Load a checkpoint made with this model."
        )
    arrays = []
    for variable in variables:
        array = native(np.asarray(state[variable.name]))
        if not shape_fits(variable.shape, array.shape) or array.dtype.name != variable.dtype:
            raise CheckpointError(
                f"The state belongs to another model: '{variable.name}' is {array.dtype} "
                f"{list(array.shape)}, the model has {variable.dtype} {list(variable.shape)}. "
                f"Load a checkpoint made with this model."
            )
        arrays.append(np.ascontiguousarray(array).reshape(array.shape))
    return arrays


def is_of_these(state: Mapping[str, np.ndarray], variables: Iterable[VariableDescription]) -> bool:
    """Whether `check_state` has nothing to say."""
    try:
        check_state(state, variables)
    except CheckpointError:
        return False
    return True


def check_finite(
    state: Mapping[str, np.ndarray], variables: Iterable[VariableDescription]
) -> list[np.ndarray]:
    """As `check_state`; CheckpointError also names the first variable that holds NaN or infinity,
    but for one that holds such in the model's own file.
    """
    variables = list(variables)
    arrays = check_state(state, variables)
    for variable, array in zip(variables, arrays, strict=True):
        if variable.finite and array.dtype.kind == "f" and not np.isfinite(array).all():
            raise CheckpointError(
                f"The state cannot be used: '{variable.name}' holds numbers that are not finite "
                f"(NaN or infinity), as after a training that went wrong. Take a checkpoint from "
                f"before, or train again with a smaller learning rate."
            )
    return arrays


def shape_fits(wanted: tuple[int | None, ...], got: tuple[int, ...]) -> bool:
    """Whether a shape is the wanted one; None stands for any size."""
    return len(wanted) == len(got) and all(
        want in (None, size) for want, size in zip(wanted, got, strict=True)
    )
