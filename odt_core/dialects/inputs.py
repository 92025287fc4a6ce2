"""Which input of a signature takes what, and which output is the loss."""

from __future__ import annotations

from dataclasses import dataclass

from odt_core.dialects.contract import Choice
from odt_core.dialects.losses import learns
from odt_core.dialects.shapes import compatible, numeric, of_one, size_of, whole
from odt_core.dialects.vocabulary import (
    FIRST_OUTPUT,
    LABEL_NAMES,
    LABEL_WORDS,
    LOSS_NAMES,
    LOSS_WORDS,
    MASK_WORDS,
    NO_LOSS_WORDS,
    SAMPLE_NAMES,
    SAMPLE_WORDS,
    WEIGHT_WORDS,
    is_learning_rate,
    is_memory,
)
from odt_core.graph import SignatureDescription, TensorDescription
from odt_core.words import words

_CALLED_LOSS = frozenset(["loss", "losses"])  # beside which a mean error is a figure


@dataclass(frozen=True)
class Found:
    """The two inputs of `train` that hold data; labels None where samples are their own."""

    samples: TensorDescription | None = None
    labels: TensorDescription | None = None


def data_inputs(signature: SignatureDescription | None) -> list[TensorDescription]:
    """The inputs that take a batch of numbers which matter."""
    if signature is None:
        return []
    numbers = [i for i in signature.inputs if numeric(i) and i.shape]
    # yes or no for each sample says what to do with it, unless there is nothing else
    inputs = [i for i in numbers if i.dtype != "bool" or len(i.shape) > 1] or numbers
    used = [i for i in inputs if i.used]
    used = [i for i in used if not (is_scalar(i) and (is_learning_rate(i.name) or i.scales))]
    rest = [i for i in used if not is_memory(i.name)]
    enough = len(rest) > 1 or any(tensor.weighed for tensor in rest)
    return (rest if enough else used) or inputs


def samples_and_labels(
    trainer: SignatureDescription, predictor: SignatureDescription | None, wish: Choice
) -> Found:
    every = {tensor.name: tensor for tensor in trainer.inputs}
    asked = {tensor.name for tensor in data_inputs(predictor)}
    data = data_inputs(trainer)
    data += [i for i in trainer.inputs if i.name in asked and i not in data]
    chosen, chosen_labels = every.get(wish.samples or ""), every.get(wish.labels or "")
    again = given_back(trainer, predictor)
    if again is not None and not chosen_labels and chosen in (None, again):
        return Found(again)
    if len(data) == 1 and chosen_labels is None:
        samples = chosen or data[0]
        learnt = _learnt(trainer, samples, asked, wish)
        if learnt is None:
            learnt = _likely_learnt(trainer, samples, asked, predictor)
        return Found(samples, learnt[0] if len(learnt) == 1 else None)
    asked_for = [one for one in trainer.inputs if _is_asked_for(one, predictor)]
    data += [one for one in asked_for if one not in data]
    pairs = [
        (one, two)
        for one in ([chosen] if chosen else asked_for or data)
        for two in ([chosen_labels] if chosen_labels else data)
        if one is not two
    ]
    if not pairs:
        return Found(chosen or (data[0] if data else None), chosen_labels)
    marks = {name: likeness(tensor, predictor) for name, tensor in every.items()}
    best = max(
        pairs,
        key=lambda pair: marks[pair[0].name] - marks[pair[1].name] + _bigger(*pair),
    )
    samples, labels = best
    told = is_called_label(labels) and labels.shape[:1] == samples.shape[:1]
    if chosen_labels is None and not told:
        learnt = _learnt(trainer, samples, asked, wish) or []
        labels = learnt[0] if len(learnt) == 1 else labels  # beside weights, say
    return Found(samples, labels)


def _is_asked_for(one: TensorDescription, predictor: SignatureDescription | None) -> bool:
    """Whether an input of training takes what the only one of predicting does: samples, even where
    these are called the state of a game.
    """
    asked = data_inputs(predictor)
    fits = len(asked) == 1 and compatible(of_one(one), of_one(asked[0]))
    return fits and one.weighed and one.dtype == asked[0].dtype and not is_called_label(one)


def given_back(
    trainer: SignatureDescription, predictor: SignatureDescription | None
) -> TensorDescription | None:
    """The one of several inputs, all of which predicting takes too, that the loss compares with
    answers: a sample that is learnt again, beside what it depends on.
    """
    data = data_inputs(trainer)
    names = {tensor.name for tensor in data}
    if predictor is None or len(data) < 2 or not names.issubset(i.name for i in predictor.inputs):
        return None
    loss = pick_loss(trainer, Found(data[0]), Choice())
    learnt = [one for one in data if learns(loss, one)]
    if len(learnt) != 1 or whole(learnt[0]) or is_called_label(learnt[0]):
        return None
    answered = any(
        len(output.shape) > 1 and names.issubset(output.reached_by) and not output.meets
        for output in predictor.outputs
    )
    largest = max(size_of(of_one(one)) for one in data)
    return learnt[0] if answered and size_of(of_one(learnt[0])) == largest else None


def _learnt(
    trainer: SignatureDescription, samples: TensorDescription, asked: set[str], wish: Choice
) -> list[TensorDescription] | None:
    """What the loss compares with answers, whatever it is called: a mask that one could take for
    what says where to look, the state of a machine, yes and no. None where the graph does not tell;
    nothing where samples are learnt themselves.
    """
    loss = pick_loss(trainer, Found(samples), wish)
    if loss is None or not loss.meets:
        return None
    if learns(loss, samples):
        return []
    return [one for one in _beside(trainer, samples, asked) if learns(loss, one)]


def _likely_learnt(
    trainer: SignatureDescription,
    samples: TensorDescription,
    asked: set[str],
    predictor: SignatureDescription | None,
) -> list[TensorDescription]:
    """The same by names and forms: of what is called a mask or a state, whole numbers, or what has
    an answer's form where that is not the samples'.
    """
    answers = [one for one in predictor.outputs if one.shape] if predictor else []

    def fits(one: TensorDescription) -> bool:
        return whole(one) or any(
            compatible(of_one(one), of_one(answer))
            for answer in answers
            if words(one.name) & words(answer.name) & MASK_WORDS
            or not compatible(of_one(answer), of_one(samples))
        )

    beside = [one for one in _beside(trainer, samples, asked) if len(one.shape) > 1]
    return [one for one in beside if is_memory(one.name) and one.dtype != "bool" and fits(one)]


def _beside(
    trainer: SignatureDescription, samples: TensorDescription, asked: set[str]
) -> list[TensorDescription]:
    """The inputs that predicting does not take."""
    return [
        one
        for one in trainer.inputs
        if one.used and one is not samples and one.name not in asked
        if one.shape and numeric(one)
    ]


def is_called_label(tensor: TensorDescription) -> bool:
    """Whether its name is one of labels or targets."""
    said = words(tensor.name)
    return tensor.name.lower() in LABEL_NAMES or bool(
        said & LABEL_WORDS and not said & WEIGHT_WORDS
    )


def likeness(tensor: TensorDescription, predictor: SignatureDescription | None) -> int:
    """How much an input looks like samples (positive) or labels (negative)."""
    name, said = tensor.name.lower(), words(tensor.name)
    score = 0
    if name in SAMPLE_NAMES:
        score += 60
    elif name in LABEL_NAMES:
        score -= 60
    else:
        score += 30 * bool(said & SAMPLE_WORDS) - 40 * bool(said & LABEL_WORDS)
    score += 50 if tensor.weighed else 0
    if predictor is not None:
        inputs, outputs = data_inputs(predictor), predictor.outputs
        score += 40 if tensor.name in {i.name for i in inputs} else 0
        score += 25 * any(compatible(of_one(tensor), of_one(i)) for i in inputs)
        score -= 25 * any(o.shape and compatible(of_one(tensor), of_one(o)) for o in outputs)
    return score


def _bigger(samples: TensorDescription, labels: TensorDescription) -> int:
    """Samples are mostly of higher rank and more numbers, and rarely whole where labels are not."""
    ranks, sizes = len(samples.shape) - len(labels.shape), 0
    if size_of(of_one(samples)) != size_of(of_one(labels)):
        sizes = 1 if size_of(of_one(samples)) > size_of(of_one(labels)) else -1
    kinds = whole(labels) - whole(samples)
    return 10 * (ranks > 0) - 10 * (ranks < 0) + 10 * sizes + 15 * kinds


def pick_loss(
    signature: SignatureDescription, found: Found, wish: Choice
) -> TensorDescription | None:
    by_name = {output.name: output for output in signature.outputs}
    if wish.loss is not None:
        return by_name.get(wish.loss)
    # A number for each sample may be a loss; a gradient has its variable's shape.
    batches = {batch_of(one) for one in data_inputs(signature)}
    rated = []
    for at, output in enumerate(signature.outputs):
        name, said = output.name.lower(), words(output.name)
        score = 60 - LOSS_NAMES.index(name) if name in LOSS_NAMES else 0
        score += 12 if name == FIRST_OUTPUT else 0
        score -= 60 if output.counted else 0
        score += 30 * bool(said & LOSS_WORDS) - 50 * bool(said & NO_LOSS_WORDS)
        score += 10 * ("total" in said)
        score += 20 if is_scalar(output) else -20 if batch_of(output) in batches else -40
        score += 10 if output.dtype.startswith("float") else -60
        if found.labels is not None and found.labels.name in output.reached_by:
            score += 15
        rated.append((score, -at, output))
    best = max(rated, key=lambda row: row[:2], default=None)
    return best[2] if best and best[0] > 0 else None


def reported_loss(
    signature: SignatureDescription, found: Found, wish: Choice
) -> TensorDescription | None:
    """The loss that tells how training goes: of parts and their sum, the sum, whatever it is called
    where none is called by a loss's own name.
    """
    loss = pick_loss(signature, found, wish)
    if loss is None or wish.loss is not None or loss.name.lower() in LOSS_NAMES:
        return loss
    wholes = [output for output in signature.outputs if loss.name in output.sums]
    return max(wholes, key=lambda whole: len(whole.sums), default=loss)


def other_losses(signature: SignatureDescription, found: Found, loss: str) -> list[str]:
    """The outputs beside the one that was taken for the loss, and its parts, that may be it too."""
    taken = next(output for output in signature.outputs if output.name == loss)
    if loss.lower() in LOSS_NAMES:
        return []
    said = words(loss)
    return [
        one.name
        for one in signature.outputs
        if one is not taken and one.name not in taken.sums and _may_be_loss(one, found)
        if _CALLED_LOSS & words(one.name) or not _CALLED_LOSS & said
    ]


def _may_be_loss(output: TensorDescription, found: Found) -> bool:
    said = words(output.name)
    learns_labels = found.labels is None or found.labels.name in output.reached_by
    is_number = is_scalar(output) and output.dtype.startswith("float") and not output.counted
    return bool(is_number and learns_labels and said & LOSS_WORDS and not said & NO_LOSS_WORDS)


def find_rate(
    signature: SignatureDescription, predictor: SignatureDescription | None, wish: Choice
) -> str | None:
    """The input that takes the learning rate: called so, or the only one that scales the changes of
    at least half of the variables that predicting reads. Those of a normalisation's means are not.
    """
    single = [one for one in signature.inputs if is_scalar(one)]
    if wish.learning_rate is not None:
        return next((one.name for one in single if one.name == wish.learning_rate), None)
    called = next((one.name for one in single if one.used and is_learning_rate(one.name)), None)
    if called is not None:
        return called
    learnt = set(signature.assigns) & set(predictor.reads if predictor else signature.assigns)
    rates = [one for one in single if 2 * len(learnt.intersection(one.scales)) >= len(learnt) > 0]
    return rates[0].name if len(rates) == 1 else None


def batch_of(tensor: TensorDescription) -> int | None:
    return tensor.shape[0] if tensor.shape else None


def is_scalar(tensor: TensorDescription) -> bool:
    return numeric(tensor) and all(size == 1 for size in tensor.shape)
