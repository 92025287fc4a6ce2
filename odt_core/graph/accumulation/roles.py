"""What each tensor of a train step is when the batch comes in parts."""

from __future__ import annotations

from enum import Enum

from ai_edge_litert import schema_py_generated as schema

from odt_core.errors import LoweringError
from odt_core.graph.accumulation.ops import keeps_apart, sums_up
from odt_core.graph.building import Builder
from odt_core.graph.building.batch import dynamic_axis
from odt_core.graph.building.known_shapes import contents
from odt_core.graph.operators import called_by, has_effect, inputs_of, name_of, outputs_of, run_from
from odt_core.graph.tensor import Tensor
from odt_core.graph.variables import Key, key_in

_DRAWN = frozenset(
    {"MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM", "STABLEHLO_RNG_BIT_GENERATOR"}
)
# Ops that repeat what is the same for all samples, and others that may be told a shape; by name,
# which input holds it.
_FILLS = {"BROADCAST_TO": 1, "FILL": 0, "TILE": 1}
_SHAPED = {"BROADCAST_TO": 1, "RESHAPE": 1, "SLICE": 2, "TRANSPOSE_CONV": 0}


class Role(Enum):
    """How a tensor of a part of the batch relates to that of the whole."""

    FIXED = "fixed"  # the same for every part: weights, constants, what is made of them
    SIZES = "sizes"  # whole numbers that say how many samples the part has
    AHEAD = "ahead"  # made of the whole batch's size, before the parts: random numbers, places
    SAMPLES = "samples"  # those of the part
    SUM = "sum"  # those of the parts add up to it
    AFTER = "after"  # made of such sums: known once the last part is through


FIRST = frozenset({Role.FIXED, Role.SIZES, Role.AHEAD})  # known before any sample is


def roles_of(model: schema.ModelT, graph: schema.SubGraphT) -> RoleReader:
    """The role of every tensor that an op of a subgraph writes or that it is fed.

    Its builder knows where the tensors' dynamic sizes come from. Raises LoweringError when the step
    cannot be done in parts: where samples meet one another other than in a sum (batch
    normalisation), where an op is not known here.
    """
    reader = RoleReader(model, graph)
    for index in map(int, graph.inputs):
        tensor = reader.builder.tensor(index)
        if tensor.shape.count(None) > 1 or None in tensor.shape[1:]:
            raise LoweringError("an input has more than its number of samples open")
        reader.roles[index] = Role.SAMPLES if None in tensor.shape else Role.FIXED
    for operator in graph.operators:
        reader.builder.keep(operator)
        role = reader.role(operator)
        reader.roles.update(dict.fromkeys(outputs_of(operator), role))
    return reader


class RoleReader:
    """Goes through a subgraph's ops in order: `builder` keeps an op, then `role` is asked for it.

    roles: of the tensors so far; to be filled by who reads. met: those made ahead that samples, or
    their sums, meet.
    """

    def __init__(self, model: schema.ModelT, graph: schema.SubGraphT) -> None:
        self._model, self._graph = model, graph
        self.builder = Builder(model, graph)
        self.roles: dict[int, Role] = {}
        self.met: set[int] = set()
        self._handles: dict[int, Key] = {}
        self._assigned: set[Key] = set()

    def variable(self, operator: schema.OperatorT) -> Key | None:
        """The variable that an op on a handle is about."""
        return self._handles.get(inputs_of(operator)[0])

    def role(self, operator: schema.OperatorT) -> Role:
        """What an op gives. Raises LoweringError as `roles_of` does."""
        name, tensors = name_of(self._model, operator), inputs_of(operator)
        got = {self.roles.get(index, Role.FIXED) for index in tensors}
        if name in ("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"):
            return self._variable(name, operator, got)
        differs = name in _DRAWN or bool(called_by(self._model, operator))
        if got <= FIRST and (Role.AHEAD in got or differs) and self._only_computes(operator):
            return Role.AHEAD
        if differs:
            raise LoweringError(f"{name} may do another thing for each part")
        if has_effect(self._model, self._graph, operator):
            raise LoweringError(f"{name} does more than compute")
        if got & {Role.SUM, Role.AFTER}:
            if got & {Role.SAMPLES, Role.SIZES}:
                raise LoweringError(f"{name} puts the whole batch and samples together")
            self._meet(tensors)
            return Role.AFTER
        if Role.SAMPLES not in got and Role.SIZES not in got:
            return Role.FIXED
        if Role.SAMPLES in got:
            self._check_sizes(name, tensors, _SHAPED.get(name))
            self._meet(tensors)
        outputs = [self.builder.tensor(index) for index in outputs_of(operator)]
        if Role.SAMPLES in got and name != "SHAPE":
            inputs = [self.builder.tensor(index) for index in tensors if index >= 0]
            found = {self._computed(name, operator, inputs, output) for output in outputs}
        else:
            found = {self._repeated(name, operator, output) for output in outputs}
        if len(found) != 1:
            raise LoweringError(f"{name} gives results of several kinds")
        return found.pop()

    def _repeated(self, name: str, operator: schema.OperatorT, output: Tensor) -> Role:
        """Of sizes, or what is made of them and of nothing that differs from sample to sample."""
        sizes = contents(self.builder, output)
        if sizes is not None and None not in sizes.reshape(-1).tolist():
            return Role.SIZES
        if name not in _FILLS or self.builder.batch_source(output) is None:
            return Role.AHEAD
        self._check_sizes(name, inputs_of(operator), _FILLS[name])
        return Role.SAMPLES

    def _computed(
        self, name: str, operator: schema.OperatorT, inputs: list[Tensor], output: Tensor
    ) -> Role:
        """Of samples."""
        if keeps_apart(self.builder, operator, inputs, output):
            return Role.SAMPLES
        if sums_up(self.builder, operator, inputs, output):
            return Role.SUM
        raise _unknown(name)

    def _only_computes(self, operator: schema.OperatorT) -> bool:
        """Whether neither an op nor what it calls does more than compute its results."""
        called = run_from(self._model, called_by(self._model, operator))
        graphs = [self._model.subgraphs[at] for at in called]
        every = [(self._graph, operator), *((g, one) for g in graphs for one in g.operators)]
        return not any(
            has_effect(self._model, graph, one)
            for graph, one in every
            if not called_by(self._model, one)
        )

    def _meet(self, tensors: list[int]) -> None:
        """Notes what of these was made ahead; a part gets the rows of its samples of it."""
        for index in tensors:
            if self.roles.get(index) is not Role.AHEAD:
                continue
            tensor = self.builder.tensor(index)
            rows = dynamic_axis(tensor) == 0 and self.builder.batch_source(tensor) is not None
            if not rows and None in tensor.shape:
                raise LoweringError("what is made ahead does not say which samples it is for")
            self.met.add(index)

    def _check_sizes(self, name: str, tensors: list[int], shape: int | None) -> None:
        """Sizes of a part may say how a result is shaped, and nothing about what is in it."""
        for place, index in enumerate(tensors):
            if place != shape and self.roles.get(index) is Role.SIZES:
                raise LoweringError(f"{name} computes with the number of samples of a part")

    def _variable(self, name: str, operator: schema.OperatorT, got: set[Role]) -> Role:
        if name == "VAR_HANDLE":
            self._handles[outputs_of(operator)[0]] = key_in(operator.builtinOptions)
            return Role.FIXED
        if name == "CALL_ONCE":
            return Role.FIXED
        key = self.variable(operator)
        if key is None or got & {Role.SAMPLES, Role.SIZES}:
            raise LoweringError("a variable keeps something of each part")
        if name == "ASSIGN_VARIABLE":
            self._meet(inputs_of(operator))
            self._assigned.add(key)
            return Role.FIXED
        return Role.AFTER if key in self._assigned else Role.FIXED


def _unknown(name: str) -> LoweringError:
    return LoweringError(f"it is not known what {name} makes of a part of the batch")
