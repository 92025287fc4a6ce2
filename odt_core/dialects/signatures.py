"""Which signature trains, which predicts, which prepares: by names, shapes and graph facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from odt_core.dialects.beyond import why_not_written
from odt_core.dialects.by_graph import only_predictor, only_trainer
from odt_core.dialects.contract import Choice, ExtractRole, InferRole
from odt_core.dialects.inputs import Found, batch_of, data_inputs, is_scalar
from odt_core.dialects.shapes import compatible, numeric, of_one, size_of
from odt_core.dialects.vocabulary import (
    EXTRACT_WORDS,
    INFER_NAMES,
    INFER_WORDS,
    INITIALISE_WORDS,
    OTHER_WORDS,
    TRAIN_FAMILIES,
    TRAIN_NAMES,
    TRAIN_WORDS,
    is_learning_rate,
)
from odt_core.graph import SignatureDescription
from odt_core.words import count, words

ENOUGH = 40  # points that make a signature one that trains or predicts


def find_trainer(
    table: Mapping[str, SignatureDescription], wish: Choice
) -> tuple[SignatureDescription | None, list[str]]:
    """The signature that trains, the first of several that differ in batch size alone; and what to
    know of it, or of those that only look like one.
    """
    if wish.train is not None:
        return table.get(wish.train), []
    alone = len(table) == 1  # then no other one trains, whatever it is called
    rated = [(score, s) for s in table.values() if (score := trains(s, alone=alone)) >= ENOUGH]
    good: list[SignatureDescription] = []
    notes: list[str] = []
    for _, signature in sorted(rated, key=lambda row: -row[0]):
        data = data_inputs(signature)
        written = why_not_written(signature, "trained")
        if not changes_variables(signature):
            notes.append(_changes_none(signature))
        elif written is not None:
            notes.append(written)
        elif not teaches(signature):
            advice = (
                f" If it learns from samples alone, say so by choosing it for training yourself "
                f"(--use train={signature.name})."
            )
            notes.append(
                f"The signature '{signature.name}' takes {count(len(signature.inputs), 'input')}; "
                f"training needs samples and labels.{advice if data and signature.outputs else ''}"
            )
        else:
            good.append(signature)
    untold = len(good) == len(rated) and not any(_says_so(signature) for signature in good)
    told = only_trainer(table) if untold else None
    if not good and told is None:
        return None, notes
    best = told or good[0]
    if not _says_so(best):
        notes.append(
            f"No name says which signature trains; '{best.name}' was taken, because it changes the "
            f"variables. Choose another if that is wrong."
        )
    return best, notes


def _changes_none(signature: SignatureDescription) -> str:
    """Why a signature that changes no variable trains nothing."""
    back = _weights_given_back(signature)
    if not back:
        return f"The signature '{signature.name}' changes no variable, so it trains nothing."
    names = ", ".join(f"'{name}'" for name in back)
    return (
        f"The signature '{signature.name}' takes the model's weights as inputs ({names}) and gives "
        f"new ones back; it changes no variable. odt keeps what was learnt in variables: build the "
        f"model with its weights as tf.Variable."
    )


def _weights_given_back(signature: SignatureDescription) -> list[str]:
    """Names of the inputs of a fixed form that an output of their name has, too."""
    given = {(one.name, one.shape) for one in signature.outputs}
    return [
        one.name
        for one in signature.inputs
        if one.dtype.startswith("float") and one.shape and None not in one.shape
        if (one.name, one.shape) in given
    ]


def may_train(
    table: Mapping[str, SignatureDescription], predictor: SignatureDescription | None
) -> list[str]:
    """Names of those that change what predicting computes with and give something computed from
    several inputs, as a loss is: whether they train, nothing else tells.
    """
    return [
        name
        for name, one in table.items()
        if predictor is not None and one is not predictor and len(data_inputs(one)) > 1
        if set(one.assigns).intersection(predictor.reads)
        if any(len(output.reached_by) > 1 for output in one.outputs)
    ]


def _says_so(signature: SignatureDescription) -> bool:
    """Whether its name is one of training."""
    name = signature.name.lower()
    named = name in TRAIN_NAMES or name.startswith(TRAIN_FAMILIES)
    return named or bool(words(signature.name) & TRAIN_WORDS)


def trains(signature: SignatureDescription, *, alone: bool = False) -> int:
    name, said = signature.name.lower(), words(signature.name)
    if name in TRAIN_NAMES:
        return 200 - TRAIN_NAMES.index(name)
    if name.startswith(TRAIN_FAMILIES):
        return 180
    score = 40 if said & TRAIN_WORDS else 0
    score -= 60 if said & (OTHER_WORDS | INFER_WORDS) and not alone else 0
    if signature.ops:
        score += 30 if changes_variables(signature) else -200
        score += 20 if any(i.weighed for i in signature.inputs) else -40
    score += 10 if any(is_scalar(output) for output in signature.outputs) else -20
    return score if data_inputs(signature) else 0


def changes_variables(signature: SignatureDescription) -> bool:
    return not signature.ops or bool(signature.assigns)


def teaches(signature: SignatureDescription) -> bool:
    """Whether it takes and gives what training does: samples and labels, or samples alone where
    these meet weights.
    """
    data = data_inputs(signature)
    enough = len(data) > 1 or any(tensor.weighed for tensor in data)
    return enough and bool(signature.outputs)


def find_predictor(
    table: Mapping[str, SignatureDescription],
    trainer: SignatureDescription | None,
    wish: Choice,
) -> tuple[SignatureDescription | None, list[str]]:
    """The signature that predicts, and what to know of it, or of one that takes text."""
    if wish.infer is not None:
        return table.get(wish.infer), []
    others = [s for s in table.values() if s is not trainer]
    rated = [(_predicts(s, trainer, len(table)), s) for s in others]
    rated = [(score, s) for score, s in rated if score >= ENOUGH]
    if rated:
        best = max(rated, key=lambda row: row[0])[1]
        return best, _of_rivals(best, others, trainer)
    told = only_predictor(table, trainer) if trainer is not None else None
    if told is None:
        named = [one for one in others if one.name.lower() in INFER_NAMES]
        return None, list(filter(None, (why_not_written(one, "tried out") for one in named)))
    return told, [
        f"No name says which signature predicts; '{told.name}' was taken, because it alone takes "
        f"samples, changes nothing and gives answers as training compares them. Choose another if "
        f"that is wrong."
    ]


def _of_rivals(
    predictor: SignatureDescription,
    others: list[SignatureDescription],
    trainer: SignatureDescription | None,
) -> list[str]:
    """Notes on signatures that answer the same as one that predicts, but do something with samples
    first that training does and it does not, such as bringing them to mean 0.
    """
    taken = [(one.shape, one.dtype) for one in data_inputs(predictor)]
    given = {(one.name, one.shape) for one in predictor.outputs}
    rivals = [
        one.name
        for one in others
        if trainer is not None and one is not predictor and not one.assigns
        if one.reads == predictor.reads
        if [(data.shape, data.dtype) for data in data_inputs(one)] == taken
        if given <= {(output.name, output.shape) for output in one.outputs}
        if set(predictor.ops) < set(one.ops)
        if (more := _before_the_answer(one) - set(predictor.ops))
        if more <= set(trainer.ops)
    ]
    return [
        f"'{name}' takes and gives the same as '{predictor.name}' and computes something of "
        f"samples that training computes as well and '{predictor.name}' does not, such as a "
        f"normalisation. If samples come without it, choose it for predicting (--use "
        f"infer={name})."
        for name in rivals
    ]


def _before_the_answer(one: SignatureDescription) -> set[str]:
    """The ops that it does not need after its last layer."""
    return set(one.ops).difference(*(output.tail for output in one.outputs))


def _predicts(
    signature: SignatureDescription, trainer: SignatureDescription | None, count: int
) -> int:
    data = data_inputs(signature)
    if not data or not any(output.shape and numeric(output) for output in signature.outputs):
        return 0
    name, said = signature.name.lower(), words(signature.name)
    exact = name in INFER_NAMES
    score = 200 - INFER_NAMES.index(name) if exact else 0
    if not exact:
        score += 40 if said & INFER_WORDS else 0
        score -= 60 if said & (OTHER_WORDS | TRAIN_WORDS) else 0
        score -= 30 if said & EXTRACT_WORDS else 0
        score -= 40 * (len(data) - 1)
        score += 30 if count == 1 else 0
    if signature.ops and trainer is not None and not signature.reads:
        return 0  # what it says would not change with training
    if signature.ops and not exact:
        score += 20 if any(tensor.weighed for tensor in data) else -40
        score -= 40 if signature.assigns else 0
    if signature.ops and exact and trainer is None and signature.assigns:
        return 0  # it trains, under whatever name
    if trainer is not None and any(
        compatible(of_one(one), of_one(two)) for one in data for two in data_inputs(trainer)
    ):
        score += 20
    return score


def find_extractor(
    table: Mapping[str, SignatureDescription],
    trainer: SignatureDescription | None,
    predictor: SignatureDescription | None,
    found: Found,
) -> ExtractRole | None:
    """The signature that turns samples into what `train` takes, where the two differ: in shape, or
    as names and variables tell.
    """
    if trainer is None or found.samples is None:
        return None
    wanted = of_one(found.samples)
    inputs = [of_one(i) for i in data_inputs(predictor)] if predictor else []
    raw = [shape for shape in inputs if not compatible(shape, wanted)]
    rated = []
    for signature in table.values():
        data = data_inputs(signature)
        if signature in (trainer, predictor) or len(data) != 1:
            continue
        if signature.assigns:
            continue
        shape = of_one(data[0])
        outputs = [o for o in signature.outputs if o.shape and compatible(of_one(o), wanted)]
        alike = compatible(shape, wanted)
        if not outputs or (alike and not _is_base(signature, trainer, predictor, found)):
            continue
        feeds = alike or any(compatible(shape, other) for other in raw)
        named = bool(words(signature.name) & EXTRACT_WORDS)
        if feeds or (named and not raw):
            role = ExtractRole(
                signature=signature.name,
                samples=data[0].name,
                features=outputs[0].name,
                batch=batch_of(data[0]),
                reads=signature.reads,
                frozen=not set(signature.reads) & set(trainer.assigns),
            )
            rated.append((2 * feeds + named, role))
    return max(rated, key=lambda row: row[0])[1] if rated else None


def _is_base(
    signature: SignatureDescription,
    trainer: SignatureDescription,
    predictor: SignatureDescription | None,
    found: Found,
) -> bool:
    """Whether `train` takes what it makes of samples, though both have one shape: predicting goes
    through its variables and training does not, or its output, and no input of predicting, has the
    name of what `train` takes.
    """
    if predictor is None or found.samples is None:
        return False
    name = found.samples.name
    taken = {one.name for one in (*signature.inputs, *predictor.inputs)}
    named = name not in taken and any(one.name == name for one in signature.outputs)
    called = bool(signature.reads) and bool(words(signature.name) & EXTRACT_WORDS)
    return (named or called) and set(signature.reads) <= set(predictor.reads) - set(trainer.reads)


def passed_over(
    table: Mapping[str, SignatureDescription],
    trainer: SignatureDescription,
    predictor: SignatureDescription | None,
    found: Found,
) -> list[str]:
    """Notes on what is called a base and gives numbers in the form that `train` takes, without
    anything that tells whether `train` wants these.
    """
    if found.samples is None:
        return []
    form = of_one(found.samples)
    bases = [
        one.name
        for one in table.values()
        if one not in (trainer, predictor) and words(one.name) & EXTRACT_WORDS
        if not one.assigns and not set(one.reads) & set(trainer.reads)
        if [of_one(data) for data in data_inputs(one)] == [form]
        if any(of_one(output) == form for output in one.outputs if output.shape)
    ]
    return [
        f"The signature '{name}' gives numbers in the samples' own form, and nothing tells whether "
        f"'{trainer.name}' wants these; it is given the samples themselves."
        for name in bases
    ]


def find_head(
    table: Mapping[str, SignatureDescription],
    infer: InferRole | None,
    extractor: ExtractRole | None,
    found: Found,
) -> InferRole | None:
    """The signature that gives what `infer` gives, from features: it has an output of the same name
    and shape, and reads the same variables.
    """
    if infer is None or infer.on_features or extractor is None or found.samples is None:
        return None
    whole = table[infer.signature]
    wants = of_one(found.samples)
    if any(one.name == infer.samples and compatible(of_one(one), wants) for one in whole.inputs):
        return None  # features could not be told from samples
    wanted = next(o for o in whole.outputs if o.name == infer.prediction)
    for name, signature in table.items():
        data = data_inputs(signature)
        if name == infer.signature or len(data) != 1 or signature.assigns:
            continue
        same = any(o.name == wanted.name and o.shape == wanted.shape for o in signature.outputs)
        reads = set(signature.reads) | set(extractor.reads) == set(whole.reads)
        if same and reads and compatible(of_one(data[0]), wants):
            return replace(
                infer,
                signature=name,
                samples=data[0].name,
                batch=batch_of(data[0]),
                on_features=True,
            )
    return None


def find_initialiser(table: Mapping[str, SignatureDescription]) -> str | None:
    for name, signature in table.items():
        takes_data = any(i.used and i.shape for i in signature.inputs)
        if words(name) & INITIALISE_WORDS and changes_variables(signature) and not takes_data:
            return name
    return None


def find_learning_rate(table: Mapping[str, SignatureDescription]) -> str | None:
    for name, signature in table.items():
        if is_learning_rate(name) and len(signature.inputs) == 1 and changes_variables(signature):
            (rate,) = signature.inputs
            if size_of(rate.shape) == 1 and rate.dtype.startswith("float"):
                return name
    return None
