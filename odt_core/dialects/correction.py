"""A person's word on which input takes what: checked, then proposed around."""

from __future__ import annotations

from collections.abc import Iterable

from odt_core.dialects.beyond import why_not_written
from odt_core.dialects.contract import Choice, Contract, LabelKind, OutputKind, Task
from odt_core.dialects.dialect import propose
from odt_core.dialects.inputs import is_scalar
from odt_core.dialects.signatures import changes_variables
from odt_core.errors import SignatureError
from odt_core.graph import SignatureDescription


def correct(
    signatures: Iterable[SignatureDescription],
    choice: Choice,
    *,
    missing: Iterable[str] = (),
    known: Iterable[str] = (),
) -> Contract:
    """The contract with what a person decided by hand; the rest is proposed again around it.

    missing, known: as `propose` takes them. Raises SignatureError in plain words when a name does
    not exist or the choice cannot work.
    """
    every = tuple(signatures)
    _check_names(every, choice)
    result = propose(every, choice, missing=missing, known=known)
    _check_sense(result, choice)
    return result


def _check_names(signatures: tuple[SignatureDescription, ...], choice: Choice) -> None:
    table = {signature.name: signature for signature in signatures}
    proposal = propose(signatures, Choice(train=choice.train, infer=choice.infer))
    train = choice.train or (proposal.train[0].signature if proposal.train else None)
    infer = choice.infer or (proposal.infer.signature if proposal.infer else None)

    def check(name: str | None, there: Iterable[str], what: str) -> None:
        known = sorted(there)
        if name is not None and name not in known:
            raise SignatureError(
                f"There is no {what} '{name}'. Choose one of: {', '.join(known) or 'none'}."
            )

    check(choice.train, table, "signature")
    check(choice.infer, table, "signature")
    if choice.train is not None and not changes_variables(table[choice.train]):
        raise SignatureError(
            f"The signature '{choice.train}' changes no variable, so it cannot train. Choose "
            f"another one."
        )
    for name, done in ((choice.train, "trained"), (choice.infer, "tried out")):
        written = why_not_written(table[name], done) if name is not None else None
        if written is not None:
            raise SignatureError(written)
    trained = choice.samples or choice.labels or choice.loss or choice.learning_rate
    asked = choice.infer_samples or choice.prediction
    for name, signature, verb in ((trained, train, "trains"), (asked, infer, "predicts")):
        if name is not None and signature is None:
            raise SignatureError(
                f"'{name}' cannot be chosen by itself, since no signature was taken for one that "
                f"{verb}. Choose that signature as well."
            )
    inputs = [i.name for i in table[train].inputs] if train else []
    outputs = [o.name for o in table[train].outputs] if train else []
    check(choice.samples, inputs, "input")
    check(choice.labels, inputs, "input")
    check(choice.loss, outputs, "output")
    single = [i.name for i in table[train].inputs if is_scalar(i)] if train else []
    check(choice.learning_rate, single, "input of a single number")
    check(choice.infer_samples, [i.name for i in table[infer].inputs] if infer else [], "input")
    check(choice.prediction, [o.name for o in table[infer].outputs] if infer else [], "output")
    if choice.samples is not None and choice.samples == choice.labels:
        raise SignatureError(
            f"The input '{choice.samples}' cannot take both samples and labels. Choose two inputs."
        )
    if choice.train is not None and choice.train == choice.infer:
        raise SignatureError(
            f"The signature '{choice.train}' cannot both train and predict. Choose another one."
        )


def _check_sense(contract: Contract, choice: Choice) -> None:
    if choice.train is not None and not contract.train:
        raise SignatureError(
            f"The signature '{choice.train}' cannot train: {' '.join(contract.notes)}"
        )
    if choice.infer is not None and contract.infer is None:
        raise SignatureError(f"The signature '{choice.infer}' has no output that is a prediction.")
    if choice.task is Task.CLASSES and contract.outputs is not None and contract.outputs < 2:
        raise SignatureError(
            "The model has one output, which cannot tell classes apart. Choose yes or no "
            "('binary') or numbers ('values')."
        )
    if choice.task is Task.BINARY and contract.outputs not in (None, 1):
        raise SignatureError(
            f"The model has {contract.outputs} outputs; yes or no ('binary') needs one. Choose "
            f"'classes'."
        )
    if choice.output_kind is OutputKind.DISTANCES and contract.task is not Task.CLASSES:
        raise SignatureError(
            "Distances, of which the smallest wins, belong to labels of several classes. Choose "
            "the task 'classes', or other outputs."
        )
    kind = contract.train[0].label_kind if contract.train else None
    if kind is LabelKind.SIGNS and contract.task is not Task.BINARY:
        raise SignatureError(
            "−1 and 1 are labels of yes or no. Choose the task 'binary', or other labels."
        )
    if kind is LabelKind.ONE_HOT and contract.task is not Task.CLASSES:
        raise SignatureError(
            "One-hot labels belong to classes. Choose the task 'classes', or other labels."
        )
