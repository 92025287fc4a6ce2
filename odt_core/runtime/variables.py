"""The variables of one interpreter: reading and setting all of them, and which hold nothing yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from odt_core.checkpoint.fitting import check_state
from odt_core.graph import GET_STATE, SET_STATE
from odt_core.runtime.feeding import fill

if TYPE_CHECKING:
    from odt_core.runtime.interpreter import Interpreter
    from odt_core.runtime.model import Model


class Variables:
    """What a session's interpreter remembers between calls.

    Where a file gives some variables no initial value, they start from Model.starting_state, or
    from what the model's own `initialize` sets.
    """

    def __init__(self, model: Model, interpreter: Interpreter) -> None:
        self._model, self._interpreter = model, interpreter
        variables = model.description.variables
        self._assigned = {one.name: frozenset(one.assigns) for one in model.description.signatures}
        self._unset = {v.name for v in variables if not v.has_initial_value}
        self.as_in_file = not self._unset  # what they start with is the same in every session
        if self._unset and model.starting_state:
            self._assign(model.starting_state)
        initialise = model.contract.initialise
        if self._unset and initialise is not None:
            signature = interpreter.signature(initialise)
            signature.invoke(fill({}, signature.inputs, training=True))
            self.note(initialise)

    @property
    def missing(self) -> bool:
        """Whether weights hold nothing yet: variables that predicting reads, or training where the
        model cannot predict. What an optimiser keeps beside them may well start from zero.
        """
        if not self._unset:
            return False
        contract = self._model.contract
        role = contract.infer or (contract.train[0] if contract.train else None)
        about = self._model.description.signature(role.signature) if role else None
        return bool(self._unset & set(about.reads)) if about else True

    def read(self) -> dict[str, np.ndarray]:
        """A copy of all by name."""
        if not self._model.variables:
            return {}
        values = self._interpreter.signature(GET_STATE)({})
        return {name: values[f"v{at}"] for at, name in enumerate(self._model.variables)}

    def write(self, state: Mapping[str, np.ndarray]) -> None:
        """Set all. CheckpointError when a name, shape or dtype is wrong; nothing changes then."""
        self._assign(state)
        self._unset = set()

    def note(self, signature: str) -> frozenset[str]:
        """Know that a signature was run; returns the names of the variables it has set."""
        assigned = self._assigned.get(signature, frozenset())
        if self._unset:
            self._unset -= assigned
        return assigned

    def _assign(self, state: Mapping[str, np.ndarray]) -> None:
        arrays = check_state(state, self._model.description.variables)
        if arrays:
            setter = self._interpreter.signature(SET_STATE)
            setter({f"v{at}": array for at, array in enumerate(arrays)})
