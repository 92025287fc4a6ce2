"""The names that authors of trainable models use, seen in public models, and how they are read."""

from __future__ import annotations

import re

from odt_core.words import words

# Exact names, the most specific first.
TRAIN_NAMES = ("train", "train_step", "train_epoch", "training", "fit")
TRAIN_FAMILIES = ("train_fixed_batch",)
INFER_NAMES = (
    "infer",
    "predict",
    "inference",
    "serving_default",
    "serve",
    "forward",
    "call",
)
SAMPLE_NAMES = (
    "x",
    "x_batch",
    "feature",
    "features",
    "bottleneck",
    "image",
    "images",
    "input",
    "inputs",
)
LABEL_NAMES = ("y", "y_batch", "label", "labels", "target", "targets", "y_true")
LOSS_NAMES = ("loss", "losses", "train_loss")
FIRST_OUTPUT = "output_0"  # what the converter calls the first of outputs without names
LOGIT_NAMES = ("logits", "logit")
PROBABILITY_NAMES = ("probabilities", "probability", "softmax", "sigmoid", "probs", "scores")
PREDICTION_NAMES = (
    *LOGIT_NAMES,
    *PROBABILITY_NAMES,
    "output",
    "outputs",
    "predictions",
    "prediction",
    "output_0",
)

# Words within names that people invent.
TRAIN_WORDS = frozenset(
    [
        "train",
        "training",
        "trainer",
        "fit",
        "learn",
        "learning",
        "optimise",
        "optimize",
        "backward",
        "backprop",
        "sgd",
        "personalise",
        "personalize",
        "finetune",
        "tune",
        "adapt",
    ]
)
INFER_WORDS = frozenset(
    [
        "infer",
        "inference",
        "predict",
        "prediction",
        "predictions",
        "predictor",
        "serving",
        "serve",
        "forward",
        "classify",
        "classifier",
        "recognise",
        "recognize",
        "detect",
        "run",
        "call",
        "apply",
        "reconstruct",
        "regress",
        "estimate",
        "forecast",
        "recommend",
    ]
)
OTHER_WORDS = frozenset(  # what neither trains nor predicts
    [
        "accuracy",
        "aggregate",
        "checkpoint",
        "count",
        "eval",
        "evaluate",
        "evaluation",
        "get",
        "gradient",
        "gradients",
        "init",
        "initialise",
        "initialize",
        "initializer",
        "layer",
        "layers",
        "load",
        "loss",
        "losses",
        "metric",
        "metrics",
        "multiply",
        "parameter",
        "parameters",
        "rate",
        "reset",
        "restore",
        "save",
        "set",
        "test",
        "validate",
        "validation",
        "weight",
        "weights",
    ]
)
EXTRACT_WORDS = frozenset(
    [
        "load",
        "bottleneck",
        "bottlenecks",
        "extract",
        "extractor",
        "feature",
        "features",
        "embed",
        "embedding",
        "embeddings",
        "encode",
        "encoder",
        "backbone",
        "base",
    ]
)
INITIALISE_WORDS = frozenset(["init", "initialise", "initialize", "initialiser", "initializer"])
EVALUATE_NAMES = ("evaluate", "evaluation", "eval", "compute_loss", "test", "validate")
SAMPLE_WORDS = frozenset(
    [
        "x",
        "feature",
        "features",
        "bottleneck",
        "image",
        "images",
        "input",
        "inputs",
        "sample",
        "samples",
        "data",
        "pixels",
        "audio",
        "tokens",
        "token",
        "text",
        "sequence",
        "window",
        "signal",
        "sensor",
        "observation",
    ]
)
LABEL_WORDS = frozenset(
    [
        "y",
        "label",
        "labels",
        "target",
        "targets",
        "truth",
        "true",
        "class",
        "classes",
        "expected",
        "answer",
        "answers",
        "onehot",
        "gt",
        "output",
        "outputs",
    ]
)
LOSS_WORDS = frozenset(
    ["loss", "losses", "cost", "error", "nll", "crossentropy", "objective", "mse", "mae", "bce"]
)
NO_LOSS_WORDS = frozenset(
    [
        "accuracy",
        "acc",
        "norm",
        "norms",
        "gradient",
        "gradients",
        "grad",
        "step",
        "steps",
        "count",
        "iteration",
        "lr",
        "rate",
        "predictions",
        "prediction",
        "logits",
        "status",
        "auc",
        "kappa",
        "precision",
        "recall",
        "iou",
        "top",
    ]
)
SAMPLE_WEIGHT_WORDS = frozenset(["weight", "weights", "importance", "sw", "w"])
WEIGHT_WORDS = SAMPLE_WEIGHT_WORDS | {"mask", "scale", "keep"}
ONCE_WORDS = frozenset(
    [
        "epochs",
        "gain",
        "iter",
        "iteration",
        "iterations",
        "num",
        "repeats",
        "step",
        "steps",
        "temperature",
    ]
)
# a limit that is never reached changes nothing
LIMIT_WORDS = frozenset(["clip", "clipnorm", "clipvalue", "clipping"])
# beside these, a weight is that of a penalty or of noise, and 0 leaves it out
PENALTY_WORDS = frozenset(["decay", "noise", "penalty", "reg", "regularization", "l", "jitter"])
# switches that are on change what is learnt, or undo it
OFF_WORDS = frozenset(
    [
        "clear",
        "debug",
        "disable",
        "eval",
        "evaluate",
        "evaluation",
        "freeze",
        "frozen",
        "inference",
        "init",
        "initialize",
        "only",
        "reinit",
        "reset",
        "restart",
        "skip",
        "stop",
        "test",
        "testing",
        "verbose",
    ]
)
# numbers that switch training on, such as Keras' learning phase, are called by these alone
TRAINING_WORDS = frozenset(["train", "training"])
SWITCH_WORDS = TRAINING_WORDS | {"flag", "in", "is", "keras", "learning", "mode", "phase"}
# what Keras' optimisers have by default, by names in small letters and figures alone
USUAL_VALUES = {"beta1": 0.9, "beta2": 0.999, "rho": 0.9, "epsilon": 1e-7, "eps": 1e-7}
NOISE_WORDS = frozenset(["eps", "epsilon", "jitter", "noise", "smoothing"])  # 0 is none
REWARD_WORDS = frozenset(["advantage", "advantages", "return", "returns", "reward", "rewards"])
NEUTRAL_WORDS = frozenset(["bias", "biases", "offset", "offsets", "prior", "priors"])  # at 0
RUN_WORDS = frozenset(["epoch", "round", "seed"])  # of a run, not of each of its samples
MASK_WORDS = frozenset(["mask", "masks", "segmentation", "segmentations"])
MIDDLE_WORDS = frozenset(
    ["center", "centre", "loc", "mean", "med", "median", "mid", "middle", "mu"]
)
_FIRST_STATE = re.compile(r"(?:^|_)(?:[hc]_?0|init(?:ial)?_[hc])(?:_|$)", re.IGNORECASE)
_MEDIAN = re.compile(r"(?:^|[._-])(?:p|q|pct|quantile|percentile)[._-]?(?:50|0[._]50?)(?:th)?$")
PADDING_WORDS = frozenset(["attention", "input", "inputs", "token", "tokens", "valid", "word"])
SPREAD_WORDS = frozenset(
    ["deviation", "logvar", "precision", "scale", "sigma", "std", "stddev", "var", "variance"]
)
DISTANCE_WORDS = frozenset(["dist", "distance", "distances", "dists"])
NEGATION_WORDS = frozenset(["inverse", "minus", "neg", "negated", "negative"])
HIDDEN_WORDS = frozenset(
    [
        "attention",
        "bottleneck",
        "embedding",
        "embeddings",
        "feature",
        "features",
        "hidden",
        "latent",
    ]
)


def is_learning_rate(name: str) -> bool:
    """Whether a name is one of a learning rate: "lr", "learning_rate", "stepSize", "eta"."""
    said = words(name)
    pairs = ({"learning", "rate"}, {"learn", "rate"}, {"step", "size"})
    names = {"lr", "eta", "learningrate", "learnrate", "lrate", "stepsize"}
    return bool(said & names) or any(p <= said for p in pairs)


def is_middle(name: str) -> bool:
    """Whether a name is one of the mean or the median: "median", "p50", "quantile_0.5"."""
    return bool(words(name) & MIDDLE_WORDS) or _MEDIAN.search(name.lower()) is not None


def is_memory(name: str) -> bool:
    """Whether a name is one of what a recurrent model carries from call to call, or of a mask:
    seldom samples or labels. The next state is one of a game.
    """
    said = words(name)
    return "next" not in said and (
        _FIRST_STATE.search(name) is not None
        or any(
            "state" in word or word in ("cache", "carry", "hidden", "mask", "memory")
            for word in said
        )
    )
