"""What a model's numbers mean: scores as probabilities, and telling logits from probabilities."""

from __future__ import annotations

from numbers import Real

import numpy as np

from odt_core.dialects.contract import Activation, Contract, OutputKind, Task
from odt_core.errors import LabelError, SettingsError
from odt_core.kinds import check_kind
from odt_core.samples import Labels

# A probability of 0 counts as this one, so that its logarithm stays finite: a softmax in float32
# gives 0 for what is smaller still.
TINY = float(np.finfo(np.float32).tiny)


def probabilities(scores: np.ndarray, used: np.ndarray, kind: OutputKind) -> np.ndarray:
    """Scores [N, K] as probabilities over the used outputs, float32 [N, K].

    Logits go through a softmax over the used outputs alone; probabilities are renormalised, and
    where all is on outputs that are not used, the used ones share it evenly. A single output
    (K = 1) is passed on as it is. Scores that are no finite numbers give nan.
    """
    if scores.ndim != 2 or scores.shape[1] < 2:
        return scores.astype(np.float32)
    if not used.any():
        used = np.ones_like(used)
    if kind is OutputKind.PROBABILITIES:
        values = np.where(used, np.maximum(scores, 0), 0).astype(np.float64)
    else:
        masked = np.where(used, scores.astype(np.float64), -np.inf)
        with np.errstate(invalid="ignore"):  # of infinite scores
            values = np.exp(masked - masked.max(axis=1, keepdims=True))
    values[(values == 0).all(axis=1)] = used
    return np.asarray(values / values.sum(axis=1, keepdims=True), np.float32)


def two_labels(scores: np.ndarray, kind: OutputKind) -> np.ndarray:
    """One score a sample, [N, 1], as probabilities of label 0 and label 1: float32 [N, 2].

    A logit goes through the logistic function; a probability is that of label 1.
    """
    values = scores.reshape(-1).astype(np.float64)
    if kind is OutputKind.PROBABILITIES:
        one = np.clip(values, 0, 1)
        both = [1 - one, one]
    else:
        both = [_sigmoid(-values), _sigmoid(values)]  # 1 - p is 0 long before its logarithm is not
    return np.stack(both, axis=1).astype(np.float32)


def _sigmoid(values: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(values))  # does not overflow
    return np.where(values >= 0, 1, small) / (1 + small)


def _activated(values: np.ndarray, activation: Activation) -> np.ndarray:
    """What a model of values answers, float32, in the targets' terms."""
    if activation is Activation.SIGMOID:
        values = _sigmoid(values)
    elif activation is Activation.SOFTMAX:
        with np.errstate(invalid="ignore"):
            values = np.exp(values - values.max(axis=-1, keepdims=True, initial=-np.inf))
        values = values / values.sum(axis=-1, keepdims=True)
    return values.astype(np.float32)


def at_temperature(scores: np.ndarray, kind: OutputKind, temperature: float) -> np.ndarray:
    """Scores whose softmax is that of the logits / temperature (Guo et al. 2017,
    arXiv:1706.04599); probabilities, not of sum 1, stay probabilities. temperature: above 0, else
    SettingsError.
    """
    if not (isinstance(temperature, Real) and temperature > 0):
        raise SettingsError(f"A temperature must be above 0, not {temperature!r}.")
    if temperature == 1:
        return scores
    if kind is not OutputKind.PROBABILITIES:
        return np.asarray(scores.astype(np.float64) / temperature)
    power = 1 / temperature
    values = scores.astype(np.float64)
    raised = np.maximum(values, TINY) ** power
    if scores.shape[-1] > 1:
        return np.asarray(raised)
    other = np.maximum(1 - values, TINY) ** power
    return np.asarray(raised / (raised + other))  # of two labels, the second


def answers(
    scores: np.ndarray,
    kind: OutputKind,
    contract: Contract,
    labels: Labels | None,
    temperature: float = 1.0,
) -> np.ndarray:
    """What `infer` gave as what a person is shown: float32 [N, K] probabilities of K labels,
    [N, 2] of two, or for a model of values its numbers, after the activation that its loss applies.

    labels: unused ones get 0; None or another number of labels counts as all used. temperature:
    what the logits are divided by; it changes no answer, only how sure it is.
    """
    if contract.measures_errors:
        return _activated(scores, contract.activation)
    scores = at_temperature(scores, kind, temperature)
    if contract.task is Task.BINARY:
        return two_labels(scores, kind)
    used = np.ones(scores.shape[-1], bool)
    if labels is not None:
        check_kind(labels, Labels, "Labels come as odt.Labels, such as model.labels", LabelError)
        used = labels.used if len(labels) == len(used) else used
    return probabilities(scores, used, kind)


def right_answers(x: np.ndarray, y: np.ndarray, contract: Contract) -> np.ndarray:
    """What `answers` is compared with: labels int64 [N], targets or the samples themselves, float
    [N, …]; a row of K with a 1 for each class number where an answer has K scores for it.
    """
    if contract.task is Task.RECONSTRUCTION:
        return x if contract.given_back is None else contract.part(x, contract.given_back)
    if contract.scores_each:
        return (y[..., None] == np.arange(contract.scores_each)).astype(np.float32)
    return y


def kind_of(scores: np.ndarray) -> OutputKind:
    """Whether scores are probabilities, judged by their numbers: none below 0, all rows summing to
    1, or to another number, as in percent, where they are not all the same. One score a sample lies
    within 0..1; one that is always 0 tells nothing: it is taken for a logit.
    """
    rows = scores.reshape(len(scores), -1)
    if rows.shape[1] == 1:
        shares = bool(rows.any() and (rows <= 1).all())
    else:
        sums = rows.sum(axis=-1)
        whole = sums.mean() if (rows != rows[0]).any() else 1
        shares = bool(sums.any()) and np.allclose(sums, whole, rtol=1e-3, atol=0)
    return OutputKind.PROBABILITIES if shares and (rows >= 0).all() else OutputKind.LOGITS
