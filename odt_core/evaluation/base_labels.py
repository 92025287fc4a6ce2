"""What a backbone knows by itself of the labels that a person made: the base side of a comparison.

A model that learns new labels on a frozen backbone has no base answer to them; but the backbone was
trained on labels of its own, and where a person's word is one of theirs ("mug"), or above several
of theirs ("dog"), its own scores are an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from odt_core.errors import ModelError
from odt_core.evaluation.logits import softmax
from odt_core.samples.labels import Labels

CLASSIFY = "classify"  # the signature that gives the backbone's own scores
_AT_ONCE = 256  # samples a call, each with a score for every label of the backbone
# Words before a name that leave it the same kind of thing: "my red mug", "Anna's mug".
_BESIDE = frozenset(
    re.findall(
        r"\w+",
        "a an the my our your his her their this that one two three big small little large tiny "
        "old new red green blue yellow white black grey gray brown orange pink purple dark light "
        "photo picture of",
    )
)


@dataclass(frozen=True)
class BaseLabels:
    """labels: the backbone's own, by the place of their score. words: for each word in lower case,
    the places of the labels that it means.
    """

    labels: tuple[str, ...]
    words: Mapping[str, tuple[int, ...]]

    def classes_of(self, label: str | None) -> tuple[int, ...]:
        """The places of the scores that a person's label stands for, in order; () for none.

        Upper case, plurals, articles, colours and numbers make no difference: "My red mugs 2" is
        "mug". A word that is not known is never guessed at: "no dog" and "gummy bear" are nothing.
        """
        if label is None:
            return ()
        name = re.sub(r"[_\-\s]+", " ", label.lower()).strip()
        for known in _forms(name):
            if known in self.words:
                return self.words[known]
        rest = re.sub(r"\S+['’]s\b|[^\w\s]|\d+", " ", name).split()
        while rest and rest[0] in _BESIDE:
            rest = rest[1:]
        return next((self.words[form] for form in _forms(" ".join(rest)) if form in self.words), ())


def _forms(name: str) -> list[str]:
    """A name and what it may be the plural of."""
    forms = [name]
    if name.endswith("ies"):
        forms.append(name[:-3] + "y")
    if name.endswith("ves"):
        forms += [name[:-3] + "f", name[:-3] + "fe"]
    if name.endswith("es"):
        forms.append(name[:-2])
    if name.endswith("s") and not name.endswith("ss"):
        forms.append(name[:-1])
    return forms


@dataclass(frozen=True)
class BaseAnswers:
    """What the backbone says of N samples, in terms of K labels of a person.

    probabilities: float32 [N, K], rows sum to 1 over the labels it knows, 0 elsewhere; all 0 where
    it knows none. known: bool [K]. share: float32 [N], how much of what it believes lies on these
    labels at all, 0 to 1. top: int64 [N], the label of its own that it finds likeliest.
    """

    probabilities: np.ndarray
    known: np.ndarray
    share: np.ndarray
    top: np.ndarray


@lru_cache(maxsize=4)
def load_base_labels(path: Path) -> BaseLabels:
    """The file that a model card names in `base_labels`; ModelError when it cannot be read."""
    try:
        document = json.loads(path.read_text("utf-8"))
        labels = tuple(str(label) for label in document["labels"])
        words = {str(w): tuple(int(i) for i in at) for w, at in document["words"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"The base labels '{path.name}' cannot be read ({error}). Repair or remove the file."
        ) from error
    if any(not 0 <= index < len(labels) for places in words.values() for index in places):
        raise ModelError(f"The base labels '{path.name}' name a label that is not in the file.")
    return BaseLabels(labels, words)


def base_answers(
    scores: np.ndarray, labels: Labels | Sequence[str | None], base: BaseLabels
) -> BaseAnswers:
    """The backbone's scores as answers among a person's labels.

    scores: float [N, C], logits of the backbone's own C labels, as a signature `classify` gives
    them. labels: K names, None where there is none. A label of the backbone's that two of the
    person's stand for ("dog", "animal") counts for the narrower one; where they are equally narrow,
    half for each. Raises ModelError when there are not as many scores as base labels.
    """
    names = labels.names if isinstance(labels, Labels) else tuple(labels)
    if scores.ndim != 2 or scores.shape[1] != len(base.labels):
        raise ModelError(
            f"Scores of shape {list(scores.shape)} are not those of {len(base.labels)} labels."
        )
    belongs = _belongs(names, base)  # [C, K]
    own = softmax(scores.astype(np.float64))  # [N, C]
    found = own @ belongs  # [N, K]
    share = found.sum(axis=1)
    known = np.asarray(belongs.any(axis=0))
    answers = np.divide(found, share[:, None], out=np.zeros_like(found), where=share[:, None] > 0)
    return BaseAnswers(
        probabilities=answers.astype(np.float32),
        known=known,
        share=share.astype(np.float32),
        top=scores.argmax(axis=1).astype(np.int64) if len(scores) else np.zeros(0, np.int64),
    )


class Backbone(Protocol):
    """A model whose frozen part knows labels by itself: a Session or a Worker."""

    def bottlenecks(self, x: np.ndarray) -> np.ndarray: ...

    def run(self, signature: str, **inputs: np.ndarray) -> dict[str, np.ndarray]: ...


def backbone_answers(
    model: Backbone, x: np.ndarray, labels: Labels | Sequence[str | None], base: BaseLabels
) -> BaseAnswers:
    """What a model's backbone says of samples x [N, ...] by itself, through its signature
    `classify(bottleneck) -> scores`, among a person's labels. Raises SignatureError when the model
    has none, ModelError when its scores are not those of the base labels.
    """
    features = model.bottlenecks(x)
    parts = [
        model.run(CLASSIFY, bottleneck=features[at : at + _AT_ONCE])["scores"]
        for at in range(0, len(features), _AT_ONCE)
    ]
    scores = np.concatenate(parts) if parts else np.zeros((0, len(base.labels)), np.float32)
    return base_answers(scores, labels, base)


def _belongs(names: Sequence[str | None], base: BaseLabels) -> np.ndarray:
    """float64 [C, K]: which share of each base label counts for each of a person's labels."""
    classes = [base.classes_of(name) for name in names]
    belongs = np.zeros((len(base.labels), len(names)))
    for index in {index for places in classes for index in places}:
        takers = [k for k, places in enumerate(classes) if index in places]
        narrowest = min(len(classes[k]) for k in takers)
        takers = [k for k in takers if len(classes[k]) == narrowest]
        belongs[index, takers] = 1 / len(takers)
    return belongs
