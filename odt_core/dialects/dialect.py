"""Which signature of a model is for what: proposed from names, shapes and graph facts, correctable.

vocabulary.py holds the names, signatures.py and inputs.py rate what there is, by_graph.py decides
where no name does, tasks.py finds out what the model learns, together.py which inputs share a
sample, beyond.py what odt cannot give it, notes.py says what is missing, correction.py takes a
person's word for it. Facts of the graph count for more than names: a signature that changes no
variable does not train, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from odt_core.dialects.beyond import (
    teaches_nothing,
    why_not_alike,
    why_not_taught,
    why_not_trained,
    why_not_tried,
)
from odt_core.dialects.blank import blank_inputs
from odt_core.dialects.contract import (
    Choice,
    Contract,
    InferRole,
    LabelKind,
    SampleInput,
    Task,
    TrainRole,
)
from odt_core.dialects.inputs import (
    Found,
    batch_of,
    data_inputs,
    find_rate,
    likeness,
    other_losses,
    pick_loss,
    reported_loss,
    samples_and_labels,
)
from odt_core.dialects.no_batch import with_batch_axis
from odt_core.dialects.notes import (
    NO_INFER,
    NO_TRAIN,
    NO_TRAIN_EITHER,
    explain,
    loss_note,
    of_changes,
    of_pixels,
    perhaps,
)
from odt_core.dialects.padding import mask_of
from odt_core.dialects.scaled import samples_scaling, targets_scaling
from odt_core.dialects.shapes import SMALL, compatible, merged, of_one, proposed, size_of
from odt_core.dialects.signatures import (
    ENOUGH,
    changes_variables,
    find_extractor,
    find_head,
    find_initialiser,
    find_learning_rate,
    find_predictor,
    find_trainer,
    may_train,
    passed_over,
    teaches,
    trains,
)
from odt_core.dialects.tasks import Goal, goal_of
from odt_core.dialects.together import Together, taken_together
from odt_core.dialects.vocabulary import EVALUATE_NAMES
from odt_core.graph import GET_STATE, SET_STATE, SignatureDescription, TensorDescription
from odt_core.graph.loss_facts import LOOKUPS
from odt_core.samples.shapes import may_hold_picture

_TABLES = LOOKUPS | {"ONE_HOT"}  # a product with which is a row, too


def propose(
    signatures: Iterable[SignatureDescription],
    choice: Choice | None = None,
    *,
    missing: Iterable[str] = (),
    known: Iterable[str] = (),
) -> Contract:
    """The contract that names, shapes, dtypes and graph facts suggest.

    choice: what a person has decided; it is taken as it is (`correct` checks it). missing: why
    signatures of the file cannot be used. known: other notes about the model. Both come first.
    Never raises: what is not understood is left out and explained in `notes`.
    """
    missing = tuple(missing)
    every = with_batch_axis(tuple(signatures))
    names = {signature.name for signature in every}
    table = {s.name: s for s in every if s.name not in (GET_STATE, SET_STATE)}
    wish = choice or Choice()
    found = Found()
    trainer, of_trainer = find_trainer(table, wish)
    predictor, of_predictor = find_predictor(table, trainer, wish)
    if trainer is not None:
        found = samples_and_labels(trainer, predictor, wish)
    together = taken_together(trainer, predictor, found)
    extractor = None if together else find_extractor(table, trainer, predictor, found)
    loss = pick_loss(trainer, found, wish) if trainer is not None else None
    goal = goal_of(trainer, found.labels, found.samples, predictor, loss, wish)
    raw = _named(table[extractor.signature], extractor.samples) if extractor else None
    infer, untried = _infer_role(predictor, trainer, goal, wish, found, raw, together)
    asked = None
    if infer and predictor and not (together or extractor or wish.samples):
        asked = _named(predictor, infer.samples)
    train, untrained = _train_roles(table, trainer, predictor, found, goal, wish, together, asked)
    train = _scaled(train, table, infer, goal, found, raw, together)
    asks = infer.signature if infer else None
    taking = together.sample_inputs if together else ()
    notes = [*missing, *known, *of_trainer, *of_predictor, *filter(None, (untried, untrained))]
    largest = table[train[0].signature] if train else None
    if largest is not None and trainer is not None:
        notes += _of_taken(table, trainer, wish)
        notes += _of_loss(largest, found, train[0].loss, wish)
        notes += filter(None, [teaches_nothing(table, trainer, predictor)])
        notes += [] if extractor else passed_over(table, trainer, predictor, found)
    written = predictor is None and bool(of_predictor)  # which says why already
    if infer is None and untried is None and not written:
        notes.append(NO_INFER)
    # What is missing, or looked like training, may have said why already.
    told = trainer is None and bool(missing or of_trainer)
    if not train and untrained is None and not told:
        others = may_train(table, predictor)
        none = NO_TRAIN if infer is not None else NO_TRAIN_EITHER
        notes.append(perhaps(others) if others else none)
    notes += explain(train, infer, trainer, predictor, found, goal, taking)
    if infer is not None:
        notes += of_changes(table[infer.signature])
    takers = [] if taking else _takers(table, found, infer, raw)
    free, input_shape, dtype = _row_of(taking) if taking else _input(takers)
    own = bool(train and train[0].scaling)  # training is given them as it wants them
    alike = takers[:1] if own else takers
    ranges = {one.pixels for one in alike} if may_hold_picture(input_shape) else set()
    pixels = next(iter(ranges)) if len(ranges) == 1 else ()
    notes += of_pixels(ranges, input_shape, trains=bool(train))
    feature_shape = proposed(of_one(found.samples)) if found.samples else input_shape
    part = found.samples if together and train and found.labels is None else None
    again = proposed(of_one(part)) if part else input_shape
    contract = Contract(
        train=train,
        infer=infer,
        input_shape=input_shape,
        outputs=goal.outputs,
        learning_rate=find_learning_rate(table),
        state=GET_STATE in names and SET_STATE in names,
        notes=tuple(notes),
        task=goal.task,
        target_shape=again if goal.task is Task.RECONSTRUCTION else goal.target_shape,
        extract=extractor,
        feature_shape=feature_shape if extractor else input_shape,
        infer_features=find_head(table, infer, extractor, found),
        initialise=find_initialiser(table),
        evaluate=next((name for name in EVALUATE_NAMES if name in table and name != asks), None),
        loss_note=loss_note(largest, train),
        input_dtype=dtype,
        free_axes=free,
        free_targets=() if extractor else tuple(axis for axis in goal.open_targets if axis in free),
        comparable=goal.comparable,
        activation=goal.activation,
        scores_each=goal.scores_each,
        targets_are_probabilities=goal.targets_are_probabilities,
        rows_are_one_hot=goal.rows_are_one_hot,
        sample_inputs=taking,
        given_back=part.name if part else None,
        pixel_range=pixels,
        looks_up=infer is not None and _looks_up(table[infer.signature], dtype),
    )
    return contract.sized(input_shape)


def _train_roles(
    table: Mapping[str, SignatureDescription],
    trainer: SignatureDescription | None,
    predictor: SignatureDescription | None,
    found: Found,
    goal: Goal,
    wish: Choice,
    together: Together | None,
    asked: TensorDescription | None,
) -> tuple[tuple[TrainRole, ...], str | None]:
    """The roles, and a sentence where what looks like training is refused. asked: what predicting
    takes, where that is to be the same as what training takes.
    """
    if trainer is None or found.samples is None:
        return (), None
    if (found.labels is None and goal.task is not Task.RECONSTRUCTION) or not trainer.outputs:
        return (), None
    idle = teaches_nothing(table, trainer, predictor) if wish.train is None else None
    why_not = idle or why_not_trained(trainer, predictor, found, goal, wish, together)
    if not why_not and asked is not None and predictor is not None:
        why_not = why_not_alike(trainer, found.samples, predictor, asked)
    if why_not:
        return (), why_not
    family = [trainer]
    if wish.train is None and batch_of(found.samples) is not None:
        family += [s for s in table.values() if s is not trainer and _same(s, trainer)]
    samples, *beside = [one.name for one in (together.train if together else (found.samples,))]
    numbered = goal.task is Task.CLASSES and goal.label_kind is LabelKind.INTEGER
    roles = []
    for signature in family:
        inputs = {tensor.name: tensor for tensor in signature.inputs}
        loss = reported_loss(signature, found, wish)
        rate = find_rate(signature, predictor, wish)
        labels = inputs[found.labels.name] if found.labels else None
        roles.append(
            TrainRole(
                signature=signature.name,
                samples=samples,
                labels=labels.name if labels else None,
                label_kind=goal.label_kind,
                loss=loss.name if loss else None,
                batch=batch_of(inputs[samples]),
                learning_rate=rate,
                beside=tuple(beside),
                mask=mask_of(signature, (samples, *beside)),
                blank=blank_inputs(
                    signature,
                    (samples, *beside, rate, labels.name if labels else None),
                    inputs[samples],
                    goal,
                    labels,
                ),
                first_label=labels.first if labels and numbered else 0,
            )
        )
    why_not = why_not_taught(trainer, roles[0]) if wish.train is None else None
    if why_not:
        return (), why_not
    if any(role.batch is None for role in roles):  # it takes every size by itself
        roles = [role for role in roles if role.batch is None][:1]
    return tuple(sorted(roles, key=lambda role: -(role.batch or 0))), None


def _scaled(
    roles: tuple[TrainRole, ...],
    table: Mapping[str, SignatureDescription],
    infer: InferRole | None,
    goal: Goal,
    found: Found,
    raw: TensorDescription | None,
    together: Together | None,
) -> tuple[TrainRole, ...]:
    """The roles, given samples and targets on the scale of those that predicting takes and gives.
    raw: as of _infer_role.
    """
    if infer is None or goal.prediction is None or raw or together:
        return roles
    asked = _named(table[infer.signature], infer.samples)
    scaled = []
    for role in roles:
        trainer = table[role.signature]
        scaling = samples_scaling(_named(trainer, role.samples), asked)
        of_targets = scaling if role.labels and goal.task is Task.RECONSTRUCTION else None
        if role.labels and goal.task is Task.VALUES:
            of_targets = targets_scaling(_named(trainer, role.labels), goal.prediction)
        scaled.append(replace(role, scaling=scaling, target_scaling=of_targets))
    return tuple(scaled)


def _of_taken(
    table: Mapping[str, SignatureDescription], trainer: SignatureDescription, wish: Choice
) -> Iterator[str]:
    """What to know of the signature that was taken for training."""
    others = [s.name for s in table.values() if s is not trainer and _trains_too(s, trainer)]
    if others and wish.train is None:
        names = ", ".join(f"'{name}'" for name in others)
        yield (
            f"More than one signature trains: '{trainer.name}' was taken, not {names}. Choose "
            f"another if that is wrong."
        )


def _of_loss(
    trainer: SignatureDescription, found: Found, loss: str | None, wish: Choice
) -> Iterator[str]:
    """What to know of the loss that a signature returns."""
    if loss is None:
        yield (
            f"The signature '{trainer.name}' returns no loss, so only odt's own figures show "
            f"how training goes."
        )
    others = other_losses(trainer, found, loss) if loss and wish.loss is None else []
    if others:
        names = ", ".join(f"'{name}'" for name in others)
        yield (
            f"Several outputs may be the loss: '{loss}' was taken, not {names}. Choose another if "
            f"that is wrong (--use loss={others[0]})."
        )


def _trains_too(one: SignatureDescription, trainer: SignatureDescription) -> bool:
    """Whether another signature trains, and not the same in batches of another size."""
    return (
        bool(one.ops)
        and trains(one) >= ENOUGH
        and changes_variables(one)
        and teaches(one)
        and not _same(one, trainer)
    )


def _same(one: SignatureDescription, two: SignatureDescription) -> bool:
    """Whether two signatures train the same way and differ in the batch size alone."""
    mine = {i.name: (i.dtype, i.shape[1:]) for i in one.inputs}
    theirs = {i.name: (i.dtype, i.shape[1:]) for i in two.inputs}
    alike = mine == theirs and one.assigns == two.assigns
    batches = [tuple(i.shape[:1] for i in each.inputs) for each in (one, two)]
    return trains(one) >= ENOUGH and changes_variables(one) and alike and batches[0] != batches[1]


def _infer_role(
    predictor: SignatureDescription | None,
    trainer: SignatureDescription | None,
    goal: Goal,
    wish: Choice,
    found: Found,
    raw: TensorDescription | None,
    together: Together | None,
) -> tuple[InferRole | None, str | None]:
    """The role, and a sentence where what looks like predicting is refused. raw: what takes samples
    where training takes features.
    """
    if predictor is None or not predictor.inputs:
        return None, None
    by_name = {tensor.name: tensor for tensor in predictor.inputs}
    data = data_inputs(predictor) or list(predictor.inputs)
    samples = by_name.get(wish.infer_samples or "") or max(
        data, key=lambda tensor: (likeness(tensor, None), size_of(of_one(tensor)))
    )
    if goal.prediction is None:
        return None, None
    beside: list[str] = []
    if together is not None:
        samples, beside = together.infer[0], [one.name for one in together.infer[1:]]
    batch = batch_of(samples)
    if found.samples is not None and samples.shape == of_one(found.samples):
        batch = 1  # one sample at a time, without a batch dimension
    shape = of_one(samples)
    role = InferRole(
        signature=predictor.name,
        samples=samples.name,
        prediction=goal.prediction.name,
        kind=goal.output_kind,
        batch=batch,
        on_features=bool(
            raw
            and found.samples
            and compatible(shape, of_one(found.samples))
            and not compatible(shape, of_one(raw))
        ),
        beside=tuple(beside),
        mask=mask_of(predictor, (samples.name, *beside)),
        blank=blank_inputs(predictor, (samples.name, *beside), samples, goal),
    )
    why_not = None if together else why_not_tried(predictor, trainer, samples, role, wish)
    return (None, why_not) if why_not else (role, None)


def _looks_up(predictor: SignatureDescription, dtype: str) -> bool:
    """Whether whole numbers that it takes name rows of a table; of 8 or 16 bits they are pixels."""
    return dtype not in SMALL and not _TABLES.isdisjoint(predictor.ops)


def _row_of(taking: tuple[SampleInput, ...]) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """What `_input` tells, of samples that several inputs take together."""
    dtypes = {one.dtype for one in taking}
    size = sum(one.size for one in taking)
    return (), (size,), dtypes.pop() if len(dtypes) == 1 else "float32"


def _takers(
    table: Mapping[str, SignatureDescription],
    found: Found,
    infer: InferRole | None,
    raw: TensorDescription | None,
) -> list[TensorDescription]:
    """The inputs that take samples as they are, at most two. raw: the extractor's."""
    tensors = []
    if infer is not None and not infer.on_features:
        tensors.append(_named(table[infer.signature], infer.samples))
    if raw is not None:
        tensors.append(raw)
    elif found.samples is not None:
        tensors.append(found.samples)
    return tensors


def _input(tensors: list[TensorDescription]) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """Which axes of a sample are free, its shape, and its dtype, by the inputs that take it."""
    if not tensors:
        return (), (), "float32"
    shapes = [of_one(tensor) for tensor in tensors]
    if len(tensors) == 2 and tensors[0].shape == shapes[1]:  # infer takes one sample at a time
        shapes = shapes[1:]
    # The form that tells most: a picture rather than the same numbers in a row.
    shapes.sort(key=len, reverse=True)
    shape = merged(shapes)
    free = tuple(axis for axis, size in enumerate(shape) if size is None)
    return free, proposed(shape), tensors[0].dtype


def _named(signature: SignatureDescription, name: str) -> TensorDescription:
    return next(tensor for tensor in signature.inputs if tensor.name == name)
